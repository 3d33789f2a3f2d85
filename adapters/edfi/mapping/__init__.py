"""From Ed-Fi payloads to records: pure functions, one module for each part of a student's life."""
