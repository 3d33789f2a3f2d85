"""`student-graph demo`: a made-up district, a sandbox for each vendor and the gateway, in one process."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import shlex
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.model import DistrictId, Sensitivity, StaffId
from adapters.registry import SettingsError, find
from adapters.sandbox.district import make_district
from adapters.sandbox.facts import DistrictFacts
from adapters.sandbox.records import read_records
from adapters.sandbox.serving import Sandbox, served
from adapters.sandbox.showcase import showcase
from adapters.sources import District
from gateway.page import Explorer
from gateway.server import Service, connect
from gateway.server import run as run_service
from gateway.serving import open_door
from resolvers.context import Viewer, ViewerRole

SANDBOXES = "student_graph.sandboxes"
"""Entry points of the vendors' sandboxes, by adapter kind."""
HOST = "127.0.0.1"
HOSTS = ("localhost", HOST, "[::1]", "::1")
"""Host names that the demo answers to: a page elsewhere whose name leads here is refused."""
FIRST_QUERY = (
    "query ($id: String) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel "
    "courseGrades { courseName letter numeric provenance { source } } "
    "assignments { title status score provenance { source } } "
    "attendanceEvents { totalCount } disciplineIncidents { date } "
    "transportation { busNumber provenance { source } } } }"
)
ZONE = ZoneInfo("America/Chicago")


def run(options: argparse.Namespace) -> int:
    """Start everything and serve until a signal to stop."""
    facts = _facts(options)
    sandboxes = _sandboxes(facts, options.latency)
    with (
        open_door(HOST, options.port) as bound,
        _ready_file(options.ready_file) as write_ready,
        served(*sandboxes),
    ):
        url = f"http://{HOST}:{bound.getsockname()[1]}/graphql"
        tokens = {viewer.subject: secrets.token_urlsafe(32) for viewer in _viewers(facts)}
        viewers = {tokens[viewer.subject]: viewer for viewer in _viewers(facts)}
        student = showcase(facts) or ""
        explorer = Explorer(variables={"studentUniqueId": student})

        def announce() -> None:
            print(_welcome(url, tokens["superintendent"], student, sandboxes), flush=True)
            sources = {sandbox.kind: {"kind": sandbox.kind, "url": sandbox.url} for sandbox in sandboxes}
            write_ready({"graphql": url, "tokens": tokens, "sources": sources})

        run_service(Service([_district(facts, sandboxes)], viewers, explorer, HOSTS), bound, announce)
    return 0


def _sandboxes(facts: DistrictFacts, latency: float) -> list[Sandbox]:
    """A sandbox of each kind that is installed, over the same facts."""
    points = sorted(entry_points(group=SANDBOXES), key=lambda point: point.name)
    sandboxes: list[Sandbox] = [point.load()(facts) for point in points]
    for sandbox in sandboxes:
        sandbox.switches.latency = latency
    return sandboxes


def _facts(options: argparse.Namespace) -> DistrictFacts:
    """
    What the sandboxes serve.

    Raises:
        SettingsError: the district cannot be that small or large, or the folder holds no records.
    """
    try:
        return read_records(options.records) if options.records else make_district(options.students, options.seed)
    except OSError as exc:
        raise SettingsError(f"--records: {exc.filename}: {exc.strerror}") from None
    except ValueError as exc:
        raise SettingsError(f"{'--records' if options.records else '--students'}: {exc}") from None


def _district(facts: DistrictFacts, sandboxes: list[Sandbox]) -> District:
    """The district, with a source for each sandbox; those that speak the district's own ids come first."""
    district, sources = _district_id(facts), []
    for sandbox in sandboxes:
        settings = find(sandbox.kind).settings_type().model_validate(sandbox.settings())
        sources.append(connect(district, sandbox.kind, sandbox.kind, settings))
    sources.sort(key=lambda source: source.identity is not None)
    return District(district, facts.name, tuple(sources), ZONE, frozen_on=facts.now)


def _district_id(facts: DistrictFacts) -> DistrictId:
    """The district's name as an id, such as `grand-bend-isd`."""
    return DistrictId("-".join(re.findall("[a-z0-9]+", facts.name.lower())) or "district")


def _viewers(facts: DistrictFacts) -> list[Viewer]:
    """Who may ask the demo: somebody who may see everything, and a teacher who may not."""
    district = frozenset({_district_id(facts)})
    everything = frozenset(Sensitivity)
    superintendent = Viewer("superintendent", ViewerRole.SUPERINTENDENT, district, everything, operator=True)
    teacher = next((member for member in facts.staff if member.classification == "Teacher"), None)
    staff_id = StaffId(teacher.id) if teacher else None
    return [superintendent, Viewer("teacher", ViewerRole.TEACHER, district, staff_id=staff_id)]


@contextlib.contextmanager
def _ready_file(path: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """
    A way to write the ready file, which is there only while all answer.

    Raises:
        SettingsError: a file cannot be written there.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        path.unlink(missing_ok=True)
        write_private(path, "")
        path.unlink()
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    try:
        yield lambda ready: write_private(path, json.dumps(ready, indent=2) + "\n")
    finally:
        path.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _welcome(url: str, token: str, student: str, sandboxes: list[Sandbox]) -> str:
    """Where everything is, and a first query to try."""
    places = "\n".join(f"  {sandbox.kind:<10} {sandbox.url}" for sandbox in sandboxes)
    body = shlex.quote(json.dumps({"query": FIRST_QUERY, "variables": {"id": student}}))
    return f"""\
student-graph answers at {url}

Sandboxes:
{places}

In a browser, with the superintendent's token:
  {url}#token={token}

A first query:
  curl -s {url} \\
    -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' \\
    -d {body}

Stop with Ctrl-C."""
