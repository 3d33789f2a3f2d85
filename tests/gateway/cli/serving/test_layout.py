"""How many workers there are, and what each of them may use."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from unittest import mock

import pytest

from student_graph.gateway.cli.serving import layout
from student_graph.gateway.cli.serving.layout import Layout, default_workers, read_layout
from student_graph.gateway.cli.serving.shares import with_shared_quotas
from student_graph.gateway.config import settings_file
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.gateway.forked import forked_command


@pytest.mark.parametrize(("limit", "workers"), [
    ("max 100000", 6),
    ("150000 100000", 2),
    ("50000 100000", 1),
    ("800000 100000", 6),
    ("", 6),
])  # fmt: skip
def test_a_container_has_no_more_workers_than_its_processor_time(tmp_path: Path, limit: str, workers: int) -> None:
    """Six processors, and what the container may use of them; a part of one counts as one."""
    file = tmp_path / "cpu.max"
    file.write_text(limit)
    with mock.patch.object(os, "sched_getaffinity", return_value=set(range(6)), create=True):
        assert default_workers(file) == workers
        assert default_workers(tmp_path / "missing") == 6


@pytest.mark.parametrize(("text", "expected"), [
    ("", Layout("127.0.0.1", 8000, 1)),
    ('[cache]\nredis = "redis://10.0.0.5/0"', Layout("127.0.0.1", 8000, 6)),
    ('[server]\nworkers = 3\nhost = "::"\nport = 0', Layout("::", 0, 3)),
    ("[server]\nworkers = 0", None),
    ('[server]\nport = "http"', None),
    ("server = 1", Layout("127.0.0.1", 8000, 1)),
    ("[server", None),
])  # fmt: skip
def test_processors_have_workers_with_redis(tmp_path: Path, text: str, expected: Layout | None) -> None:
    """Without Redis there is one; a file with a mistake is left to those who name it."""
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    with mock.patch.object(layout, "default_workers", return_value=6):
        assert read_layout(file) == expected
    assert read_layout(tmp_path / "missing.toml") is None


def test_workers_divide_what_a_vendor_allows(files: SettingsFiles) -> None:
    """Each has its share of the calls of a minute; a source without such a setting stays as it is."""
    files.source_lines["edfi"] = "requests_per_minute = 100"
    files.write()
    settings = settings_file.load(files.path, files.secrets)
    quotas = [
        [source.settings.get("requests_per_minute") for source in shared.districts[0].sources]
        for shared in (with_shared_quotas(settings, workers) for workers in (1, 3, 1000))
    ]

    assert quotas == [[100, None], [33, None], [1, None]]


def test_ctrl_c_does_not_wait_for_a_proxy(files: SettingsFiles) -> None:
    """However long the drain is: somebody sits at the terminal."""
    files.drain = 60.0
    files.write()
    arguments = ["serve", "--config", str(files.path), "--env-file", str(files.environment_file)]
    with forked_command(arguments) as process:
        assert process.stdout.readline().startswith("student-graph answers at ")
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=40) == 0
