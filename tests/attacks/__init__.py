"""
The attack suite: hostile clients and vendors against a served gateway, each with its cost measured.

`make attacks` runs each attack for ten seconds and prints a table; `make test` runs each for a moment.
"""
