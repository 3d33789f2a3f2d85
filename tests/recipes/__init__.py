"""Tests of the recipes for clients in `examples/recipes`."""
