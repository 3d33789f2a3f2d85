"""Tests of warm-ups."""
