"""The libraries of clients, as they are published, against the schema and a running gateway."""
