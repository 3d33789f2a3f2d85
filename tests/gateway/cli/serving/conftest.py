"""Sandboxes of one small district, and settings for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.serving import Sandbox
from tests.gateway.cli.serving.gateway import SettingsFiles, small_district


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """Running sandboxes of one small district, by kind."""
    with small_district() as running:
        yield running


@pytest.fixture
def files(tmp_path: Path, sandboxes: dict[str, Sandbox]) -> SettingsFiles:
    """Correct settings."""
    return SettingsFiles(tmp_path, list(sandboxes.values()))
