"""Tests of what one client's requests mean for those of others."""
