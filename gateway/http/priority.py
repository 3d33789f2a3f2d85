"""
Which requests to vendors are background work, so that the gate of a source sends them after all others.

Background work is what nobody waits for at the moment: a warm-up, or a request whose viewers have all left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeAlias

IsBackground: TypeAlias = Callable[[], bool]
"""Returns whether a piece of work is background work now: that changes when a viewer asks for its result."""


def _never() -> bool:
    return False


_is_background: ContextVar[IsBackground] = ContextVar("is_background", default=_never)


@contextlib.contextmanager
def background(is_background: IsBackground) -> Iterator[None]:
    """
    Let `is_background` say whether the work inside the block, and in tasks that it starts, is background work.

    The innermost block decides. The gate of a source asks again whenever it gives out a slot.
    """
    token = _is_background.set(is_background)
    try:
        yield
    finally:
        _is_background.reset(token)


def is_background_work() -> bool:
    """Whether the current task is background work now; False outside of all `background` blocks."""
    return _is_background.get()()


def current_classifier() -> IsBackground:
    """Return the function that says whether the current task is background work, for use outside the task."""
    return _is_background.get()
