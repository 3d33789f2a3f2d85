"""Metrics of students: reads the parts of the record that they need, and computes them."""
