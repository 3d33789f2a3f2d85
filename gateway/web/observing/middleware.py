"""ASGI middleware that observes the requests for `/graphql`. It is there only if anybody observes the process."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from time import perf_counter
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from student_graph.gateway.concurrency.observation import Attribute, RequestNotes, Span, observe
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
        request = _ObservedRequest(self._observer, self._observer.start_request(method, scope["headers"]))
        observe(request.span, request)
        try:
            await self._app(scope, receive, send)
        finally:
            observe(None, None)
            request.end()


class _ObservedRequest(RequestNotes):
    """One request, from its head to the end of its response."""

    __slots__ = ("_has_ended", "_observer", "_started_at", "span")

    def __init__(self, observer: RequestObserver, span: Span | None) -> None:
        """Begin."""
        super().__init__()
        self._observer, self.span = observer, span
        self._has_ended = False
        self._started_at = perf_counter()

    def end(self) -> None:
        """Count the request, and end its span; only the first time."""
        if self._has_ended:
            return
        self._has_ended = True
        span, outcome = self.span, outcome_of(self)
        if outcome is not None:
            self._observer.count_request(
                self.districts,
                outcome,
                self.codes,
                perf_counter() - self._started_at,
                suppressed_tables=self.suppressed_tables,
                trace=None if span is None else span.ids,
            )
        if span is not None:
            _end(span, self, outcome)


def _end(span: Span, notes: RequestNotes, outcome: str | None) -> None:
    status = notes.status or 0
    attributes: dict[str, Attribute] = {"http.response.status_code": status}
    if outcome is not None:
        attributes["student_graph.outcome"] = outcome
    if notes.codes:
        attributes["student_graph.error_codes"] = ",".join(sorted(notes.codes))
    span.set_all(attributes)
    span.end(str(status) if status >= 500 else None)
