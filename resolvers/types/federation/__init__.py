"""The graph as a subgraph of a supergraph: Apollo Federation 2, served next to the graph's own fields."""
