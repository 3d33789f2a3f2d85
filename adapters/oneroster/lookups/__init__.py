"""Lookups of the adapter, by domain."""
