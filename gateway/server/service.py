"""A service and its parts: this is the only module that connects sources, cache, schema, viewers and routes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.disclosure import DisclosureRecorder
from student_graph.gateway.documents.hardening import harden_graphql_core
from student_graph.gateway.documents.limits import LimitChecker
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import executor_class
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.assistants import assistant_authenticator, assistant_routes
from student_graph.gateway.server.background_reads import BackgroundReads
from student_graph.gateway.server.clients.early_refusals import EarlyRefusals
from student_graph.gateway.server.observing import LevelRecorder, Levels, Metrics, Observer, Readings
from student_graph.gateway.server.parts import MEMORY, live_documents, memory_account, operator_routes, with_cors
from student_graph.gateway.server.service_settings import ServiceSettings
from student_graph.gateway.server.status import SOURCES, StatusReports, status_routes
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp, http_error
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.in_flight import ProcessorDemand
from student_graph.gateway.web.live.documents import LiveDocuments
from student_graph.gateway.web.load_shedding import LoadShedder
from student_graph.gateway.web.refusal_pacing import RefusalPacing
from student_graph.gateway.web.routes.break_glass import BreakGlass
from student_graph.gateway.web.routes.district_health import DistrictHealthRoute
from student_graph.gateway.web.routes.health import Readiness
from student_graph.gateway.web.routes.opening_limit import OpeningLimit
from student_graph.gateway.web.routes.operators import Operators
from student_graph.gateway.web.routes.webhooks import Webhooks
from student_graph.gateway.web.runner import OperationRunner
from student_graph.gateway.web.security_headers import SecurityHeaders
from student_graph.resolvers.schema import core_schema, make_schema

MAX_ANSWER_RATIO = 4.0
"""How many times as long as for its sources an operation may take in all: less than proxies wait for an answer."""


@dataclass(frozen=True, slots=True)
class Service(ServiceSettings):
    """What one process serves, as an application."""

    def app(self) -> ASGIApp:
        """
        Build the service as an ASGI application.

        Raises:
            SettingsError: a trusted document is not valid for the schema.
        """
        return Application(self).asgi


class Application:
    """The parts of a running service, connected to one ASGI application."""

    def __init__(self, service: Service, running: Application | None = None) -> None:
        """
        Build all parts.

        `running` is the application under the settings so far. What these do not change is shared with it: the
        answers of the sources, what limits clients, and whether the process is ready.

        Raises:
            SettingsError: a trusted document is not valid for the schema.
        """
        harden_graphql_core()
        self.service = service
        executor = executor_class(service.executor)
        self.observer: Observer = running.observer if running else Observer(service.telemetry)
        self.recorder: LevelRecorder = (
            running.recorder if running else LevelRecorder(service.levels.directory, service.workers.number)
        )
        self._schema = make_schema(executor, defer=service.defer, federation=service.federation)
        keeps_limits = running is not None and running.service.load_limits == service.load_limits
        self.load_shedder: LoadShedder = (
            running.load_shedder
            if running and keeps_limits
            else LoadShedder(service.load_limits, demand=ProcessorDemand())
        )
        self.authenticator = Authenticator(service.viewers, service.issuers)
        self._signer = HmacSigner(service.signing_key)
        self.pipeline: FetchPipeline = FetchPipeline(
            service.districts,
            self._signer,
            service.cache_limits,
            service.fleet,
            dependents=service.dependents,
            metric_settings=service.metric_settings,
            vendor_wait=self.load_shedder.vendor_wait,
            operation_seconds=service.operation_seconds,
            measure_ages=service.telemetry.measures or service.levels.directory is not None,
            running=running.pipeline if running else None,
        )
        self.documents: DocumentStore = self._build_documents(running.documents if running else None)
        self._assistants = assistant_authenticator(service)
        self.memory = memory_account(
            self.pipeline, self.documents, self.authenticator, self._assistants, executor=service.executor
        )
        fleet = service.fleet
        self.opening_limit: OpeningLimit = running.opening_limit if running else OpeningLimit(fleet)
        self._break_glass = self._build_break_glass()
        sharing = fleet if service.shares_answers else None  # what one process reads is there for all of them
        self._background = BackgroundReads(self.pipeline, service.warm, sharing, calendars=service.calendars)
        joined = None if sharing is None else lambda: sharing.joined
        self.readiness: Readiness = running.readiness if running else Readiness(joined)
        readings = Readings(
            self.pipeline, self.load_shedder, self.memory, self.readiness, service.disclosure_log, joined
        )
        self._levels = Levels(
            self.recorder,
            service.levels,
            self.pipeline,
            observer=self.observer,
            readiness=self.readiness,
            workers=service.workers,
        )
        self._metrics = Metrics(self.observer, readings, self._levels, service.workers)
        self._reports = StatusReports(
            self.pipeline, self._background, self.readiness, self._levels, service.workers
        )
        self._status = status_routes(self._reports, self.authenticator)
        self._live = self._build_live()
        self._view = self._build_graphql()
        self.asgi = self._build_asgi()

    def _build_asgi(self) -> ASGIApp:
        service = self.service
        routes = Starlette(
            routes=self._build_routes(),
            middleware=[Middleware(SecurityHeaders)],
            exception_handlers={HTTPException: http_error, Exception: http_error},
            lifespan=self._lifespan,
        )
        has_graphiql, has_origins = service.graphiql is not None, bool(service.allowed_origins)
        app = GatewayApp(self._view, routes, service.allowed_hosts, self.load_shedder, graphiql=has_graphiql)
        paced = RefusalPacing(with_cors(self._metrics.observed(app), service.allowed_origins))
        observer = self._metrics.request_observer
        self.early_refusals = EarlyRefusals(
            self.load_shedder, self.authenticator, paced, observer, has_other_origins=has_origins
        )
        return paced

    def _build_graphql(self) -> GraphQLView:
        return GraphQLView(
            self._schema,
            self._build_admission(),
            self.pipeline.start_operation,
            self.documents,
            cache=self.pipeline.cache,
            prices=self.pipeline.learned_costs,
            recorder=self._build_recorder(),
            client_cache_seconds=self.service.client_cache_seconds,
            live=self._live,
            answer_seconds=self.service.operation_seconds * MAX_ANSWER_RATIO,
        )

    def _build_live(self) -> LiveDocuments | None:
        if self.service.live is None:
            return None
        runner = OperationRunner(self._schema, self.documents, recorder=self._build_recorder())
        readiness = self.readiness
        return live_documents(
            self.service.live, self._build_admission(), runner, self.pipeline, lambda: readiness.draining
        )

    def _build_documents(self, earlier: DocumentStore | None) -> DocumentStore:
        service = self.service
        documents = DocumentStore(
            core_schema(self._schema),
            service.trusted_documents,
            trusted_only=service.trusted_only,
            limits=LimitChecker(service.document_limits, introspection=service.introspection),
            list_length=self.pipeline.list_lengths,
            earlier=earlier,
        )
        if errors := documents.trusted_errors():
            raise SettingsError(f"documents.manifest: {errors[0]}")
        return documents

    def _build_admission(self) -> Admission:
        return Admission(
            self.authenticator,
            get=self.service.get_queries,
            purposes=self.service.purposes,
            load_shedder=self.load_shedder,
            use_ticket=self._break_glass.use_ticket if self._break_glass else None,
        )

    def _build_break_glass(self) -> BreakGlass | None:
        log, reviewers_url = self.service.disclosure_log, self.service.reviewers_url
        if log is None or reviewers_url is None:
            return None
        return BreakGlass(self.authenticator, self._signer, log, reviewers_url, limit=self.opening_limit)

    def _build_recorder(self) -> DisclosureRecorder | None:
        log = self.service.disclosure_log
        if log is None:
            return None
        return DisclosureRecorder(core_schema(self._schema), log, self.service.policy_digest)

    def _build_routes(self) -> list[BaseRoute]:
        pipeline, service = self.pipeline, self.service
        claim = None if service.fleet is None else service.fleet.claim
        operators = Operators(self.authenticator, pipeline.districts)
        return [
            *self.readiness.routes(),
            *operator_routes(operators, pipeline, self.readiness, service.workers),
            *DistrictHealthRoute(self._reports.readiness_of, operators).routes(),
            *self._status.routes(),
            *self._metrics.routes(operators),
            *Webhooks(service.webhook_keys, pipeline.cache.purge, claim).routes(),
            *(self._break_glass.routes() if self._break_glass else ()),
            *(service.dashboard.routes() if service.dashboard else ()),
            *(service.graphiql.routes(service.purposes) if service.graphiql else ()),
            *self._assistant_routes(),
        ]

    def _assistant_routes(self) -> list[BaseRoute]:
        return assistant_routes(
            self.service,
            self._assistants,
            core_schema(self._schema),
            self.documents,
            view=self._view,
            load_shedder=self.load_shedder,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Start background work before the first request, and end it after the last one."""
        self.start()
        yield
        await self.close()

    def start(self, running: Application | None = None) -> None:
        """Start background work, in place of the application that runs under the settings so far."""
        self.pipeline.start()
        self.load_shedder.share_among({district.id: district.weight for district in self.service.districts})
        self.service.workers.offer(MEMORY, self.memory.report)
        self.service.workers.offer(SOURCES, self._reports.sources)
        if running is not None:
            running.stop_taking_requests()
        self._background.start()
        self._metrics.start()
        if running is None or running.load_shedder is not self.load_shedder:
            self.load_shedder.start()
        if running is None:
            if self.service.disclosure_log is not None:
                self.service.disclosure_log.start()
            self.readiness.start()

    def stop_taking_requests(self) -> None:
        """Begin no further background work: other settings hold now, and only the requests under way are left."""
        self._background.stop_waiting()
        self._status.streams.end()
        if self._live is not None:
            self._live.end()

    async def retire(self, living: Sequence[Application]) -> None:
        """Close what no application in `living` uses; the last request has ended, running warm-ups end first."""
        await self._background.finish()
        if self._break_glass is not None:
            await self._break_glass.finish()
        if all(other.load_shedder is not self.load_shedder for other in living):
            self.load_shedder.stop()
        await self.authenticator.close({keys for other in living for keys in other.authenticator.keys})
        used = {source for other in living for source in other.pipeline.sources}
        removed = [source for source in self.pipeline.sources if source not in used]
        await self.pipeline.retire(removed)
        clients = {source.adapter.http for source in removed} - {source.adapter.http for source in used}
        await asyncio.gather(*(client.aclose() for client in clients))

    async def close(self) -> None:
        """End background work at the end of the process."""
        await self._metrics.close()
        self.load_shedder.stop()
        await self._background.close()
        await self.pipeline.close()
        await self.authenticator.close()
        if self._break_glass is not None:
            await self._break_glass.close()
        if self.service.disclosure_log is not None:
            await self.service.disclosure_log.close()
        await asyncio.gather(*(source.adapter.http.aclose() for source in self.pipeline.sources))
