"""Answers that arrive one by one, while the ask that they belong to is still running."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answer

ArrivedAnswers: TypeAlias = Mapping[Any, Answer[Any] | None]
"""Final answers by key; None for a key that the source does not know."""

OnArrival: TypeAlias = Callable[[ArrivedAnswers], None]
"""
Called with answers as soon as they are known. At its end, the ask returns them again together with all others.
"""


def _ignore(_: ArrivedAnswers) -> None:
    pass


_on_arrival: ContextVar[OnArrival] = ContextVar("on_arrival", default=_ignore)


@contextlib.contextmanager
def receiving_arrivals(on_arrival: OnArrival) -> Iterator[None]:
    """
    Call `on_arrival` for the answers that arrive while a `Fetch` runs inside the block.

    A layer that changes answers gets `current_receiver()` before the block, and passes the changed answers on to
    it. Without such a block, answers go directly to the layers above.
    """
    token = _on_arrival.set(on_arrival)
    try:
        yield
    finally:
        _on_arrival.reset(token)


def current_receiver() -> OnArrival:
    """The function to call with answers that arrive; it ignores them if nobody wants them early."""
    return _on_arrival.get()
