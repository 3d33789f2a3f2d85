"""Tests of `student-graph init` and `student-graph completion`."""
