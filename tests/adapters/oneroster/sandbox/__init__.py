"""Tests of the OneRoster sandbox."""
