"""Server-sent events: one stream for each open status page, within a budget, that never holds up a shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MAX_STREAMS = 64
"""Streams of all viewers in one process."""
MAX_STREAMS_PER_VIEWER = 4
CHECK_SECONDS = 0.25
"""How often a stream looks whether it must end."""
REPORT_SECONDS = 1.0
"""How often a stream looks for changes."""
HEARTBEAT_SECONDS = 15.0
"""Time without an event after which a comment is sent, so that no proxy takes the connection for idle."""
MAX_STREAM_SECONDS = 300.0
"""A stream ends after this time. The page opens another one, for which the token must still be valid."""


class EventStreams:
    """The budget of the streams of one application, and its end."""

    def __init__(
        self,
        is_ending: Callable[[], bool],
        *,
        max_streams: int = MAX_STREAMS,
        max_per_viewer: int = MAX_STREAMS_PER_VIEWER,
    ) -> None:
        """All streams end when `is_ending` is true, as when the process drains, or after `end`."""
        self._is_ending = is_ending
        self._max_streams, self._max_per_viewer = max_streams, max_per_viewer
        self._has_ended = False
        self._open: Counter[Hashable] = Counter()

    @property
    def count(self) -> int:
        """Streams that are open now."""
        return self._open.total()

    @property
    def ending(self) -> bool:
        """Whether all streams must end."""
        return self._has_ended or self._is_ending()

    def end(self) -> None:
        """End all streams: other settings hold now."""
        self._has_ended = True

    def has_room(self, viewer: Hashable) -> bool:
        """Whether a viewer may open one more stream."""
        is_free = self.count < self._max_streams and self._open[viewer] < self._max_per_viewer
        return is_free and not self.ending

    def open(self, viewer: Hashable) -> None:
        """Count a stream of a viewer."""
        self._open[viewer] += 1

    def close(self, viewer: Hashable) -> None:
        """Count a stream of a viewer no more."""
        self._open[viewer] -= 1
        self._open += Counter()  # leaves out viewers without a stream


class EventStream(Response):
    """A response that sends a report whenever it changes, until the client, its time or the process ends it."""

    def __init__(self, streams: EventStreams, viewer: Hashable, report: Callable[[], Awaitable[bytes]]) -> None:
        """Send the reports of a viewer; the stream counts as open from now on."""
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]
        self._streams, self._viewer, self._report = streams, viewer, report
        streams.open(viewer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events. A client that does not read is cut off when the process ends."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send_until_end(receive, send)
        finally:
            self._streams.close(self._viewer)

    async def _send_until_end(self, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_wait_for_end(receive))
        ends_at = time.monotonic() + MAX_STREAM_SECONDS
        try:
            while not self._streams.ending and time.monotonic() < ends_at:
                done, _ = await asyncio.wait(
                    (sending, leaving), timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if done:
                    return
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), CHECK_SECONDS)

    async def _send(self, send: Send) -> None:
        last, sent_at = b"", time.monotonic()
        while True:
            report, now = await self._report(), time.monotonic()
            if report != last:
                last, sent_at = report, now
                await send({"type": "http.response.body", "body": b"data: " + report + b"\n\n", "more_body": True})
            elif now - sent_at >= HEARTBEAT_SECONDS:
                sent_at = now
                await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
            await asyncio.sleep(REPORT_SECONDS)


async def _wait_for_end(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
