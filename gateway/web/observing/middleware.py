"""ASGI middleware that observes the requests for `/graphql`. It is there only if anybody observes the process."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from student_graph.gateway.concurrency.observation import Attribute, RequestNotes, Span, observe
from student_graph.gateway.web.media_types import EVENT_STREAM
from student_graph.gateway.web.observing.outcome import Outcome, outcome_of

ALL_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
OTHER_METHOD = "_OTHER"
"""What OpenTelemetry calls every other method: its name is text of the client."""


class RequestObserver(Protocol):
    """Traces and counts requests."""

    def start_request(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> Span | None:
        """Begin the span of a request with these headers; None if it is not traced."""

    def count_request(
        self,
        districts: Iterable[str],
        outcome: str,
        codes: Collection[str],
        seconds: float,
        *,
        suppressed_tables: int = 0,
        trace: tuple[str, str] | None = None,
    ) -> None:
        """Count a request that has ended."""


class ObservedApp:
    """An ASGI application whose requests for `/graphql` are observed."""

    def __init__(self, app: ASGIApp, observer: RequestObserver) -> None:
        """Let `observer` trace and count the requests to `app`."""
        self._app, self._observer = app, observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the application's startup and shutdown."""
        if scope["type"] != "http" or scope["path"] != "/graphql":
            await self._app(scope, receive, send)
            return
        status, is_sent, is_counted = 0, False, False

        async def send_observed(message: Message) -> None:
            nonlocal status, is_sent
            if message["type"] == "http.response.start":
                status = message["status"]
                await send(message)
                if _starts_stream(message.get("headers", ())):  # open for hours, and its first answer is ready
                    is_sent = True
                    count()
            else:
                await send(message)
                is_sent = message["type"] == "http.response.body" and not message.get("more_body")

        method = scope["method"] if scope["method"] in ALL_METHODS else OTHER_METHOD
        span = self._observer.start_request(method, scope["headers"])
        notes, started_at = RequestNotes(), time.perf_counter()

        def count() -> None:
            nonlocal is_counted
            if is_counted:
                return
            is_counted = True
            outcome = outcome_of(notes, status if is_sent else None)
            if outcome is not None:
                seconds = time.perf_counter() - started_at
                self._observer.count_request(
                    notes.districts,
                    outcome.value,
                    notes.codes,
                    seconds,
                    suppressed_tables=notes.suppressed_tables,
                    trace=None if span is None else span.ids,
                )
            if span is not None:
                _end(span, notes, outcome, status)

        observe(span, notes)
        try:
            await self._app(scope, receive, send_observed)
        finally:
            observe(None, None)
            count()


def _starts_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a response with these headers is a stream of events; every response is looked at."""
    for name, value in headers:
        if name == b"content-type":
            return value.startswith(_EVENT_STREAM)
    return False


_EVENT_STREAM = EVENT_STREAM.encode()


def _end(span: Span, notes: RequestNotes, outcome: Outcome | None, status: int) -> None:
    attributes: dict[str, Attribute] = {"http.response.status_code": status}
    if outcome is not None:
        attributes["student_graph.outcome"] = outcome.value
    if notes.codes:
        attributes["student_graph.error_codes"] = ",".join(sorted(notes.codes))
    span.set_all(attributes)
    span.end(str(status) if status >= 500 else None)
