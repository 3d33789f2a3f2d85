"""Tests of the HTTP client that adapters use."""
