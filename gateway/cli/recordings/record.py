"""`student-graph adapters record`: records what a source answers, without any person."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Literal

from student_graph.adapters.recording.recording import LIVE_SERVER, SANDBOX, About, Recording
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.parser import Parser, count
from student_graph.gateway.cli.recordings.sampling import add_source_options, record_samples, source_of
from student_graph.gateway.cli.terminal import progress


def add_options(command: Parser) -> None:
    """Add the options of the command."""
    add_source_options(command)
    command.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder to write to")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Record a source, and print how many requests were recorded.

    Raises:
        SettingsError: there is no such source, it answers nothing, or the folder cannot be written.
    """
    district, source = source_of(options)
    # A demo serves the vendors' sandboxes.
    with progress(f"recording {source.name}"):
        recordings = asyncio.run(_record(district, source, of=SANDBOX if options.ready_file else LIVE_SERVER))
    if not recordings[source.name].exchanges:
        raise SettingsError(f"--source: {options.source} answered no request; see `student-graph check`")
    folder: Path = options.output
    try:
        folder.mkdir(exist_ok=True)
        for name, recording in recordings.items():
            recording.write(folder / f"{name}.jsonl")
    except OSError as exc:
        raise SettingsError(f"--output: {folder}: {exc.strerror}") from None
    for name, recording in recordings.items():
        print(f"{folder / name}.jsonl: {count(len(recording.exchanges), 'request')} recorded, people made up")
    return 0


async def _record(
    district: District, source: Source, *, of: Literal["live server", "sandbox"]
) -> dict[str, Recording]:
    try:
        exchanges = await record_samples(district, source)
    finally:
        await asyncio.gather(*(other.adapter.http.aclose() for other in district.sources))
    kinds = {other.name: other.kind for other in district.sources}
    return {name: Recording(About(kinds[name], district.today(), of), part) for name, part in exchanges.items()}
