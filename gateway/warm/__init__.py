"""Warm-ups: the cache is filled before school with what the pages of the district will ask for."""
