"""`student-graph serve` and `check`: districts of a settings file."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from graphql import GraphQLError
from pydantic import ValidationError

from adapters.errors import AdapterError, translate
from adapters.model import DistrictId
from adapters.registry import SettingsError, find, make_settings
from adapters.sources import Aging, District, Source
from gateway import config, environment
from gateway.admission import Purposes
from gateway.auth.settings import given
from gateway.cache.ages import RESTRICTED
from gateway.deadlines import within
from gateway.disclosure import DisclosureLog, Secrets
from gateway.disclosure.printing import OtlpPrinted, Printed, Sink
from gateway.documents import Documents, core_of, manifest
from gateway.execution import executor_class
from gateway.explain import as_text, explained
from gateway.page import Explorer
from gateway.server import Service, connect, listen, run
from resolvers.schema import make_schema

log = logging.getLogger("student_graph.gateway")


def serve(path: Path) -> int:
    """Serve the districts of a settings file until a signal to stop."""
    settings = config.load(path)
    districts = _districts(settings, path)
    if settings.limits.wider:
        log.warning("limits are loosened: %s", ", ".join(settings.limits.wider))
    viewers = environment.tokens(settings, path, os.environ)
    gifts = given(settings.districts)
    issuers = [issuer.made(gifts) for issuer in settings.issuers]
    if not viewers and not issuers:
        raise SettingsError(f"{path}: issuers is missing, and viewers: without one of them nobody may ask")
    named = settings.documents.manifest
    trusted = manifest(path.parent / named) if named else {}
    server = settings.server
    explorer = Explorer(issuers=issuers) if server.graphiql else None
    with open_door(server.host, server.port) as bound:
        host, port = bound.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        service = Service(
            districts,
            viewers,
            explorer,
            drain=server.drain,
            get_queries=server.get_queries,
            defer=server.defer,
            cache=settings.cache.limits,
            client_seconds=settings.cache.client_seconds,
            **_fleet(settings, path, districts),
            introspection=server.introspection or server.graphiql,
            bounds=settings.limits.bounds,
            hooks=environment.hooks(settings, path, os.environ),
            documents=trusted,
            trusted_only=settings.documents.only,
            issuers=issuers,
            reviewers=settings.policy.reviewers,
            origins=server.origins,
            loads=settings.load.loads,
            purposes=Purposes(settings.policy.purposes, settings.policy.purpose_required),
            disclosures=_disclosures(settings, path),
            policy=config.policy_digest(settings),
            dependents=frozenset(DistrictId(d.id) for d in settings.districts if d.parents_keep_rights),
        )
        run(service, bound, lambda: print(f"student-graph answers at {url}", flush=True))
    return 0


def _disclosures(settings: config.Config, path: Path) -> DisclosureLog:
    """
    Where it is recorded what was disclosed to whom.

    Raises:
        SettingsError: its key is not there, or nothing can be written there.
    """
    keys = Secrets(environment.disclosure_key(settings, path, os.environ))
    printed: dict[str, tuple[Sink, ...]] = {"nothing": (), "lines": (Printed(),), "otlp": (OtlpPrinted(),)}
    folder = path.parent / settings.disclosure.directory
    try:
        size = settings.disclosure.file_mib << 20
        return DisclosureLog(folder, keys, printed[settings.disclosure.stdout], size=size)
    except OSError as exc:
        raise SettingsError(f"{path}: disclosure.directory: {folder}: {exc.strerror}") from None


def _fleet(settings: config.Config, path: Path, districts: Sequence[District]) -> dict[str, Any]:
    """
    What a process has to do with the others of its fleet; nothing when there are none.

    Raises:
        SettingsError: the fleet's key is not there, or what is needed to speak with Redis.
    """
    if settings.cache.redis is None:
        return {}
    try:
        from gateway.cache.fleet import Fleet  # noqa: PLC0415 - only a fleet needs Redis' client and its cipher
        from gateway.cache.replicas import Replicas  # noqa: PLC0415 - likewise
        from gateway.cache.vault import Vault  # noqa: PLC0415 - likewise
    except ImportError:
        raise SettingsError(f"{path}: cache.redis: install student-graph[redis] to use it") from None
    vault = Vault(environment.fleet_key(settings, path, os.environ))
    password = environment.redis_password(settings, path, os.environ)
    fleet = Fleet(settings.cache.redis, vault, password, settings.cache.name, settings.cache.redis_timeout)
    others = Replicas(fleet, {district.id: district for district in districts})
    return {"others": others, "secret": vault.derived("cursors")}


def check(path: Path) -> int:
    """Ask every source of a settings file once, and print a table; 1 when one of them fails."""
    districts = _districts(config.load(path), path)
    rows = asyncio.run(_checked([source for district in districts for source in district.sources]))
    print(table([("DISTRICT", "SOURCE", "KIND", "LOOKUPS", "STATUS", "SAYS"), *rows]))
    return int(any(status == "failed" for *_, status, _ in rows))


def explain(options: argparse.Namespace) -> int:
    """
    Print what a document will do at the sources of a settings file.

    Raises:
        SettingsError: the document or the variables cannot be read, or are none of the schema.
    """
    districts = _districts(config.load(options.config), options.config)
    schema = make_schema(executor_class("breadth"))
    document = Documents(core_of(schema)).by_text(_text(options.query))
    try:
        variables = json.loads(options.variables)
    except ValueError:
        raise SettingsError("--variables: must be a JSON object") from None
    if not isinstance(variables, dict):
        raise SettingsError("--variables: must be a JSON object")
    if document.errors:
        raise SettingsError(f"QUERY: {document.errors[0].message}")
    assert document.node is not None
    try:
        operation = document.operation(options.operation)
        sources = [source for district in districts for source in district.sources]
        lines = explained(core_of(schema), document.node, operation, variables, sources)
    except GraphQLError as exc:
        raise SettingsError(f"QUERY: {exc.message}") from None
    print(as_text(lines))
    return 0


def _text(query: str) -> str:
    """A document, or what the file of that name holds."""
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"QUERY: {query} is neither a document nor a file that can be read") from None


def open_door(host: str, port: int) -> socket.socket:
    """
    The socket to serve on.

    Raises:
        SettingsError: the address cannot be had.
    """
    try:
        return listen(host, port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(f"port {port} is in use; choose another one") from None
        raise SettingsError(f"cannot listen on {host} port {port}: {exc.strerror}") from None


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _districts(settings: config.Config, path: Path) -> list[District]:
    """
    The districts, their sources connected and not yet asked.

    Raises:
        SettingsError: a source's kind or settings are wrong, or it is not on this machine.
    """
    return [_district(found, f"{path}: districts[{place}]") for place, found in enumerate(settings.districts)]


def _district(found: config.DistrictConfig, where: str) -> District:
    month, _, day = found.school_year_starts.partition("-")
    district, zone = DistrictId(found.id), ZoneInfo(found.time_zone)
    sources = tuple(
        _source(district, source, f"{where}.sources[{place}]") for place, source in enumerate(found.sources)
    )
    return District(district, found.name, sources, zone, (int(month), int(day)))


def _source(district: DistrictId, found: config.SourceConfig, where: str) -> Source:
    try:
        settings = make_settings(find(found.kind), found.name, found.settings, os.environ)
    except SettingsError as exc:
        raise SettingsError(f"{where}: {exc}") from None
    if settings.base_url.scheme != "https" and not config.is_loopback(settings.base_url.host or ""):
        raise SettingsError(f"{where}.base_url: must be https: children's records do not travel in the clear")
    offered = {lookup.name for lookup in find(found.kind).capabilities()}
    if unknown := sorted((found.lookups or frozenset()) - offered):
        raise SettingsError(f"{where}.lookups: '{found.kind}' does not answer {unknown[0]}")
    ages = {name: _aging(name, found, f"{where}.cache.{name}") for name in found.cache}
    try:
        return connect(
            district, found.name, found.kind, settings, identity=found.identity, only=found.lookups, ages=ages
        )
    except ValueError as exc:
        raise SettingsError(f"{where}.{exc}") from None


def _aging(name: str, found: config.SourceConfig, where: str) -> Aging:
    """
    How a source's answers to a lookup age.

    Raises:
        SettingsError: it does not answer the lookup, or not with a class of data that may be kept for so long.
    """
    lookup = next((each for each in find(found.kind).capabilities() if each.name == name), None)
    if lookup is None:
        raise SettingsError(f"{where}: '{found.kind}' does not answer {name}")
    given = found.cache[name]
    fresh = lookup.fresh if given.fresh is None else given.fresh
    stale = lookup.stale if given.stale is None else given.stale
    if lookup.sensitivity.restricted and (fresh > RESTRICTED or stale):
        longest = RESTRICTED.total_seconds()
        raise SettingsError(f"{where}: restricted data is kept for {longest:g} seconds at most, and never stale")
    return Aging(fresh, stale)


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
