"""A worker's connection to the supervisor, and through it to all other workers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from student_graph.gateway.server.workers.assignment import SIGNING_KEY_BYTES, Assignment
from student_graph.gateway.server.workers.board import ConnectionBoard
from student_graph.gateway.server.workers.channel import Channel, ChannelError
from student_graph.gateway.server.workers.reports import Report

BROADCAST_TIMEOUT_SECONDS = 10.0
"""How long other workers may take by default to handle a broadcast message."""
SUPERVISOR_SECONDS = 5.0
"""How long the supervisor may take to answer, besides what it asks other workers for."""


class SharedReload(Protocol):
    """Applies new settings in two steps, so that all workers do or none of them."""

    async def prepare(self, *, check_sources: bool) -> tuple[str | None, str]:
        """
        Build what the present files say; only one worker asks the sources that are new whether they answer.

        Returns:
            Why the settings are refused, None if they are right; and a digest of the files.
        """

    async def apply(self) -> None:
        """Use what was prepared."""

    async def refuse(self, reason: str) -> None:
        """Drop what was prepared."""


class Membership:
    """One of several workers. Implements `Workers`."""

    def __init__(self, assignment: Assignment) -> None:
        """Use what the worker has inherited; the supervisor has sent the key already."""
        self._assignment = assignment
        self._socket = socket.socket(fileno=assignment.channel)
        self.listener = socket.socket(fileno=assignment.listener)
        self.board = ConnectionBoard(assignment.board, assignment.workers)
        self.signing_key = self._socket.recv(SIGNING_KEY_BYTES, socket.MSG_WAITALL)
        """Signs cursors and tickets in all workers."""
        self._reports: dict[str, Report] = {}
        self._listeners: dict[str, Callable[[Any], object]] = {}
        self._channel: Channel | None = None
        self._talking: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """The position of this worker, from 1."""
        return self._assignment.number

    @property
    def workers(self) -> int:
        """How many workers there are."""
        return self._assignment.workers

    async def connect(
        self, reload: SharedReload, on_stop: Callable[[int], None], on_gone: Callable[[], None]
    ) -> None:
        """
        Begin to talk.

        `on_stop` is called with the number of the signal that stops all workers, and `on_gone` when the supervisor
        has ended.
        """

        async def stop(number: int) -> None:
            on_stop(number)

        async def prepare(checks_sources: int) -> dict[str, str | None]:
            refusal, files = await reload.prepare(check_sources=checks_sources == self.number)
            return {"refusal": refusal, "files": files}

        async def apply(_: None) -> None:
            await reload.apply()

        async def refuse(reason: str) -> None:
            await reload.refuse(reason)

        async def beat(_: None) -> None:
            """Answer that this worker does not hang."""

        async def report(name: str) -> Any:
            return self._reports[name]()

        async def notify(payload: tuple[str, Any]) -> None:
            name, content = payload
            if name in self._listeners:
                self._listeners[name](content)

        handlers: Mapping[str, Callable[[Any], Awaitable[Any]]] = {
            "prepare": prepare,
            "apply": apply,
            "refuse": refuse,
            "report": report,
            "notify": notify,
            "stop": stop,
            "beat": beat,
        }
        self._channel = Channel(self._socket, handlers)
        self._talking = await self._channel.open()
        self._talking.add_done_callback(lambda task: None if task.cancelled() else on_gone())

    async def close(self) -> None:
        """Stop talking."""
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.wait({self._talking})

    async def admission(self, files: str) -> str | None:
        """Ask for admission with the digest of the files that were read; return why there is none, or None."""
        refusal: str | None = await self._ask("ready", files, None)
        return refusal

    async def request_reload(self) -> None:
        """Let all workers apply the settings as they are now."""
        await self._ask("reload", None, None)

    def offer(self, name: str, report: Report) -> None:
        """Answer by a function when a worker asks for reports of a name, in place of an earlier function."""
        self._reports[name] = report

    async def collect(self, name: str) -> Mapping[int, Any]:
        """Return the report of each worker by its number; one that does not answer within a second is left out."""
        try:
            others = dict(await self._ask("collect", name))
        except ChannelError:
            others = {}
        return dict(sorted({**others, self.number: self._reports[name]()}.items()))

    async def overview(self) -> Mapping[str, Any]:
        """Return the workers that run, and how many were replaced, as JSON."""
        overview: Mapping[str, Any] = await self._ask("workers", None)
        return overview

    def listen(self, name: str, listener: Callable[[Any], object]) -> None:
        """Pass the messages that other workers broadcast under a name to a function."""
        self._listeners[name] = listener

    async def broadcast(self, name: str, content: Any, seconds: float = BROADCAST_TIMEOUT_SECONDS) -> None:
        """Send a message to all other workers, and wait at most `seconds` until they have handled it."""
        await self._ask("broadcast", (name, content, seconds), seconds + SUPERVISOR_SECONDS)

    async def claim(self, name: str, seconds: float) -> bool:
        """Take a piece of work for `seconds`; return False if another worker has it."""
        is_taken: bool = await self._ask("claim", (name, seconds))
        return is_taken

    async def release(self, name: str) -> None:
        """Let a piece of work be taken again."""
        await self._ask("release", name)

    async def _ask(self, kind: str, payload: Any, seconds: float | None = SUPERVISOR_SECONDS) -> Any:
        if self._channel is None:
            raise ChannelError("the worker has not started", is_gone=True)
        return await self._channel.request(kind, payload, seconds)
