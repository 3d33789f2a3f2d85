"""Requests to the Canvas REST API, and the address segments of its users and sections."""
