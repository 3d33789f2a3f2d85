"""Tests of the kit and of the vendors."""
