"""What stays as it is while the gateway runs: its address, the record of disclosures, and the fleet's Redis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.serving.redis_use import open_redis
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.sections import TelemetryConfig
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.disclosure.shipping import Shipper
from student_graph.gateway.disclosure.sinks import OtlpStdoutSink, Sink, StdoutSink
from student_graph.gateway.disclosure.store import S3Settings, S3Store, StoreError
from student_graph.gateway.server.workers.fleet import WorkersFleet
from student_graph.gateway.server.workers.member import Membership

FIXED_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "server": (
        "host",
        "port",
        "workers",
        "connections_per_address",
        "trusted_proxies",
        "drain",
        "hang",
        "gateways",
    ),
    "cache": (
        "redis",
        "redis_user",
        "redis_password_env",
        "redis_ca_file",
        "redis_certificate_file",
        "redis_key_file",
        "redis_timeout",
        "key_env",
        "name",
    ),
    "telemetry": tuple(TelemetryConfig.model_fields),
    "service_levels": ("directory",),
    "disclosure": ("directory", "key_env", "stdout", "file_mib", "store"),
}
"""Settings that cannot change while the gateway runs, by section."""


def changed_setting(running: settings_file.Config, settings: settings_file.Config) -> str | None:
    """The first setting that changed and cannot change while the gateway runs; None if there is none."""
    for section, names in FIXED_SETTINGS.items():
        before, now = getattr(running, section), getattr(settings, section)
        for name in names:
            if getattr(before, name) != getattr(now, name):
                return f"{section}.{name}"
    return None


@dataclass(frozen=True, slots=True)
class FixedParts:
    """The record of disclosures and the fleet, with the secrets that they were opened with."""

    disclosure_log: DisclosureLog | None
    """None if the settings are only tried."""
    fleet: Mapping[str, Any]
    """The arguments of `Service` that connect it to other processes; empty if there are none."""
    secrets: Mapping[str, object]
    """By setting."""

    def check(self, settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> None:
        """
        Check that the secrets are still those of the start.

        Raises:
            SettingsError: a secret is missing, or is another one now.
        """
        for name, secret in _secrets(settings, path, environ).items():
            if secret != self.secrets[name]:
                raise SettingsError(f"{path}: {name}: the secret cannot change while the gateway runs; restart it")


def open_fixed_parts(
    settings: settings_file.Config,
    path: Path,
    environ: Mapping[str, str],
    districts: Sequence[District],
    member: Membership | None,
) -> FixedParts:
    """
    Open the record of disclosures, and connect to the fleet: to Redis, and as a member to the other workers.

    Raises:
        SettingsError: a secret is missing, the folder of the record cannot be written, or packages are missing.
    """
    fleet = fleet_arguments(settings, path, districts, environ)
    if member is not None:
        key = fleet.get("signing_key", member.signing_key)
        workers = WorkersFleet(member, fleet.get("fleet"))
        fleet = {"fleet": workers, "signing_key": key, "shares_answers": bool(fleet), "workers": member}
    log = open_disclosure_log(settings, path, environ)
    return FixedParts(log, fleet, _secrets(settings, path, environ))


def _secrets(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> Mapping[str, object]:
    key_id, secret_key = environment.store_keys(settings, path, environ)
    telemetry = environment.telemetry_settings(settings, path, environ)
    secrets: dict[str, object] = {
        "disclosure.key_env": environment.disclosure_key(settings, path, environ),
        "disclosure.store.key_id_env": key_id,
        "disclosure.store.secret_key_env": secret_key,
        "telemetry.headers_env": telemetry.headers,
        "telemetry.metrics_token_env": telemetry.metrics_token,
    }
    if settings.cache.redis is not None:
        secrets["cache.key_env"] = environment.fleet_key(settings, path, environ)
        secrets["cache.redis_password_env"] = environment.redis_password(settings, path, environ)
    return secrets


def open_disclosure_log(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> DisclosureLog:
    """
    The disclosure log of this process.

    Raises:
        SettingsError: its key is missing, or its folder cannot be written.
    """
    keys = DisclosureKeys(environment.disclosure_key(settings, path, environ))
    sinks: dict[str, tuple[Sink, ...]] = {"nothing": (), "lines": (StdoutSink(),), "otlp": (OtlpStdoutSink(),)}
    section = settings.disclosure
    folder, store = path.parent / section.directory, open_store(settings, path, environ)
    try:
        return DisclosureLog(
            folder,
            keys,
            sinks[section.stdout],
            max_file_bytes=section.file_mib << 20,
            max_file_seconds=section.store.every_minutes * 60.0 if section.store is not None else math.inf,
            shipper=Shipper(folder, store) if store is not None else None,
        )
    except OSError as exc:
        raise SettingsError(f"{path}: disclosure.directory: {folder}: {exc.strerror}") from None


def open_store(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> S3Store | None:
    """
    The store to which the record of disclosures is copied; None if the settings name none. Nothing is sent yet.

    Raises:
        SettingsError: a key is missing, or the package of the store's client.
    """
    section = settings.disclosure.store
    if section is None:
        return None
    key_id, secret_key = environment.store_keys(settings, path, environ)
    retain = timedelta(days=section.retain_days)
    try:
        return S3Store(
            S3Settings(
                section.bucket,
                section.prefix,
                retain,
                section.mode,
                section.endpoint,
                section.region,
                key_id,
                secret_key,
            )
        )
    except ImportError:
        raise SettingsError(f"{path}: disclosure.store: install student-graph[s3]") from None
    except StoreError as exc:
        raise SettingsError(f"{path}: disclosure.store: {exc}") from None


def fleet_arguments(
    settings: settings_file.Config, path: Path, districts: Sequence[District], environ: Mapping[str, str]
) -> dict[str, Any]:
    """
    The arguments of `Service` that connect it to Redis; none if the settings name no Redis.

    Raises:
        SettingsError: as for `open_redis`.
    """
    store = open_redis(settings, path, environ)
    if store is None:
        return {}
    from student_graph.gateway.cache.fleet.redis_fleet import RedisFleet  # noqa: PLC0415 - only a fleet needs it

    fleet = RedisFleet(store, {district.id: district for district in districts})
    return {"fleet": fleet, "signing_key": store.encryptor.derive_key("cursors")}
