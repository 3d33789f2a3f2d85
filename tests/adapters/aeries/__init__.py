"""Tests of the Aeries adapter."""
