"""Gateways whose settings name a Redis."""
