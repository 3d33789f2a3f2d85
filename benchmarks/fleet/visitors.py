"""The viewers of one district, who send requests to a gateway in the same process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

VIEWERS_PER_DISTRICT = 60
"""Viewers who send the requests of a district in turns."""
MAX_UNDER_WAY = 1_800
"""Maximum number of requests of a district at the same time: nearly all that a process handles at once."""
RUN_DELAY = Path("/proc/thread-self/schedstat")
PAGE = """query ($id: String!) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel
    courseGrades { letter numeric } attendanceEvents { totalCount } } districts { students(first: 20) {
    edges { node { studentUniqueId gradeLevel name { firstName lastName } } } } } }"""
NO_DATA = "{ __typename }"
"""A query for which no vendor is asked."""


def seconds_with_processor() -> float:
    """A clock that stands still while this thread is ready to run and others have the processor."""
    return time.monotonic() - int(RUN_DELAY.read_text(encoding="ascii").split()[1]) / 1e9


def token(district: str, viewer: int) -> str:
    """The token of a viewer."""
    return f"{district}-{viewer:04d}-".ljust(40, "t")


@dataclass
class Visitors:
    """The viewers of one district, who send requests in turns."""

    app: ASGIApp
    district: str
    students: Sequence[str]
    numbers: Iterator[int] = field(default_factory=itertools.count)
    under_way: int = 0
    seconds: list[float] = field(default_factory=list)
    """Time of each complete answer, from the moment at which its request was due."""
    refused: int = 0
    """Requests that were refused, or whose answer is incomplete."""
    incomplete_seconds: list[float] = field(default_factory=list)
    """Time of each answer that names what is missing."""
    own_seconds: float = 0.0
    """Processor time for making the requests. It is included in the times, but is no work of the gateway."""

    async def send(self, due_at: float | None = None, query: str = PAGE) -> None:
        """Send the request of the next viewer, which was due at a time or is due now, and note its outcome."""
        cpu = time.thread_time()
        number = next(self.numbers)
        viewer, round_ = number % VIEWERS_PER_DISTRICT, number // VIEWERS_PER_DISTRICT
        student = self.students[(7 * viewer + round_) % len(self.students)]  # almost never the same page again
        body = json.dumps({"query": query, "variables": {"id": student}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {token(self.district, viewer)}".encode()),
        ]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
        sent: list[Any] = []
        messages: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop()

        async def keep(message: Message) -> None:
            sent.append(message)

        # The clock may show less than the time that is due, if another program had the processor meanwhile.
        now = seconds_with_processor()
        began_at = now if due_at is None else min(due_at, now)
        self.under_way += 1
        self.own_seconds += time.thread_time() - cpu
        try:
            await self.app(scope, receive, keep)
        finally:
            self.under_way -= 1
        seconds, is_answered = seconds_with_processor() - began_at, sent[0]["status"] == 200
        is_complete = is_answered and b'"errors"' not in sent[1]["body"]
        if is_complete:
            self.seconds.append(seconds)
        elif is_answered:
            self.incomplete_seconds.append(seconds)
        self.refused += not is_complete

    def forget(self) -> None:
        """Forget the outcomes so far."""
        self.seconds, self.incomplete_seconds, self.refused = [], [], 0

    async def send_steadily(self, per_second: float) -> None:
        """Send so many requests a second until cancelled, `MAX_UNDER_WAY` of them at once at most."""
        tasks, due_at = set[asyncio.Task[None]](), seconds_with_processor()
        try:
            while True:
                if self.under_way < MAX_UNDER_WAY:
                    task = asyncio.create_task(self.send(due_at))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                due_at += 1 / per_second
                await asyncio.sleep(max(0.0, due_at - seconds_with_processor()))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def sending(self, per_second: float) -> AsyncIterator[None]:
        """Send so many requests a second inside the context."""
        task = asyncio.create_task(self.send_steadily(per_second))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
