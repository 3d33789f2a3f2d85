"""Populations: which students meet a condition, and how a list of them is ordered."""
