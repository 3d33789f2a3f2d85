"""Tests of the synthetic district and of records read from a folder."""
