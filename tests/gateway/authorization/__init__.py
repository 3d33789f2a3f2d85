"""Tests of the access policy and of viewers' reach."""
