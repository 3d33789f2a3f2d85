"""Converts Ed-Fi payloads to records of the graph with pure functions, in one module for each domain."""
