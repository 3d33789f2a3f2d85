"""Tests of the graph's types."""
