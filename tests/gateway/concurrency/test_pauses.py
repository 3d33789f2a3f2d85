"""Pauses: long computations of libraries run in steps, and are what they are without them."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from student_graph.gateway.concurrency import pauses
from student_graph.gateway.concurrency.pauses import in_steps, in_turns, pause


class Thing:
    """Something that is freed."""


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "STEP_SECONDS", 0.0)


def count_down(number: int) -> int:
    """Call itself, as a parser does, with a pause in each call."""
    pause()
    return 0 if number == 0 else 1 + count_down(number - 1)


def test_a_computation_pauses_in_the_middle_of_its_calls() -> None:
    """Each pause is a step, on every level of the calls."""
    assert len(list(in_steps(lambda: count_down(20)))) == 21


def test_outside_of_steps_nothing_pauses() -> None:
    """The same code may be called by anybody."""
    assert count_down(20) == 20


async def test_others_run_at_the_pauses() -> None:
    """Two computations go on in turns, and each returns what it returns alone."""
    results = await asyncio.gather(in_turns(lambda: count_down(10)), in_turns(lambda: count_down(20)))
    assert results == [10, 20]


def test_computations_take_turns() -> None:
    """A computation goes on where it was, whatever others did meanwhile, also one inside of another."""
    seen: list[str] = []

    def compute(name: str) -> None:
        for number in range(3):
            seen.append(f"{name}{number}")
            pause()

    def nested() -> None:
        for _ in in_steps(lambda: compute("b")):
            pause()

    steps = [in_steps(lambda: compute("a")), in_steps(nested)]
    for _ in range(3):
        for step in steps:
            next(step)
    assert seen == ["a0", "b0", "a1", "b1", "a2", "b2"]


async def test_an_error_of_a_computation_is_raised() -> None:
    """It comes after a pause."""

    def fail() -> None:
        pause()
        raise ValueError("an error")

    with pytest.raises(ValueError, match="an error"):
        await in_turns(fail)


def test_a_computation_that_nobody_waits_for_ends_and_is_freed() -> None:
    """Its blocks end, as those of a task that is cancelled."""
    ended = []

    @contextmanager
    def block() -> Iterator[None]:
        try:
            yield
        finally:
            ended.append(True)

    def compute(thing: Thing) -> None:
        with block():
            for _ in range(3):
                pause()
        del thing

    thing = Thing()
    reference = weakref.ref(thing)
    steps = in_steps(lambda thing=thing: compute(thing))  # type: ignore[misc]
    next(steps)
    del thing
    gc.disable()
    try:
        steps.close()
        del steps
        assert ended
        assert reference() is None
    finally:
        gc.enable()
