"""Tests of `student-graph schema`."""
