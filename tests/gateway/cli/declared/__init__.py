"""Tests of the commands for declared vendors."""
