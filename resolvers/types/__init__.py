"""The types of the graph, one module for each part of a student's life."""
