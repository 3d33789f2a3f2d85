"""The graph: what can be asked about a district's students, one module for each part of it."""
