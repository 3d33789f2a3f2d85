"""Runs a service in this process: socket, HTTP server, and an orderly stop."""

from __future__ import annotations

import asyncio
import errno
import functools
import gc
import math
import resource
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from student_graph.adapters.registry import SettingsError
from student_graph.gateway import logs
from student_graph.gateway.server.allocator import FreeMemoryReturn, configure_allocator
from student_graph.gateway.server.client_connection import ClientConnection
from student_graph.gateway.server.connection_table import MAX_CONNECTIONS, ConnectionTable
from student_graph.gateway.server.garbage import GarbageCollection
from student_graph.gateway.server.reloading import ReloadableApplication, SettingsLoader
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.web.routes.health import Readiness

SHUTDOWN_GRACE_SECONDS = 10
"""How long requests in flight may take to finish after the process stops to listen."""
LISTEN_BACKLOG_CONNECTIONS = 2048
OTHER_OPEN_FILES = 512
"""Files that the process may have open besides the connections of clients: vendors, Redis, the record, itself."""


def listen(host: str, port: int) -> socket.socket:
    """
    Open a listening socket, before anything else starts, so that a port in use is reported first.

    Raises:
        SettingsError: the port is in use, or the address is not one of this machine.
    """
    try:
        return _open_socket(host, port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(f"port {port} is in use; choose another one") from None
        raise SettingsError(f"cannot listen on {host} port {port}: {exc.strerror}") from None


def _open_socket(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(LISTEN_BACKLOG_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


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
) -> None:
    """
    Serve until a signal to stop, then finish the requests in flight; call `on_ready` once requests are answered.

    With a `loader`, the settings are read again on SIGHUP, and when it says that they have changed.

    Raises:
        SettingsError: a trusted document is not valid for the schema.
    """
    logs.configure()
    configure_allocator()
    application = Application(service)
    connections = ConnectionTable(per_address=service.connections_per_address, total=max_connections())
    reloadable = ReloadableApplication(application, loader) if loader is not None else None
    config = server_config(reloadable or application.asgi, connections)
    server = _Server(config, application.readiness, service.drain_seconds, on_ready, reloadable=reloadable)
    if reloadable is not None:
        signal.signal(signal.SIGHUP, server.remember_hangup)
    server.run(sockets=[listener])


def server_config(app: ASGIApp, connections: ConnectionTable) -> uvicorn.Config:
    """The settings of the HTTP server for an application; `connections` bounds those of clients."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=functools.partial(ClientConnection, connections),  # type: ignore[arg-type] # called like a class
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
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


class _Server(uvicorn.Server):
    """Becomes unready some time before it stops to listen, and exits with success after a signal to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        drain_seconds: float,
        on_ready: Callable[[], None],
        *,
        reloadable: ReloadableApplication | None,
    ) -> None:
        super().__init__(config)
        self._reloadable = reloadable
        self._had_hangup = False
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._on_ready = on_ready
        self._free_memory_return = FreeMemoryReturn()
        self._garbage_collection = GarbageCollection()
        self._stops_at = math.inf
        """When to stop to listen, in monotonic seconds."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._garbage_collection.start()
        if self._reloadable is not None:
            self._reload_on_hangup(self._reloadable)
        self._on_ready()

    def _reload_on_hangup(self, reloadable: ReloadableApplication) -> None:
        """Read the settings again on SIGHUP, also on one that came during the start."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloadable.request_reload)
        if self._had_hangup:
            reloadable.request_reload()

    def remember_hangup(self, _: int, __: FrameType | None) -> None:
        """Handle a SIGHUP before the event loop does: it must not end the process, and counts once that runs."""
        self._had_hangup = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._garbage_collection.stop()

    async def on_tick(self, counter: int) -> bool:
        self._free_memory_return.check()
        self._garbage_collection.check(is_idle=not self.server_state.tasks)
        return await super().on_tick(counter) or time.monotonic() >= self._stops_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Become unready at once, and stop after the configured time; a second signal stops the process now."""
        if self._readiness.draining:
            self.should_exit = self.force_exit = True
        self._readiness.drain()
        self._stops_at = time.monotonic() + self._drain_seconds
