"""Tests of the Canvas adapter and its sandbox."""
