"""Metrics and indicators of a student in the graph."""
