"""`student-graph adapters drift`: compares the shapes of what a source answers now with a recording."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

from student_graph.adapters.recording import Exchange, Recording, RecordingError
from student_graph.adapters.recording.shapes import Difference, differences, shapes_of
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.parser import Parser, count
from student_graph.gateway.cli.recordings.sampling import add_source_options, record_samples, source_of
from student_graph.gateway.cli.terminal import print_table, progress

UNANSWERED_EXIT_STATUS = 2
"""The source answered nothing, so nothing could be compared."""


def add_options(command: Parser) -> None:
    """Add the options of the command."""
    add_source_options(command)
    command.add_argument(
        "--recording", type=Path, required=True, metavar="FILE", help="recording of the source (JSON lines)"
    )
    command.add_argument("--json", action="store_true", help="print the differences as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Compare a source with a recording: 0 if the shapes are the same, 1 if they differ, 2 if it does not answer.

    Raises:
        SettingsError: there is no such source, or the file is no recording of its kind.
    """
    district, source = source_of(options)
    recording = _read(options.recording, source)
    with progress(f"reading {options.source}"):
        exchanges = asyncio.run(_sample(district, source))
    recorded, present = shapes_of(recording.exchanges), shapes_of(exchanges)
    compared = sorted(recorded.keys() & present.keys())
    if not any(exchange.status < 300 for exchange in exchanges):
        print(f"{options.source} did not answer: nothing was compared")
        return UNANSWERED_EXIT_STATUS
    result = list(differences(recorded, present))
    if options.json:
        print(json.dumps(_as_json(options.source, recording, compared, result), indent=2))
    else:
        _print(options.source, recording, compared, result)
    return int(bool(result))


def _print(name: str, recording: Recording, compared: list[str], result: list[Difference]) -> None:
    since = recording.about.recorded_on.isoformat()
    resources = count(len(compared), "resource")
    if not result:
        print(f"{name}: {resources} compared, no difference since {since}")
        return
    rows = [
        (difference.change, difference.path or "(response)", difference.resource, difference.detail)
        for difference in result
    ]
    print_table(("CHANGE", "PROPERTY", "RESOURCE", "DETAIL"), rows)
    print(f"{name}: {resources} compared, {count(len(result), 'difference')} since {since}")


def _as_json(name: str, recording: Recording, compared: list[str], result: list[Difference]) -> dict[str, Any]:
    return {
        "source": name,
        "kind": recording.about.kind,
        "recordedOn": recording.about.recorded_on.isoformat(),
        "resources": compared,
        "differences": [dataclasses.asdict(difference) for difference in result],
    }


def _read(path: Path, source: Source) -> Recording:
    try:
        recording = Recording.read(path)
    except RecordingError as exc:
        raise SettingsError(f"--recording: {exc}") from None
    if recording.about.kind != source.kind:
        raise SettingsError(f"--recording: {path} is of the kind {recording.about.kind!r}, not {source.kind!r}")
    return recording


async def _sample(district: District, source: Source) -> list[Exchange]:
    try:
        return (await record_samples(district, source))[source.name]
    finally:
        await asyncio.gather(*(other.adapter.http.aclose() for other in district.sources))
