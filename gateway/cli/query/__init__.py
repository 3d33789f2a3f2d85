"""`student-graph query`: sends a document to a gateway, and prints the answer as a table, CSV or JSON."""
