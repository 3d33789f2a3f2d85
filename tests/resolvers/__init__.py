"""Tests of the graph, without vendors."""
