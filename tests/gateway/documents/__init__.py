"""Tests of document limits, costs and plans."""
