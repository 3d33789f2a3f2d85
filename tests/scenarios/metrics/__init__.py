"""Metrics through GraphQL on complete districts."""
