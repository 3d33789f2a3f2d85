"""Tests of the OneRoster adapter and its sandbox."""
