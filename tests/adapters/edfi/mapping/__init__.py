"""Tests of how Ed-Fi payloads become records."""
