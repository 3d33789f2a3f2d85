"""The only place where everything meets: districts and their sources, viewers, schema, and the doors."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import math
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway import logs
from student_graph.gateway.auth import Authenticator, Issuer
from student_graph.gateway.cache import Limits, Fleet
from student_graph.gateway.disclosure import DisclosureLog, DisclosureRecorder
from student_graph.gateway.documents.hardening import harden_graphql_core
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import configured_executor, executor_class
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.admission import Admission, Purposes
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.routes.break_glass import BreakGlass
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.routes.health import Readiness
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder
from student_graph.gateway.web.routes.purge import PurgeRoutes
from student_graph.gateway.web.response import SecurityHeaders
from student_graph.gateway.web.routes.webhooks import Secrets, Webhooks
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.schema import core_schema, make_schema

PATIENCE = 10
"""Seconds that requests under way are given when the gateway stops."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one process serves."""

    districts: Sequence[District]
    viewers: Mapping[str, Viewer]
    """By token."""
    explorer: GraphiQLPage | None = None
    """GraphiQL, where a browser may have it."""
    hosts: Sequence[str] = ("*",)
    """Host names that requests may be addressed to."""
    drain: float = 0.0
    """Seconds between the signal to stop and the door's closing."""
    get_queries: bool = False
    """Whether queries may come by GET; their variables then stand in addresses, and in logs on the way."""
    defer: bool = False
    """Whether documents may ask for parts of their answers later."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Trusted documents, by the SHA-256 of their text."""
    trusted_only: bool = False
    """Whether no other documents are answered."""
    cache: Limits = field(default_factory=Limits)
    """How much is kept of what sources say."""
    client_seconds: int = 0
    """For how long a client may keep an answer for itself; 0 for not at all."""
    others: Fleet | None = None
    """The other processes of the fleet."""
    hooks: Secrets = field(default_factory=dict)
    """Keys of the sources that say when something changed."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """What cursors are sealed with: the same in all processes of a fleet."""
    introspection: bool = True
    """Whether documents may ask what the schema has, as GraphiQL does."""
    document_limits: DocumentLimits = field(default_factory=DocumentLimits)
    """How large documents and variables may be."""
    issuers: Sequence[Issuer] = ()
    """Who else may say who asks."""
    origins: Collection[str] = ()
    """Origins of web pages that may ask."""
    loads: LoadLimits = field(default_factory=LoadLimits)
    """How much is taken on at once."""
    purposes: Purposes = field(default_factory=Purposes)
    """What requests may say that they are for."""
    disclosures: DisclosureLog | None = None
    """Where it is recorded what was disclosed to whom."""
    reviewers: str | None = None
    """Address that is told when something is opened for a child's health or safety; None where nothing can be."""
    policy: str = ""
    """Digest of what the settings say of who may see what; it stands in that record."""
    dependents: frozenset[DistrictId] = frozenset()
    """Districts in which parents keep their rights when a child comes of age."""
    executor: str = field(default_factory=configured_executor)
    """What carries out operations: `breadth`, or `stock` for graphql-core's own."""
    readiness: Readiness = field(default_factory=Readiness)

    def app(self) -> ASGIApp:
        """
        The service as an application.

        Raises:
            SettingsError: a trusted document is none of this schema.
        """
        harden_graphql_core()
        schema = make_schema(executor_class(self.executor), defer=self.defer)
        limits = LimitChecker(self.document_limits, introspection=self.introspection)
        documents = DocumentStore(
            core_schema(schema), self.documents, trusted_only=self.trusted_only, limits=limits
        )
        if problems := documents.trusted_errors():
            raise SettingsError(f"documents.manifest: {problems[0]}")
        operations = FetchPipeline(
            self.districts, HmacSigner(self.secret), self.cache, self.others, dependents=self.dependents
        )
        viewers = Authenticator(self.viewers, self.issuers)
        load = LoadShedder(self.loads)
        operations.cache.vendor_wait = load.vendor_wait
        log, signer = self.disclosures, HmacSigner(self.secret)
        emergencies = BreakGlass(viewers, signer, log, self.reviewers) if log and self.reviewers else None
        admission = Admission(
            viewers,
            get=self.get_queries,
            purposes=self.purposes,
            load=load,
            emergency=emergencies.viewer if emergencies else None,
        )
        view = GraphQLView(
            schema,
            admission,
            operations.start_operation,
            documents,
            cache=operations.cache,
            disclosing=DisclosureRecorder(core_schema(schema), log, self.policy) if log is not None else None,
            client_seconds=self.client_seconds,
        )
        routes = [
            *self.readiness.routes(),
            *PurgeRoutes(operations.districts, viewers, operations.cache.purge).routes(),
            *Webhooks(self.hooks, operations.cache.purge).routes(),
            *(emergencies.routes() if emergencies else ()),
            *(self.explorer.routes() if self.explorer else ()),
        ]
        lifespan = partial(self._lifespan, operations, viewers, load, emergencies)
        pages = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)], lifespan=lifespan)
        door = GatewayApp(view, pages, self.hosts, load, explorer=self.explorer is not None)
        return _for_pages_of(self.origins, door) if self.origins else door

    @contextlib.asynccontextmanager
    async def _lifespan(
        self,
        operations: FetchPipeline,
        viewers: Authenticator,
        load: LoadShedder,
        emergencies: BreakGlass | None,
        _: Starlette,
    ) -> AsyncIterator[None]:
        others = self.others
        if others is not None:
            self.readiness.fleet = lambda: others.joined
        operations.cache.start()
        load.start()
        if self.disclosures is not None:
            self.disclosures.start()
        self.readiness.started = True
        yield
        load.stop()
        await operations.close()
        await viewers.close()
        if emergencies is not None:
            await emergencies.close()
        if self.disclosures is not None:
            await self.disclosures.close()
        sources = (source for district in self.districts for source in district.sources)
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))


def _for_pages_of(origins: Collection[str], door: ASGIApp) -> ASGIApp:
    """Let browsers hand answers to pages of these origins, and of no others."""
    return CORSMiddleware(
        door,
        allow_origins=sorted(origins),
        allow_methods=["POST"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Cache-Control",
            "Student-Graph-Purpose",
            "Student-Graph-Break-Glass",
        ],
        expose_headers=["Retry-After"],
    )


def listen(host: str, port: int) -> socket.socket:
    """
    A listening socket, opened first, so that a port in use is reported before anything else starts.

    Raises:
        SettingsError: the address is in use or not one of this machine.
    """
    try:
        return _listening_socket(host, port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(f"port {port} is in use; choose another one") from None
        raise SettingsError(f"cannot listen on {host} port {port}: {exc.strerror}") from None


def _listening_socket(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, proto)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def spare_collector() -> None:
    """
    Let the garbage collector pass over what is there now: code, schema and plans stay as long as the process.

    Otherwise every large answer has it walk through all of them.
    """
    gc.collect()
    gc.freeze()


def run(service: Service, bound: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until a signal to stop, then let requests under way finish; `on_ready` is told once all answer."""
    logs.configure()
    config = uvicorn.Config(
        service.app(),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=PATIENCE,
    )
    _Server(config, service, on_ready).run(sockets=[bound])


class _Server(uvicorn.Server):
    """Turns unready before it stops listening, and ends with success when it was asked to."""

    def __init__(self, config: uvicorn.Config, service: Service, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._on_ready = on_ready
        self._closes_at = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        spare_collector()
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or time.monotonic() >= self._closes_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say no to new work at once and close the door after the configured time; a second signal ends it now."""
        if self._service.readiness.draining:
            self.should_exit = self.force_exit = True
        self._service.readiness.draining = True
        self._closes_at = time.monotonic() + self._service.drain
