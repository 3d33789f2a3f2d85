"""Tests of how a running gateway takes up new settings."""
