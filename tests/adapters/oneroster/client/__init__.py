"""Tests of the OneRoster client: requests, filters, lists."""
