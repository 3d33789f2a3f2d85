"""Tests of live documents: a gateway over a small district, in HTTP, whose time the tests set."""
