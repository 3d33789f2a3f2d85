"""Scenarios of demo districts that differ in their vendors: same queries, same shapes."""
