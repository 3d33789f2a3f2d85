"""Requests to a OneRoster server: pages, filters, keys, and the probes of what the server supports."""
