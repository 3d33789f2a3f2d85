"""Tests of how a running gateway applies new settings."""
