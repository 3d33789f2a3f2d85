"""Schoology, as `schoology.toml` declares it."""

from pathlib import Path

from student_graph.adapters.rest.adapter import declared

Schoology = declared(Path(__file__).with_name("schoology.toml"), __name__)
