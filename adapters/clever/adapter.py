"""Clever v3.1, as `clever.toml` declares it."""

from pathlib import Path

from student_graph.adapters.rest.adapter import declared

Clever = declared(Path(__file__).with_name("clever.toml"), __name__)
