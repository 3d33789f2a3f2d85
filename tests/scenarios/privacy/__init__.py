"""Scenarios about who may see which child, and what is recorded of it."""
