"""Tests of the lists that stand in for single reads."""
