"""
Applies new settings while requests are answered.

A reload builds a complete second application from the settings and lets it answer all requests from one moment on.
Requests under way end on the first one, which is closed after the last of them. Whatever is wrong with the new
settings refuses them as a whole: the first application goes on, and the reason is logged and shown to operators.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from starlette.types import Message, Receive, Scope, Send

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import Source
from student_graph.gateway.cache import Purge
from student_graph.gateway.server.clients.early_refusals import Headers
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.web.routes.settings_status import Changes
from student_graph.gateway.web.token_bucket import ViewerRates

log = logging.getLogger("student_graph.gateway")

MAX_RETIRED_APPLICATIONS = 8
"""Earlier settings under which requests may still run; the next reload waits for one of them to end."""
SETTLE_SECONDS = 0.05
"""How long a request for a reload waits for further ones: an editor or a script writes several files."""


class SettingsLoader(Protocol):
    """Reads the settings again."""

    def load(self, running: Service) -> Service:
        """
        Return the service of the present settings. Sources that did not change are those of `running`.

        It is called in a thread.

        Raises:
            SettingsError: a setting is wrong, or cannot change while the gateway runs.
        """

    async def check(self, service: Service, sources: Sequence[Source]) -> None:
        """
        Ask the sources that are new in a service whether they answer.

        Raises:
            SettingsError: one of them does not.
        """

    @property
    def files_digest(self) -> str:
        """A digest of the files that were read last: the same in all processes that have read the same."""

    def apply(self) -> Changes:
        """Note that the settings that were read last are the present ones; returns how many districts change."""

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Call `on_change` whenever a file of the settings has changed, until cancelled."""


class _Running:
    """An application, and how many requests it answers now."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.requests = 0
        self.idle = asyncio.Event()
        """Set once its last request has ended, after others took over."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An application that may take over, and when its settings began to be read, in monotonic seconds."""

    application: Application
    added: Sequence[Source]
    """Its sources that the running application does not have."""
    started_at: float


class ReloadableApplication:
    """An ASGI application that is replaced by another one whenever the settings are read again."""

    def __init__(
        self,
        application: Application,
        loader: SettingsLoader,
        reload_all: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """
        Start with an application, and build later ones from what `loader` reads.

        `reload_all` lets all workers of the gateway reload, this one included; None if this process is alone.
        """
        self._running, self._loader = _Running(application), loader
        self._reload_all = reload_all or self._reload_alone
        self._status = application.readiness.settings
        self._prepared: _Prepared | None = None
        self._retiring: dict[_Running, asyncio.Task[None]] = {}
        """Earlier applications that still answer requests, oldest first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request under the settings that hold when it arrives, or handle startup and shutdown."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        running = self._running
        running.requests += 1
        try:
            await running.application.asgi(scope, receive, send)
        finally:
            running.requests -= 1
            if not running.requests and running is not self._running:
                running.idle.set()

    def refuses(self, host: str, headers: Headers) -> bool:
        """Whether the present application refuses a query by its head; see `EarlyRefusals`."""
        return self._running.application.early_refusals.refuses(host, headers)

    @property
    def application(self) -> Application:
        """The application that answers new requests."""
        return self._running.application

    def viewer_rates(self) -> ViewerRates | None:
        """How fast each viewer may send requests now; None for no limit."""
        return self._running.application.load_shedder.viewer_rates

    def request_reload(self) -> None:
        """Read the settings again soon. Requests that come during a reload are one reload after it."""
        self._requested.set()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Handle startup and shutdown of the process."""
        await receive()
        self._requested = asyncio.Event()
        self._running.application.start()
        tasks = [
            asyncio.create_task(self._reload_on_request()),
            asyncio.create_task(self._loader.watch(self.request_reload)),
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in chain(tasks, self._retiring.values()):
            task.cancel()
        await asyncio.gather(*tasks, *self._retiring.values(), return_exceptions=True)
        await self._drop()
        for running in list(self._retiring):
            await self._close(running)
        await self._running.application.close()
        complete: Message = {"type": "lifespan.shutdown.complete"}
        await send(complete)

    async def _reload_on_request(self) -> None:
        while True:
            await self._requested.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._requested.clear()
            await self._reload_all()

    async def _reload_alone(self) -> None:
        refusal, _ = await self.prepare(check_sources=True)
        if refusal is None:
            await self.apply()
        else:
            await self.refuse(refusal)

    async def prepare(self, *, check_sources: bool) -> tuple[str | None, str]:
        """
        Build an application from the present settings, and check it.

        With `check_sources`, sources that it adds are asked whether they answer.

        Returns:
            Why the settings are refused, None if they are right; and a digest of the files that were read.
        """
        try:
            await self._drop()
            await self._make_room()
            await self._prepare(time.monotonic(), check_sources=check_sources)
        except SettingsError as exc:
            return str(exc), ""
        except Exception as exc:  # noqa: BLE001 - a bug in the new settings' way must not end the present ones
            return f"internal error ({type(exc).__name__})", ""
        return None, self._loader.files_digest

    async def _prepare(self, started_at: float, *, check_sources: bool) -> None:
        running = self._running.application
        service = await asyncio.to_thread(self._loader.load, running.service)
        known = set(running.pipeline.sources)
        added = [source for district in service.districts for source in district.sources if source not in known]
        try:
            application = await asyncio.to_thread(Application, service, running)
            if check_sources:
                await self._loader.check(service, added)
        except BaseException:
            await self._close_clients(added)
            raise
        self._prepared = _Prepared(application, added, started_at)

    async def _drop(self) -> None:
        """Close the application that was prepared but is not applied."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            await self._close_clients(prepared.added)

    async def _close_clients(self, added: Sequence[Source]) -> None:
        known = {source.adapter.http for source in self._running.application.pipeline.sources}
        clients = {source.adapter.http for source in added} - known
        await asyncio.gather(*(client.aclose() for client in clients))

    async def refuse(self, reason: str) -> None:
        """Keep the earlier settings; the reason is logged, and shown to operators."""
        await self._drop()
        log.error("the new settings are refused, and the earlier ones stay in use: %s", reason)
        self._status.refuse(reason)

    async def _make_room(self) -> None:
        """Wait until few earlier applications answer requests."""
        while len(self._retiring) >= MAX_RETIRED_APPLICATIONS:
            await asyncio.wait(self._retiring.values(), return_when=asyncio.FIRST_COMPLETED)

    async def apply(self) -> None:
        """Let the application that was prepared answer all requests that come from now on."""
        prepared, self._prepared = self._prepared, None
        assert prepared is not None
        application, earlier = prepared.application, self._running
        districts = self._loader.apply()
        application.start(earlier.application)
        self._running = _Running(application)
        before, now = map(_by_name, (earlier.application.pipeline.sources, application.pipeline.sources))
        changes = [*_changes(before, now)]
        self._status.apply(changes, time.monotonic() - prepared.started_at)
        if not earlier.requests:
            earlier.idle.set()
        self._retiring[earlier] = asyncio.create_task(self._retire(earlier))
        self._status.retired = len(self._retiring)
        sources = Changes.between(*({name: id(named[name]) for name in named} for named in (before, now)))
        log.info("the new settings are in use: districts: %s; sources: %s", districts, sources)
        for source in set(before.values()) - set(now.values()):
            # Other processes and Redis may hold its answers under the same name.
            await application.pipeline.cache.purge(Purge(district=source.district, source=source.name))

    async def _retire(self, running: _Running) -> None:
        """Close an earlier application after its last request."""
        await running.idle.wait()
        try:
            await self._close(running)
        except Exception as exc:  # noqa: BLE001 - nobody waits for this task
            log.error("earlier settings could not be closed: %s", type(exc).__name__)  # noqa: TRY400

    async def _close(self, running: _Running) -> None:
        living = [self._running, *(other for other in self._retiring if other is not running)]
        try:
            await running.application.retire([other.application for other in living])
        finally:
            with suppress(KeyError):
                del self._retiring[running]
            self._status.retired = len(self._retiring)


def _by_name(sources: Sequence[Source]) -> dict[tuple[str, str], Source]:
    """Sources by district and name."""
    return {(source.district, source.name): source for source in sources}


def _changes(before: Mapping[tuple[str, str], Source], now: Mapping[tuple[str, str], Source]) -> Iterator[str]:
    """What a reload changed about sources, by district and name."""
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield f"{'/'.join(name)}: removed"
        elif name not in before:
            yield f"{'/'.join(name)}: added"
        elif before[name] is not now[name]:
            yield f"{'/'.join(name)}: changed"
