"""Tests of the HTTP client that adapters are given."""
