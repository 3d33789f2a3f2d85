"""Tests of `student-graph query`."""
