"""A request that is in flight, and whether it waits for a vendor: then it needs no processor."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(slots=True, eq=False)
class Sender:
    """Who sends one request."""

    person: Hashable = None
    """Stands for the viewer."""
    is_service: bool = False
    """Whether the viewer is a service, which waits for people."""
    is_within_budget: bool = True
    """Whether the viewer was within the budget of loop time when the request was admitted."""
    group: Hashable = None
    """Stands for the viewer's district, or for all of the viewer's districts; None if there is one district."""


class Counts(Protocol):
    """Who counts requests."""

    def begin(self, sender: Sender) -> None:
        """Count a request that is in flight."""

    def finish(self, sender: Sender) -> None:
        """Count a request that has ended."""

    def begin_wait(self, sender: Sender) -> None:
        """Count a request that waits for a vendor."""

    def end_wait(self, sender: Sender) -> None:
        """Count a request that has stopped waiting."""


class RequestInFlight:
    """Context in which a request is in flight."""

    __slots__ = ("_counts", "_has_ended", "_sender", "_token", "_waits")

    def __init__(self, counts: Counts, sender: Sender) -> None:
        """Count a request in `counts`."""
        self._counts, self._sender = counts, sender
        self._waits = 0
        """Parts of the request that wait for a vendor."""
        self._has_ended = False

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self._counts.begin(self._sender)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
        self._has_ended = True  # its work may go on in the background
        if self._waits:
            self._counts.end_wait(self._sender)
        self._counts.finish(self._sender)

    @contextmanager
    def vendor_wait(self) -> Iterator[None]:
        """Count the request as waiting for a vendor inside the context, once if several of its parts wait."""
        self._waits += 1
        if self._waits == 1 and not self._has_ended:
            self._counts.begin_wait(self._sender)
        try:
            yield
        finally:
            self._waits -= 1
            if self._waits == 0 and not self._has_ended:
                self._counts.end_wait(self._sender)


_current: ContextVar[RequestInFlight | None] = ContextVar("current", default=None)
"""The request that the current task handles; None for work that nobody waits for."""


@contextmanager
def vendor_wait() -> Iterator[None]:
    """Count the current request, if there is one, as waiting for a vendor inside the context."""
    request = _current.get()
    if request is None:
        yield
    else:
        with request.vendor_wait():
            yield
