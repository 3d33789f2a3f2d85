"""Tests of the Schoology adapter."""
