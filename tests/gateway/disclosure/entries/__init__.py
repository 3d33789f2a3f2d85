"""Tests of the disclosure log."""
