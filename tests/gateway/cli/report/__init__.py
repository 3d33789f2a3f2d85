"""Tests of the report of a month."""
