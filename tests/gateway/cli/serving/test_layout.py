"""How many workers there are, and what each of them may use."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pytest
from pydantic import AnyHttpUrl

from student_graph.adapters.contract import AdapterSettings
from student_graph.gateway.cli.serving import layout
from student_graph.gateway.cli.serving.announcement import announce
from student_graph.gateway.cli.serving.layout import Layout, default_workers, read_layout
from student_graph.gateway.cli.serving.shares import VendorShare
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.gateway.forked import forked_command
from tests.gateway.servers import run_forked, run_here


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


class Limits(AdapterSettings):
    """Settings whose vendor has limits."""

    base_url: AnyHttpUrl = AnyHttpUrl("https://vendor.example")
    requests_per_minute: int | None = 100


@pytest.mark.parametrize("gateways", [1, 2, 3])
@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_workers_divide_what_a_vendor_allows(workers: int, gateways: int) -> None:
    """All of them together send no more at once and in a minute than it allows, and each of them something."""
    shares = [
        VendorShare(workers, number, gateways).of(Limits(concurrency=12), {"concurrency"})
        for number in range(1, workers + 1)
    ]
    at_once = [share.concurrency for share in shares]
    in_a_minute = [share.requests_per_minute or 0 for share in shares]

    assert min(at_once + in_a_minute) >= 1
    assert sum(at_once) * gateways == 12
    assert 100 - workers * gateways < sum(in_a_minute) * gateways <= 100


def test_the_default_concurrency_of_an_adapter_lets_all_workers_send_requests() -> None:
    """It is no word of the vendor, and more workers than that must be able to start."""
    shares = [VendorShare(64, number).of(Limits(concurrency=32), ()).concurrency for number in range(1, 65)]

    assert shares == [1] * 64


@pytest.mark.parametrize(("server", "workers"), [("workers = 2", ()), ("workers = 1", ("--workers", "2"))])
@pytest.mark.parametrize(("setting", "problem"), [
    ("concurrency = 3", "concurrency: 3 is too little for 2 gateways with 2 workers each"),
    ("requests_per_minute = 3", "requests_per_minute: 3 is too little for 2 gateways with 2 workers each"),
])  # fmt: skip
def test_more_workers_than_a_vendor_allows_requests_are_refused(
    files: SettingsFiles, setting: str, problem: str, server: str, workers: Sequence[str]
) -> None:
    """`check` and `serve` say so in the same words; a limit is never exceeded silently."""
    files.server = f"gateways = 2\n{server}"
    files.source_lines["edfi"] = setting
    files.write()
    options = ["--config", str(files.path), "--env-file", str(files.environment_file), *workers]
    checked, started = run_here("check", *options), run_forked("serve", *options)

    assert (checked.returncode, started.returncode) == (2, 2)
    assert f"{files.path}: district 'hill', source 'edfi': {problem}" in checked.stderr
    assert checked.stderr == started.stderr


def test_ctrl_c_does_not_wait_for_a_proxy(files: SettingsFiles) -> None:
    """However long the drain is: somebody sits at the terminal."""
    files.drain = 60.0
    files.write()
    arguments = ["serve", "--config", str(files.path), "--env-file", str(files.environment_file)]
    with forked_command(arguments) as process:
        assert process.stdout.readline().startswith("student-graph answers at ")
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=40) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Nor is anything left that Python would write at its end."""
    announce("http://127.0.0.1:8000/graphql")
    with Path("/dev/full").open("w", encoding="utf-8") as full, contextlib.redirect_stdout(full):
        announce("http://127.0.0.1:8000/graphql")

    assert capfd.readouterr().out == "student-graph answers at http://127.0.0.1:8000/graphql\n"
