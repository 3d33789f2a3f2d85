"""Tests of the fleet: processes that share answers, claims and events over Redis."""
