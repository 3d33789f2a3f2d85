"""A gateway whose graph is a subgraph too."""
