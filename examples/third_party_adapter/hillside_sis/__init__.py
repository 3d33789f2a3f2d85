"""Hillside SIS, a vendor that student-graph has never heard of."""
