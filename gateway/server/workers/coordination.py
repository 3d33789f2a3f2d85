"""What the supervisor does for its workers besides starting them: reports, claims, and one reload for all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from student_graph.gateway.server.workers.channel import Channel, ChannelError, Handler

log = logging.getLogger("student_graph.workers")

REPORT_SECONDS = 1.0
"""How long a worker may take to report; one that takes longer is left out."""
RELOAD_SECONDS = 60.0
"""How long a worker may take to build the new settings."""
MAX_RELOAD_ATTEMPTS = 3
"""Attempts to find the same files in all workers, while somebody writes them."""
MAX_CLAIMS = 200_000
"""Pieces of work and break-glass slots that belong to a worker now."""


class ConnectedWorker(Protocol):
    """A worker that runs."""

    number: int
    """Its position among all workers, from 1."""
    pid: int
    since: float
    """When it became ready, in seconds since 1970."""
    channel: Channel

    @property
    def connections(self) -> int | None:
        """Its open connections; None if it accepts none."""


class Claims:
    """Which pieces of work have been given to a worker, until when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a clock that returns monotonic seconds."""
        self._clock = clock
        self._until: dict[str, float] = {}

    def take(self, name: str, seconds: float) -> bool:
        """Take a piece of work for `seconds`; return False if it is taken."""
        now = self._clock()
        if self._until.get(name, now) > now:
            return False
        if len(self._until) >= MAX_CLAIMS:
            self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[name] = now + seconds
        return True

    def release(self, name: str) -> None:
        """Let a piece of work be taken again."""
        self._until.pop(name, None)


class Coordination:
    """Answers the requests of workers, and asks all of them."""

    def __init__(self, ready: Callable[[], Iterable[ConnectedWorker]], restarts: Callable[[], int]) -> None:
        """`ready` returns the workers that answer requests, and `restarts` how many were replaced."""
        self._ready, self._restarts = ready, restarts
        self._claims = Claims()
        self._files = ""
        """Digest of the files that the present settings come from."""
        self._reloading = asyncio.Lock()
        self._reload_waits = False

    def handlers(self, number: int) -> Mapping[str, Handler]:
        """What a worker may ask for."""

        async def collect(name: str) -> list[tuple[int, Any]]:
            return await self._ask_others(number, "report", name, REPORT_SECONDS)

        async def broadcast(payload: tuple[str, Any, float]) -> int:
            name, content, seconds = payload
            return len(await self._ask_others(number, "notify", (name, content), seconds))

        async def claim(payload: tuple[str, float]) -> bool:
            return self._claims.take(*payload)

        async def release(name: str) -> None:
            self._claims.release(name)

        async def reload(_: None) -> None:
            await self.reload()

        async def workers(_: None) -> dict[str, Any]:
            return self.report()

        return {
            "collect": collect,
            "broadcast": broadcast,
            "claim": claim,
            "release": release,
            "reload": reload,
            "workers": workers,
        }

    def report(self) -> dict[str, Any]:
        """The workers that answer requests, as JSON."""
        workers = [
            {"number": w.number, "pid": w.pid, "since": round(w.since), "connections": w.connections}
            for w in self._ready()
        ]
        return {"workers": workers, "restarts": self._restarts()}

    async def _ask_others(self, number: int, kind: str, payload: Any, seconds: float) -> list[tuple[int, Any]]:
        """The answers of all workers but one; those that do not answer in time are left out."""
        others = [worker for worker in self._ready() if worker.number != number]
        return [pair for pair in await _ask(others, kind, payload, seconds) if not _has_failed(pair[1])]

    async def admit(self, files: str) -> str | None:
        """
        Return None if a new worker has the settings that all others have, or that they apply now.

        `files` is the digest of the files that it has read. If the others refuse these files, return the reason.
        """
        async with self._reloading:
            if not self._files or not list(self._ready()):
                self._files = files
            return None if files == self._files else await self._reload_all()

    async def reload(self) -> None:
        """Let all workers apply the settings as they are now, or none of them."""
        if self._reload_waits:
            return  # one that has not begun does for all
        self._reload_waits = True
        async with self._reloading:
            self._reload_waits = False
            await self._reload_all()

    async def _reload_all(self) -> str | None:
        """Return why the settings are refused; None if they were applied."""
        workers = list(self._ready())
        reason: str | None = None
        for _ in range(MAX_RELOAD_ATTEMPTS):
            answers = await _ask(
                workers, "prepare", min((worker.number for worker in workers), default=0), RELOAD_SECONDS
            )
            reason, digests = _outcome(answers)
            if reason is not None or len(digests) == 1:
                break
            reason = "the files changed while they were read"
        if reason is not None:
            await _ask(workers, "refuse", reason, RELOAD_SECONDS)
            return reason
        await _ask(workers, "apply", None, RELOAD_SECONDS)
        [self._files] = digests
        return None


def _outcome(answers: Iterable[tuple[int, Any]]) -> tuple[str | None, set[str]]:
    """Why the workers refuse settings, None if none does; and the digests of the files that they have read."""
    reason, digests = None, set()
    for number, answer in answers:
        if isinstance(answer, ChannelError):
            if answer.is_gone:
                continue  # it has ended, and the one that replaces it reads the present files
            reason = reason or f"worker {number}: {answer}"
        elif answer["refusal"] is not None:
            reason = reason or answer["refusal"]
        else:
            digests.add(answer["files"])
    if reason is None and not digests:
        reason = "no worker is ready"
    return reason, digests


def _has_failed(answer: Any) -> bool:
    return isinstance(answer, ChannelError)


async def _ask(
    workers: Iterable[ConnectedWorker], kind: str, payload: Any, seconds: float
) -> list[tuple[int, Any]]:
    """The answer of each worker by its number, a `ChannelError` in place of one that does not come."""

    async def ask(worker: ConnectedWorker) -> tuple[int, Any]:
        try:
            return worker.number, await worker.channel.request(kind, payload, seconds)
        except ChannelError as error:
            return worker.number, error

    return list(await asyncio.gather(*map(ask, workers)))
