"""Builds the districts of a settings file: each source with its adapter and an HTTP client of its own."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import httpx

from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.model import DistrictId
from student_graph.adapters.model.code_mapping import CodeMapping
from student_graph.adapters.registry import SettingsError, build_settings, find_adapter
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway import http
from student_graph.gateway.cache.lifetimes import MAX_RESTRICTED_AGE
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.codes import CodesConfig, code_mapping
from student_graph.gateway.config.problems import Problems
from student_graph.gateway.telemetry import count_call


class Share(Protocol):
    """What one process of several may use of the limits of a source."""

    def of(self, settings: AdapterSettings, configured: Container[str]) -> AdapterSettings:
        """
        The settings with the limits of this process; `configured` are the names of those that were set.

        Raises:
            ValueError: there are more processes than the limits allow.
        """


class _OnlyProcess:
    """The share of the only process."""

    def of(self, settings: AdapterSettings, configured: Container[str]) -> AdapterSettings:
        return settings


def connect_districts(
    settings: settings_file.Config,
    path: Path,
    environ: Mapping[str, str],
    running: Sequence[District] = (),
    share: Share | None = None,
) -> list[District]:
    """
    The districts of a settings file; no source is called yet.

    `running` are the districts of the settings so far: a source that did not change is the same object. An adapter
    of the same class with the same settings keeps its connections and what it has learned about its vendor.
    `share` is what this process may use of each source's limits; None for all of it.

    Raises:
        SettingsError: settings of sources are wrong, or their adapters are not installed.
    """
    by_id = {district.id: district for district in running}
    districts, problems = [], Problems()
    for district in settings.districts:
        with problems.collected():
            districts.append(
                _build_district(
                    district,
                    f"{path}: district {district.id!r}",
                    folder=path.parent,
                    environ=environ,
                    running=by_id.get(DistrictId(district.id)),
                    share=share or _OnlyProcess(),
                )
            )
    problems.raise_all()
    return districts


def files_of_sources(settings: settings_file.Config, folder: Path) -> list[Path]:
    """The files in `folder`, or named from there, that define sources besides the settings file."""
    files: list[Path] = []
    for district in settings.districts:
        for source in district.sources:
            with suppress(SettingsError):
                files += find_adapter(source.kind).files_of_source(source.settings, folder)
    return files


def digest_of(files: Iterable[Path]) -> str:
    """A digest of the contents of files; one that cannot be read counts as empty."""
    digest = sha256()
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            content = b""
        digest.update(sha256(content).digest())
    return digest.hexdigest()


def _build_district(
    config: settings_file.DistrictConfig,
    setting: str,
    *,
    folder: Path,
    environ: Mapping[str, str],
    running: District | None,
    share: Share,
) -> District:
    """A district; sources of `running`, the same district so far, are used again if its calendar is the same."""
    month, _, day = config.school_year_starts.partition("-")
    district, zone, starts = DistrictId(config.id), ZoneInfo(config.time_zone), (int(month), int(day))
    has_same_calendar = running and (running.time_zone, running.school_year_starts) == (zone, starts)
    known = {source.name: source for source in running.sources} if running and has_same_calendar else {}
    built: list[Source] = []
    problems = Problems()
    for source_config in config.sources:
        with problems.collected():
            built.append(
                _build_source(
                    district,
                    source_config,
                    config.codes,
                    setting,
                    folder=folder,
                    environ=environ,
                    running=known.get(source_config.name),
                    share=share,
                )
            )
    problems.raise_all()
    result = District(district, config.name, tuple(built), zone, starts, weight=config.weight)
    for source in built:
        source.adapter.current_school_year = lambda: result.school_year(result.today())
    return result


def _build_source(
    district: DistrictId,
    config: settings_file.SourceConfig,
    codes: CodesConfig,
    owner: str,
    *,
    folder: Path,
    environ: Mapping[str, str],
    running: Source | None,
    share: Share,
) -> Source:
    """A source of the district that `owner` names, or `running` if that is the same one."""
    setting = f"{owner}, source {config.name!r}"
    try:
        adapter_type = find_adapter(config.kind).for_source(config.settings, folder)
    except SettingsError as exc:
        raise SettingsError(*(f"{setting}: {problem}" for problem in exc.problems)) from None
    problems = Problems()
    offered = {lookup.name for lookup in adapter_type.capabilities()}
    for unknown in sorted((config.lookups or frozenset()) - offered):
        problems.add(f"{setting}: lookups: the adapter '{config.kind}' has no lookup {unknown}")
    freshness = {}
    for name in config.cache:
        with problems.collected():
            freshness[name] = _freshness(name, config, adapter_type, f"{setting}: cache.{name}")
    try:
        settings = build_settings(adapter_type, config.name, config.settings, environ, folder)
        settings = share.of(settings, config.settings)
    except SettingsError as exc:
        for problem in exc.problems:
            problems.add(f"{owner}, {problem}")
    except ValueError as exc:
        problems.add(f"{setting}: {exc}")
    else:
        if settings.base_url.scheme != "https" and not settings_file.is_loopback(settings.base_url.host or ""):
            problems.add(f"{setting}: base_url: must be https, so that students' records are encrypted")
    problems.raise_all()
    files_digest = digest_of(adapter_type.files_of_source(config.settings, folder))
    try:
        adapter = _same_adapter(running, adapter_type, settings, files_digest) or build_adapter(
            config.name, config.kind, settings, adapter_type
        )
    except ValueError as exc:
        raise SettingsError(f"{setting}: {exc}") from None
    source = Source(
        config.name,
        config.kind,
        district,
        adapter,
        config.identity or adapter_type.identity,
        config.lookups,
        freshness,
        code_mapping(codes, config.codes),
        files_digest,
    )
    return running if running is not None and _are_equal(running, source) else source


def _same_adapter(
    running: Source | None, adapter_type: type[Adapter], settings: AdapterSettings, files_digest: str
) -> Adapter | None:
    """The adapter of a source so far, if it has this class and these settings, and its files are the same."""
    if running is None or type(running.adapter) is not adapter_type or running.adapter.settings != settings:
        return None
    return running.adapter if running.files_digest == files_digest else None


def _are_equal(source: Source, other: Source) -> bool:
    """Whether two sources are the same: with the same adapter, and settings that mean the same."""
    return all(getattr(source, field.name) == getattr(other, field.name) for field in fields(Source))


def _freshness(
    name: str, config: settings_file.SourceConfig, adapter_type: type[Adapter], setting: str
) -> Freshness:
    """
    How long a source's answers to a lookup are cached.

    Raises:
        SettingsError: the adapter has no such lookup, or its class of data must not be cached for so long.
    """
    lookup = next((lookup for lookup in adapter_type.capabilities() if lookup.name == name), None)
    if lookup is None:
        raise SettingsError(f"{setting}: the adapter '{config.kind}' has no lookup {name}")
    configured = config.cache[name]
    fresh = lookup.fresh if configured.fresh is None else configured.fresh
    stale = lookup.stale if configured.stale is None else configured.stale
    if lookup.sensitivity.restricted and (fresh > MAX_RESTRICTED_AGE or stale):
        seconds = MAX_RESTRICTED_AGE.total_seconds()
        raise SettingsError(
            f"{setting}: restricted data is cached for {seconds:g} seconds at most, and never stale"
        )
    return Freshness(fresh, stale)


def connect(
    district: DistrictId,
    name: str,
    kind: str,
    settings: AdapterSettings,
    *,
    identity: IdentityRules | None = None,
    lookups: frozenset[str] | None = None,
    freshness: Mapping[str, Freshness] | None = None,
    codes: CodeMapping | None = None,
    adapter_type: type[Adapter] | None = None,
) -> Source:
    """
    A source with an HTTP client of its own.

    `identity` replaces the adapter's rules for linking ids; `lookups` are those that the source is used for, None
    for all that its adapter supports; `freshness` replaces the lookups' own cache times. `codes` are the meanings
    that the district gives to codes. `adapter_type` is the class of a declared vendor; None for the installed one.
    """
    adapter = build_adapter(name, kind, settings, adapter_type)
    return Source(name, kind, district, adapter, identity or adapter.identity, lookups, freshness or {}, codes)


def build_adapter(
    name: str, kind: str, settings: AdapterSettings, adapter_type: type[Adapter] | None = None
) -> Adapter:
    """
    The adapter of a source, with an HTTP client of its own.

    Raises:
        ValueError: an address in the settings is one that they do not allow.
    """
    client = http.create_client(settings, count_call, source=name)
    adapter = (adapter_type or find_adapter(kind))(name, settings, client)
    client.auth = adapter.auth() or httpx.Auth()
    return adapter


def wrap_transport(
    source: Source, wrapper: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
) -> None:
    """Let `wrapper` see, or answer, each request to a source and each of its responses."""
    client = source.adapter.http
    if isinstance(client, http.VendorClient):
        client.wrap_transport(wrapper)
