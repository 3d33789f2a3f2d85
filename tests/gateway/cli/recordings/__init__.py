"""Tests of the commands that record sources and compare them with recordings."""
