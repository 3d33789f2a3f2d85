"""
Observation of requests and their parts, for code that traces and measures the process.

The packages of the gateway open a span around their work, and record the result of a request. By default nobody
observes, and a span costs one read of a context variable. Attributes have only data of the gateway itself: names
of sources and lookups, counts and codes, never a text of a client or a vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Protocol, TypeAlias

Attribute: TypeAlias = str | int | float | bool
"""Value of an attribute of a span."""


class Span(Protocol):
    """A part of a request's work, from its beginning to its end."""

    def child(self, name: str, attributes: Mapping[str, Attribute], *, is_client: bool = False) -> Span:
        """Begin a part of this work; with `is_client` it is a request to another server."""

    def set(self, name: str, value: Attribute) -> None:
        """Set an attribute."""

    def set_all(self, attributes: Mapping[str, Attribute]) -> None:
        """Set several attributes."""

    def end(self, error: str | None = None) -> None:
        """End the work; `error` is the code or the type of the error with which it failed."""

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of the trace and of the span, in hexadecimal."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that tell a vendor about the trace; none unless the settings ask for them."""


class RequestNotes:
    """The result of a GraphQL request, as the packages that handle it record it."""

    __slots__ = ("codes", "districts", "status", "suppressed_tables", "was_cached", "was_executed", "was_page")

    def __init__(self) -> None:
        """Start without any result."""
        self.districts: Iterable[str] = ()
        """Districts of the viewer; empty as long as the viewer is not known."""
        self.codes: frozenset[str] = _NO_CODES
        """Codes of the errors in the response."""
        self.was_executed = self.was_cached = self.was_page = False
        """
        Whether the operation was executed, whether the response came from the cache, and whether a browser got a
        page.
        """
        self.suppressed_tables = 0
        """Tables of counts in which small cells were hidden."""
        self.status: int | None = None
        """HTTP status of the response, once all of it was given to the server; None before."""

    def end(self) -> None:
        """End the notes early, because the rest of the response is a stream that may take hours."""


_NO_CODES: frozenset[str] = frozenset()
_span: ContextVar[Span | None] = ContextVar("span", default=None)
_notes: ContextVar[RequestNotes | None] = ContextVar("request_notes", default=None)


def current_span() -> Span | None:
    """The span of the work that runs now; None if it is not traced."""
    return _span.get()


def note_viewer(districts: Iterable[str]) -> None:
    """Note the districts of the viewer who sends the request that is handled now."""
    if (notes := _notes.get()) is not None:
        notes.districts = districts


def note_errors(codes: Iterable[str]) -> None:
    """Note codes of errors in the response to the request that is handled now."""
    if (notes := _notes.get()) is not None:
        notes.codes = notes.codes.union(codes)


def note_sent(status: int) -> None:
    """Note that all of a response with this HTTP status was given to the server."""
    if (notes := _notes.get()) is not None:
        notes.status = status


def note_stream() -> None:
    """
    Note that the response is a stream, which has begun. The rest of the stream does not count for the request.
    """
    if (notes := _notes.get()) is not None:
        notes.status = 200
        notes.end()
    observe(None, None)


def note_page() -> None:
    """Note that a browser gets a page, and no GraphQL response."""
    if (notes := _notes.get()) is not None:
        notes.was_page = True


def note_cached() -> None:
    """Note that the request that is handled now is answered from the cache of responses."""
    if (notes := _notes.get()) is not None:
        notes.was_cached = True


def note_executed(suppressed_tables: int) -> None:
    """Note that the operation was executed, and in how many tables of counts small cells were hidden."""
    if (notes := _notes.get()) is not None:
        notes.was_executed, notes.suppressed_tables = True, suppressed_tables


def observe(span: Span | None, notes: RequestNotes | None) -> None:
    """
    Let the current code, and the tasks that it starts, belong to this span and to the request with these notes.
    """
    if _span.get() is not span:
        _span.set(span)
    _notes.set(notes)


def trace_ids() -> tuple[str, str] | None:
    """The ids of the trace and of the span of the work that runs now, for the log; None if it is not traced."""
    span = _span.get()
    return None if span is None else span.ids


class _NotTraced:
    """The block of work that is not traced."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


_NOT_TRACED = _NotTraced()


class _Traced:
    """The block of work that is a span."""

    __slots__ = ("_parent", "_span")

    def __init__(self, parent: Span, span: Span) -> None:
        self._parent, self._span = parent, span

    def __enter__(self) -> Span:
        _span.set(self._span)
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        # Not by a token: a coroutine may begin in one context and end in the task that continues it, with a copy.
        _span.set(self._parent)
        self._span.end(None if kind is None else kind.__name__)


def span(
    name: str, attributes: Mapping[str, Attribute] | None = None, *, is_client: bool = False
) -> AbstractContextManager[Span | None]:
    """The block as a part of the work that runs now; it enters with None if that is not traced."""
    parent = _span.get()
    if parent is None:
        return _NOT_TRACED
    return _Traced(parent, parent.child(name, attributes or {}, is_client=is_client))
