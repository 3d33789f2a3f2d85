"""Sandboxes of one small district, and settings for them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.gateway.cli.serving.gateway import SettingsFiles


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """Running sandboxes of one small district, by kind."""
    facts = make_district(12, 3)
    running = {
        kind: entry_point.load()(facts)
        for kind in ("edfi", "canvas")
        for entry_point in entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    }
    with served(*running.values()):
        yield running


@pytest.fixture
def files(tmp_path: Path, sandboxes: dict[str, Sandbox]) -> SettingsFiles:
    """Correct settings."""
    return SettingsFiles(tmp_path, list(sandboxes.values()))
