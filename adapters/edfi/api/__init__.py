"""Payloads of the Ed-Fi API, spelled as the API spells them; one module for each part of a student's life."""
