"""Turns rows of a vendor's response into records, as a declaration says."""
