"""Tests of what metrics of students are computed from."""
