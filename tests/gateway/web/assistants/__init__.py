"""Tests of trusted documents as tools of assistants."""
