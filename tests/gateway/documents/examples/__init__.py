"""The documents of examples/queries, answered by the demo."""
