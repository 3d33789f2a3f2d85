"""Tests of lists of students."""
