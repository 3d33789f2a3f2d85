"""Adapter for Moodle, by its web services."""
