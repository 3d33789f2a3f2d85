"""Generated students, and a naive computation of their attendance to compare the metrics with."""
