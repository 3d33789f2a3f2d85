"""An SIS that answers each student when the test says so, on an event loop whose time the test moves."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.answers import Ask
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.model import StudentId
from student_graph.gateway.cache import BackgroundLimits, CachedFetch, Dependencies, Limits
from student_graph.gateway.http import is_background_work
from student_graph.gateway.telemetry import count_call
from student_graph.resolvers.operation import Operation, Staleness
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness
from tests.gateway.small_district import Ledger, Sis, error_code, student

OPERATION_SECONDS = 10.0
TURNS = 50
"""More turns of the event loop than an answer needs to travel from the vendor to an operation."""


class MovableLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be moved forward."""

    _moved = 0.0

    def time(self) -> float:
        """Seconds of the real clock and those that it was moved."""
        return super().time() + self._moved

    def move(self, seconds: float) -> None:
        """Move the clock: timers that are due fire in the next turn."""
        self._moved += seconds


def on_movable_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test on a `MovableLoop`."""

    @functools.wraps(test)
    def run() -> None:
        with asyncio.Runner(loop_factory=MovableLoop) as runner:
            runner.run(test())

    del run.__wrapped__  # type: ignore[attr-defined]  # pytest would see an async test
    return run


async def settle() -> None:
    """Let everything happen that can happen now."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def pass_seconds(seconds: float) -> None:
    """Let time pass."""
    await settle()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, MovableLoop)
    loop.move(seconds)
    await settle()


@dataclass
class SlowLedger(Ledger):
    """The students of the slow SIS, and which of them may be answered."""

    answers: dict[str, asyncio.Event] = field(default_factory=dict)
    in_background: dict[str, bool] = field(default_factory=dict)
    """Whether the call for a student was background work when it was sent."""
    ended: set[str] = field(default_factory=set)
    """Students whose reading ended, also by cancellation."""
    reports: bool = True
    """Whether the SIS answers students one by one. Otherwise it answers all at the end."""

    def event(self, number: str) -> asyncio.Event:
        """Set when a student may be answered."""
        return self.answers.setdefault(number, asyncio.Event())


class SlowSis(Sis):
    """An SIS that reads two students at the same time, and waits at each until the test lets it answer."""

    ledger: SlowLedger

    async def students_by_id(self, ids: Sequence[StudentId]) -> Any:
        if self.ledger.reports:
            return await answer_by_key(ids, self._read, 2)
        return {i: record for i in ids if (record := await self._read(i)) is not None}

    async def _read(self, number: str) -> Any:
        ledger = self.ledger
        count_call()
        ledger.record_call("students_by_id", (number,))
        ledger.in_background[number] = is_background_work()
        try:
            await ledger.event(number).wait()
        finally:
            ledger.ended.add(number)
        if f"failing {number}" in ledger.failing:
            raise ledger.failing[f"failing {number}"]
        return student(number) if number in ledger.students else None


class SlowVendor:
    """A cache over the slow SIS."""

    def __init__(
        self, background: BackgroundLimits | None = None, timeout: float = OPERATION_SECONDS, **options: Any
    ) -> None:
        """`timeout` is the setting of the source, in seconds."""
        self.ledger = SlowLedger(students=[f"s{n}" for n in range(40)])
        limits = Limits(background=background or BackgroundLimits())
        self.harness = CacheHarness(self.ledger, limits, adapter_type=SlowSis, **options)
        object.__setattr__(self.harness.source.adapter.settings, "timeout", timeout)
        self.cache = self.harness.cache
        self.operations: list[Operation] = []

    def ask(
        self,
        *students: str,
        viewer: str = "ann",
        seconds: float = OPERATION_SECONDS,
        staleness: Staleness | None = None,
    ) -> asyncio.Task[dict[str, str | None]]:
        """Ask in an operation of its own; the result holds the error code, or None, of each answered student."""
        operation = Operation(dependencies=Dependencies())
        self.operations.append(operation)
        deadline = asyncio.get_running_loop().time() + seconds
        fetch = CachedFetch(
            self.cache,
            operation.traffic,
            staleness or operation.staleness,
            Dependencies(),
            deadline,
            viewer=viewer,
        )

        async def run() -> dict[str, str | None]:
            answers = await fetch(self.harness.source, Ask(STUDENTS, students))
            self.answers = answers
            return {key: error_code(answer) for key, answer in answers.items()}

        return asyncio.create_task(run())

    def student_ask(self, *students: str) -> Ask[Any]:
        """An ask for students."""
        return Ask(STUDENTS, students)

    async def answer(self, *students: str) -> None:
        """Let the vendor answer some students, and wait until their answers have arrived."""
        for number in students:
            self.ledger.event(number).set()
        await settle()

    @property
    def calls(self) -> Counter[str]:
        """How often each student was read."""
        return Counter(keys[0] for _, keys in self.ledger.calls)

    def counted_calls(self) -> list[int]:
        """The calls that each operation counts as its own."""
        return [sum(source.calls for source in op.traffic.by_source.values()) for op in self.operations]
