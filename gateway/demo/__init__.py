"""The demo: made-up districts, a sandbox for each of their vendors, and the gateway, in one process."""
