"""A vendor that is new to the project, joined from the docs alone: declared, and in code."""
