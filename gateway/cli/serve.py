"""`student-graph serve`: the gateway over the districts of a settings file."""

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
    command = commands.add_parser("serve", help="serve the districts of a settings file")
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, in TOML")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the districts of a settings file until a signal to stop."""
    path: Path = options.config
    settings = settings_file.load(path)
    districts = connect_districts(settings, path, os.environ)
    if settings.limits.wider:
        log.warning("limits are loosened: %s", ", ".join(settings.limits.wider))
    viewers = environment.viewers_by_token(settings, path, os.environ)
    grants = grants_by_district(settings.districts)
    issuers = [issuer.build(grants) for issuer in settings.issuers]
    if not viewers and not issuers:
        raise SettingsError(f"{path}: issuers is missing, and viewers: without one of them nobody may ask")
    named = settings.documents.manifest
    trusted = read_manifest(path.parent / named) if named else {}
    server = settings.server
    explorer = GraphiQLPage(issuers=issuers) if server.graphiql else None
    with listen(server.host, server.port) as bound:
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
            document_limits=settings.limits.document_limits,
            hooks=environment.webhook_keys(settings, path, os.environ),
            documents=trusted,
            trusted_only=settings.documents.only,
            issuers=issuers,
            reviewers=settings.policy.reviewers,
            origins=server.origins,
            loads=settings.load.loads,
            purposes=Purposes(settings.policy.purposes, settings.policy.purpose_required),
            disclosures=_disclosures(settings, path),
            policy=settings_file.policy_digest(settings),
            dependents=frozenset(DistrictId(d.id) for d in settings.districts if d.parents_keep_rights),
        )
        run_service(service, bound, lambda: print(f"student-graph answers at {url}", flush=True))
    return 0


def _disclosures(settings: settings_file.Config, path: Path) -> DisclosureLog:
    """
    Where it is recorded what was disclosed to whom.

    Raises:
        SettingsError: its key is not there, or nothing can be written there.
    """
    keys = DisclosureKeys(environment.disclosure_key(settings, path, os.environ))
    printed: dict[str, tuple[Sink, ...]] = {"nothing": (), "lines": (StdoutSink(),), "otlp": (OtlpStdoutSink(),)}
    folder = path.parent / settings.disclosure.directory
    try:
        size = settings.disclosure.file_mib << 20
        return DisclosureLog(folder, keys, printed[settings.disclosure.stdout], max_file_bytes=size)
    except OSError as exc:
        raise SettingsError(f"{path}: disclosure.directory: {folder}: {exc.strerror}") from None


def _fleet(settings: settings_file.Config, path: Path, districts: Sequence[District]) -> dict[str, Any]:
    """
    What a process has to do with the others of its fleet; nothing when there are none.

    Raises:
        SettingsError: the fleet's key is not there, or what is needed to speak with Redis.
    """
    if settings.cache.redis is None:
        return {}
    try:
        from student_graph.gateway.cache.encryption import Encryptor  # noqa: PLC0415 - likewise
        from student_graph.gateway.cache.redis_store import RedisStore  # noqa: PLC0415 - only a fleet needs Redis' client and its cipher
        from student_graph.gateway.cache.redis_fleet import RedisFleet  # noqa: PLC0415 - likewise
    except ImportError:
        raise SettingsError(f"{path}: cache.redis: install student-graph[redis] to use it") from None
    vault = Encryptor(environment.fleet_key(settings, path, os.environ))
    password = environment.redis_password(settings, path, os.environ)
    fleet = RedisStore(settings.cache.redis, vault, password, settings.cache.name, settings.cache.redis_timeout)
    others = RedisFleet(fleet, {district.id: district for district in districts})
    return {"others": others, "secret": vault.derived("cursors")}
