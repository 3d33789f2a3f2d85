"""Schoology, a learning management system, over REST API v1."""
