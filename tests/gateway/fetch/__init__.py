"""Tests of the fetch pipeline."""
