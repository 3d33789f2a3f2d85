"""Measures pages of a running demo with Lighthouse, in Chromium."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.browser import ARGUMENTS, CHROMIUM
from tests.gateway.servers import RunningDemo

PROJECT = Path(__file__).parent
NODE = shutil.which("node")
TIMEOUT_SECONDS = 3_600
needs_lighthouse = pytest.mark.skipif(
    CHROMIUM is None or NODE is None or not (PROJECT / "node_modules" / ".package-lock.json").is_file(),
    reason="needs chromium, Node and Lighthouse: run npm ci in tests/lighthouse",
)


@dataclass(frozen=True)
class MeasuredPage:
    """A page with the person of the demo who opens it."""

    name: str
    address: str
    """After the address of the demo; `{student}` is the id of a student, `{code}` the demo's code."""
    person: str | None = None
    """None for a page that takes the code in its address."""


PAGES = (
    MeasuredPage("status", "/#{code}"),
    MeasuredPage("student's page", "/dashboard#/student/{student}", "superintendent"),
    MeasuredPage("teacher's classes", "/dashboard#/day", "teacher"),
    MeasuredPage("early warning", "/dashboard#/early-warning", "principal"),
    MeasuredPage("comparison", "/dashboard#/comparison", "superintendent"),
    MeasuredPage("find a group", "/dashboard#/population", "counselor"),
)


def measure(
    running: RunningDemo, folder: Path, pages: Sequence[MeasuredPage], form: str, runs: int = 1
) -> list[Mapping[str, Any]]:
    """
    Measure pages as a `desktop` or a `mobile`; return scores from 0 to 100 and what they rest on, for each run.

    Lighthouse computes how long a page takes on the network and the processor of that form from what it observed.
    So the network of this machine does not count; what else its processors do counts.
    """
    assert CHROMIUM is not None and NODE is not None  # noqa: PT018 - the tests are skipped without them
    base, _, code = running.ready["graphiql"].partition("/graphql#")
    [edge] = running.post("{ students(filter: {}, first: 1) { edges { node { id } } } }")["data"]["students"][
        "edges"
    ]
    tokens: Mapping[str, str] = running.ready["tokens"]
    settings = {
        "chromium": CHROMIUM,
        "arguments": ARGUMENTS,
        "form": form,
        "runs": runs,
        "pages": [
            {
                "name": page.name,
                "url": base + page.address.format(student=edge["node"]["id"], code=code),
                "storage": _signed_in(tokens, page.person),
            }
            for page in pages
        ],
    }
    file = folder / "lighthouse.json"
    file.write_text(json.dumps(settings))
    command = [NODE, PROJECT / "measure.mjs", file]
    with _alone():
        process = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for the measurements of other processes of this machine: several browsers at once slow each other."""
    with (Path(tempfile.gettempdir()) / f"student-graph-lighthouse-{os.getuid()}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        yield


def _signed_in(tokens: Mapping[str, str], person: str | None) -> Mapping[str, str]:
    """What the dashboard keeps in the session storage for a person of the demo."""
    if person is None:
        return {}
    return {"student-graph.token": tokens[person], "student-graph.people": json.dumps(tokens)}
