"""ASGI middleware that observes the requests for `/graphql`. It is there only if anybody observes the process."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from time import perf_counter
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from student_graph.gateway.concurrency.observation import Attribute, RequestNotes, Span, observe
from student_graph.gateway.web.media_types import EVENT_STREAM
from student_graph.gateway.web.observing.outcome import outcome_of

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
        method = scope["method"] if scope["method"] in ALL_METHODS else OTHER_METHOD
        request = _ObservedRequest(self._observer, self._observer.start_request(method, scope["headers"]), send)
        observe(request.span, request.notes)
        try:
            await self._app(scope, receive, request.send)
        finally:
            observe(None, None)
            request.end()


class _ObservedRequest:
    """One request, from its head to the end of its response."""

    __slots__ = ("_has_ended", "_is_sent", "_observer", "_send", "_started_at", "_status", "notes", "span")

    def __init__(self, observer: RequestObserver, span: Span | None, send: Send) -> None:
        """Begin; `send` sends its response."""
        self._observer, self.span, self._send = observer, span, send
        self.notes = RequestNotes()
        self._status, self._is_sent, self._has_ended = 0, False, False
        self._started_at = perf_counter()

    async def send(self, message: Message) -> None:
        """Send a part of the response, and note how far it is."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            await self._send(message)
            if _starts_stream(message.get("headers", ())):  # open for hours, and its first answer is ready
                self._is_sent = True
                self.end()
        else:
            await self._send(message)
            self._is_sent = message["type"] == "http.response.body" and not message.get("more_body")

    def end(self) -> None:
        """Count the request, and end its span; only the first time."""
        if self._has_ended:
            return
        self._has_ended = True
        notes, span = self.notes, self.span
        outcome = outcome_of(notes, self._status if self._is_sent else None)
        if outcome is not None:
            self._observer.count_request(
                notes.districts,
                outcome,
                notes.codes,
                perf_counter() - self._started_at,
                suppressed_tables=notes.suppressed_tables,
                trace=None if span is None else span.ids,
            )
        if span is not None:
            _end(span, notes, outcome, self._status)


def _starts_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a response with these headers is a stream of events; every response is looked at."""
    for name, value in headers:
        if name == b"content-type":
            return value.startswith(_EVENT_STREAM)
    return False


_EVENT_STREAM = EVENT_STREAM.encode()


def _end(span: Span, notes: RequestNotes, outcome: str | None, status: int) -> None:
    attributes: dict[str, Attribute] = {"http.response.status_code": status}
    if outcome is not None:
        attributes["student_graph.outcome"] = outcome
    if notes.codes:
        attributes["student_graph.error_codes"] = ",".join(sorted(notes.codes))
    span.set_all(attributes)
    span.end(str(status) if status >= 500 else None)
