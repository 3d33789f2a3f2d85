"""Aeries, as `aeries.toml` declares it."""

from pathlib import Path

from student_graph.adapters.rest.adapter import declared

Aeries = declared(Path(__file__).with_name("aeries.toml"), __name__)
