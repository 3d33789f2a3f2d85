"""Tests of recordings of vendors."""
