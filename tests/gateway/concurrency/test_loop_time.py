"""Loop time: whose work has held the event loop, and who is within the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.concurrency.loop_time import (
    BUDGET_SHARE,
    MAX_CLIENTS,
    MAX_DEBT_SECONDS,
    MAX_SAVED_SECONDS,
    NEW_CLIENT_SECONDS,
    ClientBudget,
    LoopBudgets,
    SharedBudget,
    current_budget,
    metered_tasks,
    use_budget,
)
from tests.gateway.cache.small_cache import Clock


def known(budgets: LoopBudgets, clock: Clock, client: str) -> ClientBudget:
    """The budget of a client who was there a minute ago."""
    budget = budgets.of(client)
    clock.now += 60
    return budget


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 3)), max_size=30))
def test_a_budget_is_what_a_sum_over_time_says(steps: list[tuple[float, float]]) -> None:
    """It grows by a tenth of the time that passes, up to what may be saved, and falls by use, down to a debt."""
    clock, expected = Clock(), NEW_CLIENT_SECONDS
    budget = LoopBudgets(clock).of("ada")
    for passed, used in steps:
        clock.now += passed
        expected = min(expected + passed * BUDGET_SHARE, MAX_SAVED_SECONDS)
        if abs(expected) > 1e-9:
            assert budget.is_within == (expected > 0)
        budget.charge(used)
        expected = max(expected - used, -MAX_DEBT_SECONDS)


def test_a_client_is_within_its_budget_ten_seconds_after_a_minute_of_work() -> None:
    """What is used beyond a second of debt is forgiven, so nobody is late for long."""
    clock = Clock()
    budget = LoopBudgets(clock).of("ada")
    budget.charge(60.0)
    clock.now += 9.9
    assert not budget.is_within
    clock.now += 0.2
    assert budget.is_within


def test_a_client_who_uses_a_thirtieth_of_the_loop_is_always_within_the_budget() -> None:
    """A page of 33 milliseconds each second, for ten minutes."""
    clock = Clock()
    budget = known(LoopBudgets(clock), clock, "teacher")
    for _ in range(600):
        budget.charge(1 / 30)
        assert budget.is_within
        clock.now += 1


def test_the_loop_time_of_all_is_counted_and_that_within_the_budgets() -> None:
    """Time that a client uses beyond its budget counts as that of somebody over it."""
    clock = Clock()
    budgets = LoopBudgets(clock)
    ada, ben = known(budgets, clock, "ada"), known(budgets, clock, "ben")
    ada.charge(0.125)
    ada.charge(1.0)
    ada.charge(4.0)
    ben.charge(0.0625)
    budgets.strangers.charge(8.0)
    assert (budgets.charged_seconds, budgets.charged_within_seconds) == (13.1875, 1.1875)


def test_a_new_client_is_within_its_budget_three_seconds_later() -> None:
    """Who comes with another account for each request is never within a budget."""
    clock = Clock()
    budgets = LoopBudgets(clock)
    assert not budgets.of("ada").is_within
    clock.now += 3.1
    assert budgets.of("ada").is_within
    assert not budgets.of("ben").is_within


def test_budgets_are_bounded_in_number() -> None:
    """Who comes with more accounts than are remembered begins as a new one each time."""
    budgets = LoopBudgets(Clock())
    first = budgets.of(0)
    for client in range(MAX_CLIENTS + 1):
        budgets.of(client)
    assert len(budgets) == MAX_CLIENTS
    assert budgets.of(0) is not first


def test_shared_work_goes_first_if_one_who_waits_for_it_does() -> None:
    """Otherwise somebody within the budget would wait as long as the one who started it. That one pays."""
    clock = Clock()
    budgets = LoopBudgets(clock)
    ada, ben = known(budgets, clock, "ada"), known(budgets, clock, "ben")
    ada.charge(1.0)
    shared = SharedBudget(ada)
    assert not shared.is_within
    shared.join(ben)
    assert shared.is_within
    assert shared.client is ada
    shared.charge(10.0)
    assert ben.is_within


def test_work_that_nobody_pays_for_goes_first_only_for_somebody() -> None:
    """A refresh of the gateway itself waits for people until one of them waits for it."""
    shared = SharedBudget(None)
    assert not shared.is_within
    clock = Clock()
    shared.join(known(LoopBudgets(clock), clock, "ada"))
    assert shared.is_within
    shared.charge(1.0)


@pytest.fixture
async def clock() -> Iterator[Clock]:
    """The clock by which tasks are metered."""
    clock = Clock()
    with metered_tasks(clock, clock):
        yield clock


async def test_a_task_is_charged_for_what_it_does_between_its_waits(clock: Clock) -> None:
    """Not for what others do meanwhile; and so are the tasks that it starts."""
    budgets, budget_before = LoopBudgets(Clock()), current_budget()

    async def part() -> int:
        clock.now += 0.5
        return 1

    async def work() -> int:
        clock.now += 0.25
        use_budget(budgets.of("ada"))
        await asyncio.sleep(0)
        clock.now += 0.25
        return await asyncio.create_task(part())

    async def work_of_nobody() -> None:
        clock.now += 8
        await asyncio.sleep(0)
        clock.now += 8

    results = await asyncio.gather(asyncio.create_task(work()), asyncio.create_task(work_of_nobody()))
    assert results == [1, None]
    assert budgets.charged_seconds == 1.0
    assert current_budget() is budget_before


async def test_nobody_pays_for_the_time_of_other_processes() -> None:
    """A step that took long is charged for the processor's time, a short one for its own."""
    budgets, clock, cpu = LoopBudgets(Clock()), Clock(), Clock()

    async def work() -> None:
        use_budget(budgets.of("ada"))
        for seconds, worked in ((0.2, 0.003), (0.0005, 0.0005), (0.004, 0.004)):
            clock.now += seconds
            cpu.now += worked
            await asyncio.sleep(0)

    with metered_tasks(clock, cpu):
        await asyncio.create_task(work())
    assert budgets.charged_seconds == pytest.approx(0.003 + 0.0005 + 0.004, abs=0.0006)


async def test_a_metered_task_can_be_cancelled_and_can_fail(clock: Clock) -> None:
    """As any other task; what it does then is charged, too."""
    budgets = LoopBudgets(Clock())

    async def work() -> None:
        use_budget(budgets.of("ada"))
        try:
            await asyncio.Event().wait()
        finally:
            clock.now += 0.5

    async def fail() -> None:
        raise LookupError("no row")

    task = asyncio.create_task(work(), name="report")
    await asyncio.sleep(0)
    assert "work" in repr(task)
    task.cancel()
    [cancelled, failed] = await asyncio.gather(task, asyncio.create_task(fail()), return_exceptions=True)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(failed, LookupError)
    assert budgets.charged_seconds == 0.5


async def test_tasks_are_metered_inside_the_context_only() -> None:
    """Afterwards the event loop creates its tasks as before."""
    loop = asyncio.get_running_loop()
    with metered_tasks():
        assert loop.get_task_factory() is not None
    assert loop.get_task_factory() is None


async def test_a_service_that_takes_over_from_another_one_goes_on_to_meter() -> None:
    """It starts before the other one ends, when settings are read again."""
    loop = asyncio.get_running_loop()
    first, second = metered_tasks(), metered_tasks()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert loop.get_task_factory() is not None
    second.__exit__(None, None, None)
    assert loop.get_task_factory() is None
