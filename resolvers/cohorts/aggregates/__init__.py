"""Counts and rates of groups of students, and which of them a viewer may see."""
