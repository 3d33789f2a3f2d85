"""Tests of the process: connections of clients, and their limits."""
