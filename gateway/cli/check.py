"""`student-graph check`: whether every source of a settings file answers."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.sources import Source
from student_graph.gateway.cli.parser import Commands, table
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.deadlines import within


def add_command(commands: Commands) -> None:
    """Add `check` to the command line."""
    command = commands.add_parser(
        "check",
        help="ask every source once whether its settings work",
        description="Ask every source of a settings file once whether its address and credentials work, and print "
        "what it can answer. Exit status 1 when one of them fails.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, in TOML")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask every source of a settings file once and print a table; 1 if one of them fails."""
    path: Path = options.config
    districts = connect_districts(settings_file.load(path), path, os.environ)
    rows = asyncio.run(_checked([source for district in districts for source in district.sources]))
    print(table([("DISTRICT", "SOURCE", "KIND", "LOOKUPS", "STATUS", "SAYS"), *rows]))
    return int(any(status == "failed" for *_, status, _ in rows))


async def _checked(sources: Sequence[Source]) -> list[tuple[str, ...]]:
    try:
        told = await asyncio.gather(*map(_ask, sources))
    finally:
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))
    return [
        (source.district, source.name, source.kind, str(len(source.adapter.capabilities())), *row)
        for source, row in zip(sources, told, strict=True)
    ]


async def _ask(source: Source) -> tuple[str, str]:
    """Whether a source answers, and what it says."""
    try:
        async with within(source.adapter.settings.timeout):
            return "ok", await source.adapter.check()
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        error = translate(exc)
        return "failed", f"{error.code}: {error.reason}"
