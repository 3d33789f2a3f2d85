"""`student-graph check`: asks every source of a settings file whether its address and credentials work."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import ValidationError

from student_graph.adapters.auth import foreign_token_url
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.sources import Source
from student_graph.gateway.cli.parser import Commands, format_table
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.deadlines import within


def add_command(commands: Commands) -> None:
    """Add `check` to the command line."""
    command = commands.add_parser(
        "check",
        help="check that every source answers",
        description="Send one request to every source of a settings file to check its address and credentials, "
        "and print the results. The exit status is 1 if a source fails.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings file (TOML)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check every source of a settings file and print a table; return 1 if a source fails."""
    path: Path = options.config
    districts = connect_districts(settings_file.load(path), path, os.environ)
    rows = asyncio.run(_check_sources([source for district in districts for source in district.sources]))
    print(format_table([("DISTRICT", "SOURCE", "KIND", "LOOKUPS", "STATUS", "SAYS"), *rows]))
    return int(any(status == "failed" for *_, status, _ in rows))


async def _check_sources(sources: Sequence[Source]) -> list[tuple[str, ...]]:
    """A row for each source: district, source, kind, number of lookups, status, and what it says."""
    try:
        results = await asyncio.gather(*map(_check_source, sources))
    finally:
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))
    return [
        (source.district, source.name, source.kind, str(len(source.adapter.capabilities())), *result)
        for source, result in zip(sources, results, strict=True)
    ]


async def _check_source(source: Source) -> tuple[str, str]:
    """`ok` or `failed`, and what the source says about itself or what went wrong."""
    try:
        async with within(source.adapter.settings.timeout):
            return "ok", await source.adapter.check() + _token_origin(source)
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        error = translate(exc)
        return "failed", f"{error.code}: {error.reason}"


def _token_origin(source: Source) -> str:
    """Where the source's tokens come from, if that is another origin than that of its API."""
    url = foreign_token_url(source.adapter.settings)
    return "" if url is None else f", tokens from {url.scheme}://{url.netloc.decode()}"
