"""Converts Moodle's payloads to records of the graph; no module here sends a request."""
