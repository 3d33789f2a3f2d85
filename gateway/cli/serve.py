"""`student-graph serve`: runs the gateway for the districts of a settings file."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.access import grants_by_district
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.disclosure.sinks import OtlpStdoutSink, Sink, StdoutSink
from student_graph.gateway.documents.manifest import read_manifest
from student_graph.gateway.server import Service, listen
from student_graph.gateway.server import run as run_service
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.routes.graphiql import GraphiQLPage

log = logging.getLogger("student_graph.gateway")


def add_command(commands: Commands) -> None:
    """Add `serve` to the command line."""
    command = commands.add_parser("serve", help="run the gateway for the districts of a settings file")
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings file (TOML)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Serve the districts of a settings file until a signal to stop.

    Raises:
        SettingsError: a setting is wrong, a secret is missing, or the port is in use.
    """
    path: Path = options.config
    settings = settings_file.load(path)
    districts = connect_districts(settings, path, os.environ)
    if settings.limits.above_default:
        log.warning("limits are higher than their defaults: %s", ", ".join(settings.limits.above_default))
    viewers = environment.viewers_by_token(settings, path, os.environ)
    issuers = [
        issuer.build(grants_by_district(settings.districts, settings.issuers, settings.viewers, issuer.issuer))
        for issuer in settings.issuers
    ]
    if not viewers and not issuers:
        raise SettingsError(f"{path}: issuers and viewers are missing: add one, or nobody can send queries")
    manifest = settings.documents.manifest
    trusted_documents = read_manifest(path.parent / manifest) if manifest else {}
    server = settings.server
    graphiql = GraphiQLPage(issuers=issuers) if server.graphiql else None
    with listen(server.host, server.port) as listener:
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        service = Service(
            districts,
            viewers,
            graphiql,
            connections_per_address=server.connections_per_address,
            drain_seconds=server.drain,
            get_queries=server.get_queries,
            defer=server.defer,
            cache_limits=settings.cache.limits,
            client_cache_seconds=settings.cache.client_seconds,
            **fleet_arguments(settings, path, districts),
            introspection=server.introspection or server.graphiql,
            document_limits=settings.limits.document_limits,
            webhook_keys=environment.webhook_keys(settings, path, os.environ),
            trusted_documents=trusted_documents,
            trusted_only=settings.documents.only,
            issuers=issuers,
            reviewers_url=settings.policy.reviewers,
            allowed_origins=server.origins,
            load_limits=settings.load.load_limits,
            purposes=Purposes(settings.policy.purposes, settings.policy.purpose_required),
            disclosure_log=open_disclosure_log(settings, path),
            policy_digest=settings_file.policy_digest(settings),
            dependents=frozenset(DistrictId(d.id) for d in settings.districts if d.parents_keep_rights),
            metric_settings={DistrictId(d.id): d.metric_settings for d in settings.districts},
            warm={DistrictId(d.id): d.warm.times for d in settings.districts if d.warm is not None},
        )
        run_service(service, listener, lambda: print(f"student-graph answers at {url}", flush=True))
    return 0


def open_disclosure_log(settings: settings_file.Config, path: Path) -> DisclosureLog:
    """
    The disclosure log of this process.

    Raises:
        SettingsError: its key is missing, or its folder cannot be written.
    """
    keys = DisclosureKeys(environment.disclosure_key(settings, path, os.environ))
    sinks: dict[str, tuple[Sink, ...]] = {"nothing": (), "lines": (StdoutSink(),), "otlp": (OtlpStdoutSink(),)}
    folder = path.parent / settings.disclosure.directory
    try:
        max_bytes = settings.disclosure.file_mib << 20
        return DisclosureLog(folder, keys, sinks[settings.disclosure.stdout], max_file_bytes=max_bytes)
    except OSError as exc:
        raise SettingsError(f"{path}: disclosure.directory: {folder}: {exc.strerror}") from None


def fleet_arguments(settings: settings_file.Config, path: Path, districts: Sequence[District]) -> dict[str, Any]:
    """
    The arguments of `Service` that connect it to Redis; none if the settings name no Redis.

    Raises:
        SettingsError: the key or the password is missing, or the packages for Redis are not installed.
    """
    if settings.cache.redis is None:
        return {}
    try:
        # Only a fleet needs the packages for Redis, which these modules import.
        from student_graph.gateway.cache.fleet.encryption import Encryptor  # noqa: PLC0415
        from student_graph.gateway.cache.fleet.redis_fleet import RedisFleet  # noqa: PLC0415
        from student_graph.gateway.cache.fleet.redis_store import RedisStore  # noqa: PLC0415
    except ImportError:
        raise SettingsError(f"{path}: cache.redis: install student-graph[redis] to use Redis") from None
    encryptor = Encryptor(environment.fleet_key(settings, path, os.environ))
    password = environment.redis_password(settings, path, os.environ)
    store = RedisStore(
        settings.cache.redis, encryptor, password, settings.cache.name, settings.cache.redis_timeout
    )
    fleet = RedisFleet(store, {district.id: district for district in districts})
    return {"fleet": fleet, "signing_key": encryptor.derive_key("cursors")}
