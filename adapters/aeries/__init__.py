"""Aeries, a student information system, over API v5."""
