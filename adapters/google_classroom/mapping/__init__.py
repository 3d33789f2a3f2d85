"""Converts Google Classroom payloads to records of the graph; no module here sends a request."""
