"""
Loop time: how long the work of each client has held the event loop, and who is within a fair share of it.

All work of a process runs on one event loop. A client, such as a viewer, has a budget of a tenth of its time, and
may save some of it. Work of clients within their budgets goes before work of clients over their budgets, who share
the remaining time. Nobody waits for a client who keeps the loop busy, and a client who is alone may use all of it.

A new client is over its budget for a few seconds. Somebody who uses a new account for each request therefore goes
after all clients who were there before.

The clients of a district are a group. While the loop is busy, the clients of a group that uses more than a fair
share of it count as over their budgets. This keeps a crowd of one district from taking the loop from others.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from student_graph.gateway.concurrency.coroutines import without_frames
from student_graph.gateway.concurrency.fair_lru import FairLRU
from student_graph.gateway.concurrency.loop_shares import LoopShares
from student_graph.gateway.concurrency.processor_time import Clock, ProcessorTime

BUDGET_SHARE = 0.1
"""Share of the loop's time that each client has: a person who reads page after page needs a thirtieth."""
MAX_SAVED_SECONDS = 0.15
"""Maximum loop time that a client saves. Even two clients use it up before the process counts as busy."""
NEW_CLIENT_SECONDS = -0.3
"""Loop time of a new client: it has none until three seconds after its first request, even if that was refused."""
MAX_DEBT_SECONDS = 1.0
"""Maximum loop time that a client can owe: it is within its budget again ten seconds after its last work."""
MAX_CLIENTS = 10_000
"""Maximum number of clients with a budget. The least recently used client of the largest group is forgotten."""


class Budget(Protocol):
    """Whose loop time some work uses."""

    @property
    def client(self) -> object:
        """Stands for the client who pays."""

    @property
    def group(self) -> Hashable:
        """Stands for the clients that share turns, such as those of one district; None for no district."""

    @property
    def is_within(self) -> bool:
        """Whether its work goes before that of clients who are over their budgets."""

    def charge(self, seconds: float) -> None:
        """Count time in which the work held the event loop."""


class LoopBudgets:
    """The budgets of all clients."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        on_overdrawn: Callable[[Hashable], None] = lambda _: None,
    ) -> None:
        """Budgets grow with the seconds of `clock`. `on_overdrawn` gets each client who exceeds a budget."""
        self.clock, self.on_overdrawn = clock, on_overdrawn
        self._clients: FairLRU[Hashable, ClientBudget] = FairLRU(MAX_CLIENTS)
        self.shares = LoopShares(clock)
        """What each group of clients uses of the loop; only clients within their budgets count."""
        self.strangers = StrangersBudget(self)
        """Pays for requests until their sender is known, and for requests that are refused before that."""
        self.charged_seconds = 0.0
        """Loop time of all clients and strangers since start."""
        self.charged_within_seconds = 0.0
        """The part of it that clients used while they were within their budgets."""
        self.charged_to_strangers_seconds = 0.0
        """The part of it that nobody pays for."""

    def __len__(self) -> int:
        """Number of clients whose budgets are remembered."""
        return len(self._clients)

    def keep_groups(self, weights: Mapping[Hashable, float]) -> None:
        """Let these groups share the loop by their weights from now on, and forget the clients of others."""
        self.shares.weights = weights
        for client in list(self._clients):
            budget = self._clients.peek(client)
            if budget is not None and isinstance(budget.group, str) and budget.group not in weights:
                self._clients.pop(client)

    def of(self, client: Hashable, group: Hashable = None) -> ClientBudget:
        """The budget of a client, which belongs to a group from now on; None for no group."""
        if (budget := self._clients.get(client)) is None:
            budget = ClientBudget(client, self)
            self._clients.set(client, budget, group)
        budget.group = group
        return budget


class ClientBudget:
    """How much loop time a client has left: it grows by a tenth of the time that passes."""

    __slots__ = ("_all", "_balance", "_key", "_updated_at", "group")

    def __init__(self, key: Hashable, budgets: LoopBudgets) -> None:
        self._key, self._all = key, budgets
        self.group: Hashable = None
        """Stands for the clients that share turns, such as those of one district; None for no district."""
        self._balance = NEW_CLIENT_SECONDS
        """Seconds; negative if the client is over its budget."""
        self._updated_at = budgets.clock()

    @property
    def client(self) -> object:
        """Stands for the client."""
        return self

    @property
    def is_within(self) -> bool:
        """Whether the client has loop time left, and its group uses no more than a fair share."""
        self._update()
        return self._balance >= 0 and (self.group is None or self.group not in self._all.shares.exceeding)

    def _update(self) -> None:
        now = self._all.clock()
        self._balance = min(self._balance + (now - self._updated_at) * BUDGET_SHARE, MAX_SAVED_SECONDS)
        self._updated_at = now

    def charge(self, seconds: float) -> None:
        """Take loop time from the budget."""
        was_within, had_time = self.is_within, self._balance >= 0
        if had_time and self.group is not None:
            self._all.shares.charge(self.group, seconds)
        self._balance = max(self._balance - seconds, -MAX_DEBT_SECONDS)
        self._all.charged_seconds += seconds
        self._all.charged_within_seconds += seconds if was_within else 0.0
        if had_time and self._balance < 0:
            self._all.on_overdrawn(self._key)


class StrangersBudget:
    """The budget of unknown senders of requests. Their work goes after work of clients within their budgets."""

    __slots__ = ("_all",)

    is_within = False
    group = None

    def __init__(self, budgets: LoopBudgets) -> None:
        self._all = budgets

    @property
    def client(self) -> object:
        """Stands for all strangers."""
        return self

    def charge(self, seconds: float) -> None:
        """Count loop time that is work of no client."""
        self._all.charged_seconds += seconds
        self._all.charged_to_strangers_seconds += seconds


class SharedBudget:
    """The budget of work that several clients wait for. Who started it pays; it goes first if one of them does."""

    __slots__ = ("_budgets", "_group")

    def __init__(self, first: Budget | None, group: Hashable = None) -> None:
        """Charge the budget `first`. Work without waiters takes turns with its group's other work."""
        self._budgets, self._group = [first], group

    def join(self, budget: Budget | None) -> None:
        """Let one more client wait for the work."""
        if budget not in self._budgets:
            self._budgets.append(budget)

    @property
    def client(self) -> object:
        """Stands for the client who started the work."""
        return self._budgets[0]

    @property
    def group(self) -> Hashable:
        """Stands for the group of the client who started the work."""
        return self._budgets[0].group if self._budgets[0] is not None else self._group

    @property
    def is_within(self) -> bool:
        """Whether one of the clients is within its budget."""
        return any(budget is not None and budget.is_within for budget in self._budgets)

    def charge(self, seconds: float) -> None:
        """Charge the client who started the work."""
        if (first := self._budgets[0]) is not None:
            first.charge(seconds)


_last_work_within = 0.0


def last_work_within() -> float:
    """When a task of a client within the budget last ran, in seconds of `time.perf_counter`."""
    return _last_work_within


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


def current_budget() -> Budget | None:
    """Who pays for the work of the current task; None for work of the gateway itself."""
    return _current.get()


def use_budget(budget: Budget | None) -> None:
    """Let the current task, and the tasks that it starts from now on, pay from a budget."""
    _current.set(budget)


@contextlib.contextmanager
def metered_tasks(clock: Clock = time.perf_counter, cpu: Clock = time.thread_time) -> Iterator[None]:
    """
    Charge what each task does between two waits to its budget, for all tasks that start inside the context.

    Several contexts of one event loop may overlap: the last one to end stops the charging.
    """
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    if not isinstance(factory, _MeteredTaskFactory):
        factory = _MeteredTaskFactory(clock, ProcessorTime(cpu), factory)
        loop.set_task_factory(factory)
    factory.contexts += 1
    try:
        yield
    finally:
        factory.contexts -= 1
        if not factory.contexts:
            loop.set_task_factory(factory.before)


class _MeteredTaskFactory:
    """Creates the tasks of an event loop."""

    def __init__(self, clock: Clock, processor: ProcessorTime, before: Any) -> None:
        self._clock, self._processor, self.before = clock, processor, before
        """`before` is the task factory that this one replaces."""
        self.contexts = 0
        """Contexts in which tasks are metered."""

    def __call__(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(_MeteredCoroutine(coroutine, self._clock, self._processor), loop=loop, **options)


class _MeteredCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine whose time is charged to the budget that its task has at the end of each step."""

    __slots__ = ("__name__", "__qualname__", "_clock", "_coroutine", "_processor")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], clock: Clock, processor: ProcessorTime) -> None:
        self._coroutine, self._clock, self._processor = coroutine, clock, processor
        self.__name__ = self.__qualname__ = getattr(coroutine, "__qualname__", type(coroutine).__name__)

    def send(self, value: Any) -> Any:
        """Run the coroutine until it waits."""
        started_at = self._clock()
        try:
            return self._coroutine.send(value)
        except asyncio.CancelledError as error:
            raise without_frames(error) from None
        finally:
            self._charge(started_at)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits, and run it until it waits again."""
        started_at = self._clock()
        try:
            return self._coroutine.throw(*error)
        except asyncio.CancelledError as cancellation:
            raise without_frames(cancellation) from None
        finally:
            del error  # its traceback refers to this frame
            self._charge(started_at)

    def _charge(self, started_at: float) -> None:
        global _last_work_within  # noqa: PLW0603 - one event loop serves
        if (budget := _current.get()) is not None:
            now = self._clock()
            if budget.is_within:
                _last_work_within = now
            budget.charge(self._processor.of_step(started_at, now))

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Any:
        """Only tasks run it."""
        return self._coroutine.__await__()
