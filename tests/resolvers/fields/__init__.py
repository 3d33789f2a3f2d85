"""Tests of the parts that graph types are built from."""
