"""Metrics: pure functions from the records of a student to numbers that come with their definition."""
