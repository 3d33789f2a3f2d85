"""Builds the service of a settings file, and builds it again while it runs."""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.packages import LoadedPackages
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.serving.fixed import FixedParts, changed_setting, open_fixed_parts
from student_graph.gateway.cli.serving.shares import VendorShare
from student_graph.gateway.cli.serving.versions import ask_about_itself
from student_graph.gateway.cli.serving.watching import watch_files
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.assistants import assistant_settings
from student_graph.gateway.config.districts import connect_districts, digest_of, files_of_sources
from student_graph.gateway.config.environment_file import read_environment_file
from student_graph.gateway.config.issuers import build_issuers
from student_graph.gateway.config.problems import Problems
from student_graph.gateway.config.service_levels import level_settings
from student_graph.gateway.documents.manifest import read_manifest
from student_graph.gateway.server.service import Service
from student_graph.gateway.server.workers.member import Membership
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.gateway.web.routes.settings_status import Changes

log = logging.getLogger("student_graph.gateway")


class ServiceLoader:
    """The settings of one gateway: a file, and perhaps another one with the values of environment variables."""

    def __init__(
        self,
        path: Path,
        environment_file: Path | None = None,
        member: Membership | None = None,
        *,
        workers: int = 1,
    ) -> None:
        """
        Read the settings for the start; `member` connects one of several workers to the others.

        Without it, `workers` is how many there would be.

        Raises:
            SettingsError: a setting is wrong, or a secret is missing.
        """
        self._path, self._environment_file = path, environment_file
        self._packages = LoadedPackages()
        self._member = member
        self._workers, self._number = (workers, 1) if member is None else (member.workers, member.number)
        self.settings = self._pending = settings_file.load(path, self._environ())
        """The settings that hold now. Those that are about to be applied are pending."""
        self._watched: Sequence[Path] = ()
        self.files_digest = ""
        """A digest of the files that were read last."""
        self._fixed: FixedParts | None = None

    def start(self) -> Service:
        """
        The service of the settings, for the start.

        Raises:
            SettingsError: a setting is wrong, or a secret is missing.
        """
        self._watched = self._files(self.settings)
        self.files_digest = digest_of(self._watched)
        with self._packages.up_to_date():
            return self._build(self.settings, None)

    def load(self, running: Service) -> Service:
        """
        The service of the settings as they are now.

        Raises:
            SettingsError: a setting is wrong, or cannot change while the gateway runs.
        """
        settings = self._pending = settings_file.load(self._path, self._environ())
        with self._packages.up_to_date():
            self._watched = self._files(settings)
            self.files_digest = digest_of(self._watched)
            if (name := changed_setting(self.settings, settings)) is not None:
                raise SettingsError(f"{self._path}: {name}: cannot change while the gateway runs; restart it")
            return self._build(settings, running)

    async def check(self, service: Service, sources: Sequence[Source]) -> None:
        """
        Ask the sources that are new in a service for their version, unless the settings say not to.

        Raises:
            SettingsError: one of them does not answer.
        """
        checked = sources if self._pending.server.check_sources else ()
        for source, result in zip(checked, await asyncio.gather(*map(ask_about_itself, checked)), strict=True):
            if isinstance(result, AdapterError):
                raise SettingsError(
                    f"{self._path}: the source {source.district}/{source.name} does not answer "
                    f"({result.code}: {result.reason}); correct it, or set server.check_sources = false"
                )

    def apply(self) -> Changes:
        """Note that the settings that were read last are the present ones; returns how many districts change."""
        before, self.settings = self.settings, self._pending
        return Changes.between(
            *({district.id: district for district in s.districts} for s in (before, self.settings))
        )

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Call `on_change` whenever a file of the settings has changed and `server.watch` is set."""
        await watch_files(lambda: self._watched if self.settings.server.watch else (), on_change)

    def _files(self, settings: settings_file.Config) -> list[Path]:
        """The files that the settings come from."""
        files = [self._path, *files_of_sources(settings, self._path.parent)]
        if self._environment_file is not None:
            files.append(self._environment_file)
        if settings.documents.manifest is not None:
            files.append(self._path.parent / settings.documents.manifest)
        return files

    def _build(self, settings: settings_file.Config, running: Service | None) -> Service:
        path = self._path
        environ = self._environ()
        districts, trusted_documents = self._checked(settings, environ, running)
        if settings.limits.above_default:
            log.warning("limits are higher than their defaults: %s", ", ".join(settings.limits.above_default))
        viewers = environment.viewers_by_token(settings, path, environ)
        issuers = build_issuers(settings, running.issuers if running else ())
        server = settings.server
        webhook_keys = environment.webhook_keys(settings, path, environ)
        fixed = self._fixed_parts(settings, environ, districts)
        return Service(
            districts,
            viewers,
            GraphiQLPage(issuers=issuers) if server.graphiql else None,
            connections_per_address=math.ceil(server.connections_per_address / self._workers),
            trusted_proxies=server.trusted_proxies,
            drain_seconds=server.drain,
            assistants=assistant_settings(settings.assistants, settings.districts, settings.issuers),
            get_queries=server.get_queries,
            defer=server.defer,
            live=settings.live.live_limits,
            federation=server.federation,
            cache_limits=settings.cache.limits.share(self._workers),
            client_cache_seconds=settings.cache.client_seconds,
            **{**_running_key(running), **fixed.fleet},
            introspection=server.introspection or server.graphiql,
            document_limits=settings.limits.document_limits,
            telemetry=environment.telemetry_settings(settings, path, environ),
            levels=level_settings(
                settings.service_levels, path.parent, ((d.id, d.objectives) for d in settings.districts)
            ),
            webhook_keys=webhook_keys,
            trusted_documents=trusted_documents,
            trusted_only=settings.documents.only,
            issuers=issuers,
            reviewers_url=settings.policy.reviewers,
            allowed_origins=server.origins,
            load_limits=settings.load.load_limits,
            purposes=Purposes(settings.policy.purposes, settings.policy.purpose_required),
            disclosure_log=fixed.disclosure_log,
            policy_digest=settings_file.policy_digest(settings),
            dependents=frozenset(DistrictId(d.id) for d in settings.districts if d.parents_keep_rights),
            metric_settings={DistrictId(d.id): d.metric_settings for d in settings.districts},
            warm={DistrictId(d.id): d.warm.times for d in settings.districts if d.warm is not None},
            calendars=settings.cache.calendars and settings.cache.memory > 0,
        )

    def _checked(
        self, settings: settings_file.Config, environ: Mapping[str, str], running: Service | None
    ) -> tuple[list[District], Mapping[str, str]]:
        """
        The districts and the trusted documents of settings whose secrets are all there.

        Raises:
            SettingsError: all that is wrong, in the settings, in files that they name and in the environment.
        """
        path, problems = self._path, Problems()
        districts: list[District] = []
        documents: Mapping[str, str] = {}
        with problems.collected():
            share = VendorShare(self._workers, self._number, settings.server.gateways)
            districts = connect_districts(settings, path, environ, running.districts if running else (), share)
        with problems.collected():
            environment.check_secrets(settings, path, environ)
        if not settings.viewers and not settings.issuers:
            problems.add(f"{path}: issuers and viewers are missing: add one, or nobody can send queries")
        with problems.collected():
            if settings.documents.manifest is not None:
                documents = read_manifest(path.parent / settings.documents.manifest)
        if running is None:
            with problems.collected():
                environment.disclosure_key(settings, path, environ)
        problems.raise_all()
        return districts, documents

    def _environ(self) -> Mapping[str, str]:
        """The environment variables; those of the file replace those of the process."""
        if self._environment_file is None:
            return os.environ
        return {**os.environ, **read_environment_file(self._environment_file)}

    def _fixed_parts(
        self, settings: settings_file.Config, environ: Mapping[str, str], districts: Sequence[District]
    ) -> FixedParts:
        """
        The parts that stay as they are while the process runs.

        Raises:
            SettingsError: a secret is missing, or is another one than at the start.
        """
        if self._fixed is None:
            self._fixed = open_fixed_parts(settings, self._path, environ, districts, self._member)
        else:
            self._fixed.check(settings, self._path, environ)
        return self._fixed


def _running_key(running: Service | None) -> dict[str, Any]:
    """The key that signs cursors and tickets, so that those that clients hold stay valid; none at the start."""
    return {} if running is None else {"signing_key": running.signing_key}
