"""Tests of vendors that are declared in a file."""
