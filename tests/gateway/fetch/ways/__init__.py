"""Tests of what costs fewer calls: single reads or a list."""
