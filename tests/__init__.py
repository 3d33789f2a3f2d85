"""Tests, room by room as the code."""
