"""Payloads of OneRoster 1.1 and 1.2, spelled as the standard spells them."""
