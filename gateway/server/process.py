"""Runs a service in this process: socket, HTTP server, and an orderly stop."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import math
import resource
import signal
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from student_graph.gateway import logs
from student_graph.gateway.server.allocator import FreeMemoryReturn, configure_allocator
from student_graph.gateway.server.clients.connection_table import MAX_CONNECTIONS, ConnectionTable
from student_graph.gateway.server.clients.early_refusals import Headers, RefusingConnection
from student_graph.gateway.server.clients.trusted_proxies import TrustedProxies, on_every_socket
from student_graph.gateway.server.garbage import GarbageCollection
from student_graph.gateway.server.reloading import ReloadableApplication, SettingsLoader
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.server.workers.accepting import Acceptor
from student_graph.gateway.server.workers.member import Membership
from student_graph.gateway.server.workers.rates import share_rates
from student_graph.gateway.web.observing import trace_ids
from student_graph.gateway.web.routes.health import Readiness

log = logging.getLogger("student_graph.gateway")

NOT_ADMITTED = 3
"""Exit status of a worker whose settings the other workers refuse."""
SHUTDOWN_GRACE_SECONDS = 10
"""How long requests in flight may take to finish after the process stops to listen."""
OTHER_OPEN_FILES = 512
"""Files that the process may have open besides the connections of clients: vendors, Redis, the record, itself."""


def freeze_garbage_collector() -> None:
    """
    Exclude all objects that exist now from garbage collection: code, schema and plans live as long as the process.

    Otherwise the collector walks through all of them during every large response.
    """
    gc.collect()
    gc.freeze()


def run(
    service: Service,
    listener: socket.socket,
    on_ready: Callable[[], None],
    loader: SettingsLoader | None = None,
    member: Membership | None = None,
) -> int:
    """
    Serve until a signal to stop, then finish the requests in flight; call `on_ready` once requests are answered.

    With a `loader`, the settings are read again on SIGHUP, and when it says that they have changed. `member` makes
    the process one of several workers.

    Returns:
        The exit status: 0, or `NOT_ADMITTED` if the other workers refuse this one's settings.

    Raises:
        SettingsError: a trusted document is not valid for the schema.
    """
    logs.configure(trace_ids=trace_ids)
    configure_allocator()
    application = Application(service)
    connections = ConnectionTable(
        per_address=service.connections_per_address,
        total=max_connections(),
        proxies=TrustedProxies(service.trusted_proxies),
    )
    reload_all = None if member is None else member.request_reload
    reloadable = ReloadableApplication(application, loader, reload_all) if loader is not None else None
    refuses = application.early_refusals.refuses if reloadable is None else reloadable.refuses
    config = server_config(reloadable or application.asgi, connections, service.trusted_proxies, refuses)
    if member is not None and reloadable is not None and loader is not None:
        parts = _WorkerParts(member, reloadable, loader, connections)
    else:
        parts = None
    server = _Server(
        config,
        application.readiness,
        service.drain_seconds,
        on_ready,
        _cached_bytes(application, reloadable),
        reloadable=reloadable,
        parts=parts,
    )
    del application, service  # a reload replaces them, and nothing else keeps what it removes
    if reloadable is not None:
        signal.signal(signal.SIGHUP, server.remember_hangup)
    server.run(sockets=[listener])
    return server.exit_status


def _cached_bytes(application: Application, reloadable: ReloadableApplication | None) -> Callable[[], int]:
    """A function that returns what the caches of the present settings hold, by their own estimate."""
    if reloadable is not None:
        return lambda: reloadable.application.memory.used_bytes
    memory = application.memory
    return lambda: memory.used_bytes


def server_config(
    app: ASGIApp,
    connections: ConnectionTable,
    trusted_proxies: Collection[str] = (),
    refuses: Callable[[str, Headers], bool] = lambda *_: False,
) -> uvicorn.Config:
    """
    The settings of the HTTP server for an application; `connections` bounds those of clients.

    `refuses` says whether a query from a host, with these headers, is refused because there is too much to do.

    The client of a request that one of `trusted_proxies`, addresses or networks, passes on is the last address in
    its `X-Forwarded-For` that is no trusted proxy.
    """
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=functools.partial(RefusingConnection, connections, refuses),  # type: ignore[arg-type] # called like a class
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=on_every_socket(trusted_proxies),
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
    )


def max_connections() -> int:
    """How many connections of clients the process may have, after its limit of open files is raised for them."""
    required = MAX_CONNECTIONS + OTHER_OPEN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < required:
        soft = required if hard == resource.RLIM_INFINITY else min(required, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(soft - OTHER_OPEN_FILES, soft // 2))


@dataclass(frozen=True, slots=True)
class _WorkerParts:
    """What a server needs as one of several workers."""

    member: Membership
    reloadable: ReloadableApplication
    loader: SettingsLoader
    connections: ConnectionTable


class _Server(uvicorn.Server):
    """Becomes unready some time before it stops to listen, and exits with success after a signal to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        drain_seconds: float,
        on_ready: Callable[[], None],
        cached_bytes: Callable[[], int],
        *,
        reloadable: ReloadableApplication | None,
        parts: _WorkerParts | None = None,
    ) -> None:
        super().__init__(config)
        self.exit_status = 0
        self._reloadable, self._parts = reloadable, parts
        self._acceptor: Acceptor | None = None
        self._sharing_rates: asyncio.Task[None] | None = None
        self._had_hangup = False
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._on_ready = on_ready
        self._free_memory_return = FreeMemoryReturn()
        self._garbage_collection = GarbageCollection(cached_bytes=cached_bytes)
        self._stops_at = math.inf
        """When to stop to listen, in monotonic seconds."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(logs.handle_loop_error)
        if self._parts is None:
            await super().startup(sockets)
        elif not await self._start_worker(self._parts):
            return
        self._garbage_collection.start()
        if self._reloadable is not None:
            self._reload_on_hangup(self._reloadable)
        self._on_ready()

    async def _start_worker(self, parts: _WorkerParts) -> bool:
        """Connect to the supervisor, and accept connections if it admits this worker; return whether it does."""
        await parts.member.connect(parts.reloadable, self._stop_with_all, self._stop_alone)
        await super().startup([])
        refusal = await parts.member.admission(parts.loader.files_digest)
        if refusal is not None:
            log.error("this worker does not start, because the other workers refuse its settings: %s", refusal)
            self.should_exit, self.exit_status = True, NOT_ADMITTED
            return False
        make_protocol: Callable[[], asyncio.Protocol] = functools.partial(
            self.config.http_protocol_class,  # type: ignore[call-arg] # as uvicorn itself calls it
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        member = parts.member
        self._acceptor = Acceptor(
            member.listener, member.board, member.number, make_protocol, lambda: len(parts.connections)
        )
        self._sharing_rates = asyncio.create_task(share_rates(member, parts.reloadable.viewer_rates))
        self._acceptor.start()
        return True

    def _stop_with_all(self, number: int) -> None:
        """Stop because the supervisor got a signal. The worker may have got it, too: that is one signal."""
        if not self._readiness.draining:
            self.handle_exit(number, None)

    def _stop_alone(self) -> None:
        """Stop because the supervisor has gone."""
        if not self.should_exit:
            log.error("the supervisor has gone: this worker stops")
            self.handle_exit(signal.SIGTERM, None)

    def _reload_on_hangup(self, reloadable: ReloadableApplication) -> None:
        """Read the settings again on SIGHUP, also on one that came during the start."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloadable.request_reload)
        if self._had_hangup:
            reloadable.request_reload()

    def remember_hangup(self, _: int, __: FrameType | None) -> None:
        """Handle a SIGHUP before the event loop does: it must not end the process, and counts once that runs."""
        self._had_hangup = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._acceptor is not None:
            self._acceptor.stop()
        await super().shutdown(sockets)
        self._garbage_collection.stop()
        if self._parts is not None:
            self.should_exit = True
            if self._sharing_rates is not None:
                self._sharing_rates.cancel()
            await self._parts.member.close()

    async def on_tick(self, counter: int) -> bool:
        self._free_memory_return.check()
        self._garbage_collection.check(is_idle=not self.server_state.tasks)
        if self._acceptor is not None:
            self._acceptor.note()
        return await super().on_tick(counter) or time.monotonic() >= self._stops_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """
        Become unready at once, and stop after the configured time; a second signal stops the process now.

        After SIGINT it does not wait: somebody pressed Ctrl+C, and no load balancer has to notice.
        """
        if self._readiness.draining:
            self.should_exit = self.force_exit = True
        self._readiness.drain()
        drain_seconds = 0.0 if sig == signal.SIGINT else self._drain_seconds
        self._stops_at = time.monotonic() + drain_seconds
