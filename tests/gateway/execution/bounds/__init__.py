"""Tests of what an operation and remembered plans may take."""
