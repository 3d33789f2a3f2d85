"""
Pauses in long computations of libraries, so that other tasks run meanwhile: a parser, the rules of a validation.

Such code is neither a coroutine nor a generator, and it calls itself, so it cannot wait. It runs on a stack of its
own, a greenlet, as SQLAlchemy's does for asyncio. Code of this project that the library calls in turn calls
`pause`, which leaves that stack unchanged until the next step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextvars import copy_context
from typing import TypeVar, cast

from greenlet import getcurrent, greenlet

from student_graph.gateway.concurrency.time_slices import give_way

T = TypeVar("T")

STEP_SECONDS = 0.0005
"""How long a step runs before it pauses: other tasks may wait in each round of the event loop."""


class _Computation(greenlet):  # type: ignore[misc] # the package has no types
    """A computation with pauses."""

    step_ends_at = 0.0
    """In seconds of `time.perf_counter`."""


def in_steps(compute: Callable[[], T]) -> Generator[None, None, T]:
    """Call a function, yield at its pauses, and return its result; it ends early if the generator is closed."""
    computation = _Computation(compute)
    computation.gr_context = copy_context()
    try:
        while True:
            computation.step_ends_at = time.perf_counter() + STEP_SECONDS
            computation.parent = getcurrent()
            result = computation.switch()
            if computation.dead:
                return cast("T", result)
            yield
    finally:
        if not computation.dead:
            computation.parent = getcurrent()
            computation.throw()


async def in_turns(compute: Callable[[], T]) -> T:
    """Call a function, let other tasks run at its pauses, and return what it returns."""
    steps = in_steps(compute)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)
        await give_way()


def pause() -> None:
    """Let other tasks run if the current step of `in_steps` has taken long enough. Outside a step, do nothing."""
    computation = getcurrent()
    if isinstance(computation, _Computation) and time.perf_counter() >= computation.step_ends_at:
        computation.parent.switch()
