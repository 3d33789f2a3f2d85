"""Tests of what adapters say about the interfaces of their vendors."""
