"""Clever as a declared vendor."""
