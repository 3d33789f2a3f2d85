"""The districts of the settings file, each source with its own adapter and HTTP client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError, build_settings, find_adapter
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway import http
from student_graph.gateway.cache.lifetimes import MAX_RESTRICTED_AGE
from student_graph.gateway.config import settings_file
from student_graph.gateway.telemetry import count_call


def connect_districts(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> list[District]:
    """
    The districts of a settings file, their sources connected and not yet asked.

    Raises:
        SettingsError: a source's kind or settings are wrong, or its adapter is not installed.
    """
    return [
        _district(district, f"{path}: districts[{index}]", environ)
        for index, district in enumerate(settings.districts)
    ]


def _district(config: settings_file.DistrictConfig, where: str, environ: Mapping[str, str]) -> District:
    month, _, day = config.school_year_starts.partition("-")
    district, zone = DistrictId(config.id), ZoneInfo(config.time_zone)
    sources = tuple(
        _source(district, source, f"{where}.sources[{index}]", environ)
        for index, source in enumerate(config.sources)
    )
    return District(district, config.name, sources, zone, (int(month), int(day)))


def _source(
    district: DistrictId, config: settings_file.SourceConfig, where: str, environ: Mapping[str, str]
) -> Source:
    try:
        settings = build_settings(find_adapter(config.kind), config.name, config.settings, environ)
    except SettingsError as exc:
        raise SettingsError(f"{where}: {exc}") from None
    if settings.base_url.scheme != "https" and not settings_file.is_loopback(settings.base_url.host or ""):
        raise SettingsError(f"{where}.base_url: must be https: children's records do not travel in the clear")
    offered = {lookup.name for lookup in find_adapter(config.kind).capabilities()}
    if unknown := sorted((config.lookups or frozenset()) - offered):
        raise SettingsError(f"{where}.lookups: '{config.kind}' does not answer {unknown[0]}")
    ages = {name: _aging(name, config, f"{where}.cache.{name}") for name in config.cache}
    try:
        return connect(
            district, config.name, config.kind, settings, identity=config.identity, only=config.lookups, ages=ages
        )
    except ValueError as exc:
        raise SettingsError(f"{where}.{exc}") from None


def _aging(name: str, config: settings_file.SourceConfig, where: str) -> Freshness:
    """
    How a source's answers to a lookup age.

    Raises:
        SettingsError: the source does not answer the lookup, or its class of data may not be cached for so long.
    """
    lookup = next((lookup for lookup in find_adapter(config.kind).capabilities() if lookup.name == name), None)
    if lookup is None:
        raise SettingsError(f"{where}: '{config.kind}' does not answer {name}")
    aging = config.cache[name]
    fresh = lookup.fresh if aging.fresh is None else aging.fresh
    stale = lookup.stale if aging.stale is None else aging.stale
    if lookup.sensitivity.restricted and (fresh > MAX_RESTRICTED_AGE or stale):
        longest = MAX_RESTRICTED_AGE.total_seconds()
        raise SettingsError(f"{where}: restricted data is cached for {longest:g} seconds at most, and never stale")
    return Freshness(fresh, stale)


def connect(
    district: DistrictId,
    name: str,
    kind: str,
    settings: AdapterSettings,
    *,
    identity: IdentityRules | None = None,
    only: frozenset[str] | None = None,
    ages: Mapping[str, Freshness] | None = None,
) -> Source:
    """A source with its own HTTP client and credentials, linked by the adapter's rules unless others are given."""
    client = http.create_client(settings, count_call)
    adapter = find_adapter(kind)(name, settings, client)
    client.auth = adapter.auth() or httpx.Auth()
    return Source(name, kind, district, adapter, identity or adapter.identity, only, ages or {})
