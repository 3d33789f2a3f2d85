"""Payloads of OneRoster 1.1 and 1.2, with the names of the standard."""
