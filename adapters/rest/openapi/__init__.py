"""Starts a declaration from an OpenAPI document of the vendor."""
