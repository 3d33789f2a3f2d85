"""Tests of the Google Classroom adapter and its sandbox."""
