"""How a OneRoster server is asked: requests, filters, keys, and what the server supports."""
