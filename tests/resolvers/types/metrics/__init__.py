"""Tests of the fields with metrics."""
