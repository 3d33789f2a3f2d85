"""Tests of the Ed-Fi client: addresses, discovery, keys, pages."""
