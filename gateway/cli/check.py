"""`student-graph check`: asks every source of a settings file for what its district needs."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator, Sequence

from student_graph.adapters.auth import foreign_token_url
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.districts import districts_of, environ_of
from student_graph.gateway.cli.parser import Commands, add_district_options
from student_graph.gateway.cli.serving.fixed import open_store
from student_graph.gateway.cli.serving.layout import add_workers_option
from student_graph.gateway.cli.serving.redis_use import redis_status
from student_graph.gateway.cli.serving.trial import try_start
from student_graph.gateway.cli.serving.versions import ask_about_itself
from student_graph.gateway.cli.terminal import print_table, progress
from student_graph.gateway.config import settings_file
from student_graph.gateway.disclosure.store import S3Store, StoreError
from student_graph.gateway.server.commands.sample_reads import read_samples

HEADINGS = ("DISTRICT", "SOURCE", "KIND", "LOOKUPS", "STATUS", "SAYS")
JSON_NAMES = ("district", "source", "kind", "lookups", "status", "says")

ADVICE_BY_CODE = {
    "SOURCE_AUTH": "; correct the credentials of the source",
    "SOURCE_FORBIDDEN": "; give the account of the gateway the permission",
    "SOURCE_UNAVAILABLE": "; check base_url, and whether this machine can reach it",
}
"""What to change if a source does not answer, by code of the error."""
REDIS_CELLS = ("(all districts)", "shared cache", "redis", "-")
STORE_CELLS = ("(all districts)", "record of disclosures", "s3", "-")
"""The cells of a row that name the store, in place of a source."""


def add_command(commands: Commands) -> None:
    """Add `check` to the command line."""
    command = commands.add_parser(
        "check",
        description="Report everything that `serve` would refuse in a settings file. Then ask every source for "
        "its version and for a few records of each kind that it offers, try the Redis and the store that the "
        "settings name, and print the results. The exit status is 1 if one of them fails, or if a source refuses "
        "a kind of record or shows no student.",
    )
    add_district_options(command)
    add_workers_option(command, "the same option of `serve`: processes that share what a vendor allows")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Check every source of a settings file or demo and print a table; return 1 if a source fails.

    Raises:
        SettingsError: settings or secrets are missing or wrong; all of them are named.
    """
    if options.config is not None:
        try_start(options.config, options.env_file, options.workers)
    districts = districts_of(options)
    with progress("checking sources", sum(len(district.sources) for district in districts)) as advance:
        rows = [*asyncio.run(_check_districts(districts, advance)), *_check_shared(options)]
    if options.json:
        print(json.dumps([dict(zip(JSON_NAMES, row, strict=True)) for row in rows], indent=2))
    else:
        print_table(HEADINGS, rows)
    return int(any(status == "failed" for *_, status, _ in rows))


def _check_shared(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """A row for the Redis of the fleet and one for the store of the record, if the settings name them."""
    if options.config is None:
        return
    environ = environ_of(options)
    settings = settings_file.load(options.config, environ)
    if settings.cache.redis is not None:
        yield (*REDIS_CELLS, *redis_status(settings, options.config, environ))
    store = open_store(settings, options.config, environ)
    if store is not None:
        yield (*STORE_CELLS, *_store_status(store))


def _store_status(store: S3Store) -> tuple[str, str]:
    """`ok` or `failed`, and what to change about the store of the record of disclosures."""
    try:
        store.check()
    except StoreError as exc:
        return "failed", str(exc)
    return "ok", "the bucket has object lock"


async def _check_districts(districts: Sequence[District], advance: Callable[[], None]) -> list[tuple[str, ...]]:
    """A row for each source: district, source, kind, number of lookups, status, and what it says."""
    try:
        rows = await asyncio.gather(*(_check_district(district, advance) for district in districts))
    finally:
        sources = [source for district in districts for source in district.sources]
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))
    return [row for rows_of_district in rows for row in rows_of_district]


async def _check_district(district: District, advance: Callable[[], None]) -> list[tuple[str, ...]]:
    """The rows of a district. Sources that do not answer at all are not asked for records."""
    results = dict(zip(district.sources, await asyncio.gather(*map(_check_source, district.sources)), strict=True))
    answering = [source for source, (status, _) in results.items() if status == "ok"]
    for name, findings in (await read_samples(district, answering)).items():
        source = next(source for source in answering if source.name == name)
        status, text = results[source]
        status = "failed" if findings.failures else status
        results[source] = status, "; ".join([*findings.failures, text, *findings.remarks])
        advance()
    return [
        (f"{district.id} ({district.name})", source.name, source.kind, _lookup_count(source), *result)
        for source, result in results.items()
    ]


def _lookup_count(source: Source) -> str:
    """How many lookups of a source the district uses."""
    return str(sum(map(source.offers, source.adapter.capabilities())))


async def _check_source(source: Source) -> tuple[str, str]:
    """`ok` or `failed`, and what the source says about itself or what went wrong."""
    result = await ask_about_itself(source)
    if isinstance(result, AdapterError):
        return "failed", f"{result.code}: {result.reason}{ADVICE_BY_CODE.get(result.code, '')}"
    return "ok", result + _token_origin(source)


def _token_origin(source: Source) -> str:
    """Where the source's tokens come from, if that is another origin than that of its API."""
    url = foreign_token_url(source.adapter.settings)
    return "" if url is None else f", tokens from {url.scheme}://{url.netloc.decode()}"
