"""Counts the requests to vendors that are sent inside a block of code, and the rows that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from student_graph.adapters.errors import AdapterError


@dataclass(slots=True)
class CallCounter:
    """Counts the requests to vendors that are sent inside a block, and the rows that cannot be read."""

    count: int = 0
    unreadable_rows: list[str] = field(default_factory=list)
    """Why each row could not be read."""
    outer: CallCounter | None = None
    """The counter of the enclosing block, which counts them too."""


_counter: ContextVar[CallCounter | None] = ContextVar("vendor_calls", default=None)


def count_call() -> None:
    """Count one request to a vendor; the HTTP client calls this."""
    counter = _counter.get()
    while counter is not None:
        counter.count += 1
        counter = counter.outer


def count_unreadable_rows(errors: Iterable[AdapterError]) -> None:
    """Count rows that cannot be read and are left out, by their errors; the innermost fetch calls this."""
    counter = _counter.get()
    reasons = [error.reason for error in errors]
    while counter is not None:
        counter.unreadable_rows += reasons
        counter = counter.outer


@contextmanager
def counting_calls(counter: CallCounter) -> Iterator[None]:
    """Count the requests that are sent in the block."""
    counter.outer = _counter.get()
    token = _counter.set(counter)
    try:
        yield
    finally:
        _counter.reset(token)
