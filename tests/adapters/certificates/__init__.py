"""Tests of certificates of adapters."""
