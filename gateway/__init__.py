"""The service: everything between the socket and a lookup."""
