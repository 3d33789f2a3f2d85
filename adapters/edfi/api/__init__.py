"""Payloads of the Ed-Fi API, with its own property names; one module for each domain."""
