"""Tests of the Ed-Fi sandbox."""
