"""Tests of the adapter kit and of the vendors' adapters."""
