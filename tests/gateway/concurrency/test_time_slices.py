"""Time slices: long work of several tasks takes turns, and short work never waits for all of it."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.concurrency import time_slices
from student_graph.gateway.concurrency.coroutines import StartedCoroutine, start
from student_graph.gateway.concurrency.loop_time import LoopBudgets, metered_tasks, use_budget
from student_graph.gateway.concurrency.time_slices import (
    SECONDS_IN_A_ROW,
    SHORT_SLICE_SECONDS,
    SLICE_SECONDS,
    give_way,
    hold_event_loop,
    parts_of,
    start_slice,
)
from tests.gateway.cache.small_cache import Clock


def work(seconds: float) -> None:
    """Use processor time."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


@given(st.integers(0, 2_000), st.integers(1, 100))
def test_the_parts_of_a_list_are_the_list(count: int, first: int) -> None:
    """They follow each other, and the first one has the requested length."""

    async def collect() -> list[slice]:
        return [part async for part in parts_of(count, first)]

    parts = asyncio.run(collect())
    items = list(range(count))
    assert [item for part in parts for item in items[part]] == items
    assert not parts or parts[0] == slice(0, first)


async def test_parts_get_shorter_when_items_cost_more() -> None:
    """After a part that took four slices, the next one is at most an eighth as long."""
    lengths = []
    async for part in parts_of(100, 40):
        lengths.append(part.stop - part.start)
        if len(lengths) == 1:
            work(4 * SLICE_SECONDS)
        else:
            break
    assert lengths[1] <= 5


async def test_tasks_with_long_work_take_turns() -> None:
    """None gets its third slice before all have had their first one."""
    order: list[int] = []

    async def work_long(number: int) -> None:
        for _ in range(4):
            await give_way()
            order.append(number)
            work(1.2 * SLICE_SECONDS)

    start_slice()
    await asyncio.gather(*(work_long(number) for number in range(4)))
    assert max(order.index(number) for number in range(4)) < min(
        [position for position, number in enumerate(order) if order[:position].count(number) == 2]
    )


async def slices_of_requests(*counts: int, work_seconds: float = 1.2 * SLICE_SECONDS) -> list[int]:
    """The requests that got the slices, in order, when several with so many slices of work come together."""
    order: list[int] = []

    async def request(number: int, slices: int) -> None:
        start_slice()
        await asyncio.sleep(0)  # until all have come
        for _ in range(slices):
            await give_way()
            order.append(number)
            work(work_seconds)

    await asyncio.gather(*(request(number, slices) for number, slices in enumerate(counts)))
    return order


async def test_a_request_that_has_begun_ends_before_others_begin() -> None:
    """Two that took turns slice by slice would both be as late as the second one."""
    order = await slices_of_requests(3, 3, 3)
    assert [number for index, number in enumerate(order) if order[:index].count(number) == 2] == [0, 1, 2]
    assert order[-3:] == [2, 2, 2]


async def test_a_long_request_takes_turns_after_some_slices() -> None:
    """So a short one never waits for all of it."""
    slices_in_a_row = round(SECONDS_IN_A_ROW / SLICE_SECONDS)
    order = await slices_of_requests(5 * slices_in_a_row, 1)
    assert order.index(1) <= slices_in_a_row


async def test_requests_over_their_budgets_also_end_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their slices are short while others are served. If all took turns, a crowd would end at once, very late."""
    monkeypatch.setattr(time_slices, "last_work_within", lambda: math.inf)
    order = await slices_of_requests(6, 6, 6, work_seconds=1.2 * SHORT_SLICE_SECONDS)
    assert [number for index, number in enumerate(order) if order[:index].count(number) == 5] == [0, 1, 2]
    assert order[-6:] == [2] * 6


async def test_a_request_over_its_budget_does_not_go_on_before_others() -> None:
    """However far it is."""
    clock, order = Clock(), list[str]()
    budgets = LoopBudgets(clock)
    budgets.of("teacher")
    clock.now += 60
    budgets.of("flood").charge(10)

    async def request(client: str) -> None:
        use_budget(budgets.of(client))
        start_slice()
        for _ in range(3):
            await give_way()
            order.append(client)
            work(1.2 * SLICE_SECONDS)

    flood = asyncio.create_task(request("flood"))
    await asyncio.sleep(0)
    await asyncio.gather(flood, request("teacher"))
    assert order.index("teacher") <= 2
    assert order[-1] == "flood"


async def test_one_task_with_long_work_runs_in_a_round_of_the_loop() -> None:
    """A task that only waits for the next round runs between any two slices of the others."""
    runs: list[str] = []

    async def work_long() -> None:
        for _ in range(5):
            await give_way()
            runs.append("long")
            work(1.2 * SLICE_SECONDS)

    async def run_every_round() -> None:
        while runs.count("long") < 15:
            runs.append("round")
            await asyncio.sleep(0)

    await asyncio.gather(run_every_round(), *(work_long() for _ in range(3)))
    text = " ".join(runs)
    assert "long long" not in text.partition("round")[2]


async def test_short_work_after_its_start_does_not_give_way() -> None:
    """A request that takes less than a slice is handled in one go, unless another program had the processor."""
    seconds = SHORT_SLICE_SECONDS
    while seconds >= SHORT_SLICE_SECONDS:
        others: list[None] = []
        asyncio.get_running_loop().call_soon(others.append, None)
        begin = time.perf_counter()
        start_slice()
        await give_way()
        seconds = time.perf_counter() - begin
        other_tasks_ran = bool(others)
        await asyncio.sleep(0)
    assert not other_tasks_ran


@pytest.mark.parametrize("others_are_served", [False, True])
async def test_slices_over_a_budget_are_short_while_others_are_served(
    others_are_served: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round of the loop that a page within its budget needs waits for such a slice."""
    monkeypatch.setattr(
        time_slices, "last_work_within", time.perf_counter if others_are_served else (lambda: -math.inf)
    )
    use_budget(LoopBudgets().of("stranger"))
    seconds = SLICE_SECONDS
    while seconds >= SLICE_SECONDS:  # else another program had the processor
        others: list[None] = []
        await time_slices._turns_of_loop().wait()
        begin = time.perf_counter()
        asyncio.get_running_loop().call_soon(others.append, None)
        work(1.2 * SHORT_SLICE_SECONDS)
        await give_way()
        seconds = time.perf_counter() - begin
        other_tasks_ran = bool(others)
        await asyncio.sleep(0)
    assert other_tasks_ran == others_are_served


async def test_work_within_a_budget_goes_before_work_over_a_budget() -> None:
    """However much of it waits already; among the others, clients take turns, and not their tasks."""
    clock, order = Clock(), list[str]()
    budgets = LoopBudgets(clock)
    budgets.of("teacher")
    clock.now += 60
    for client in ("pair 1", "pair 2"):
        budgets.of(client).charge(10)

    async def work_long(client: str, slices: int) -> None:
        use_budget(budgets.of(client))
        for _ in range(slices):
            await give_way()
            order.append(client)
            work(1.2 * SLICE_SECONDS)

    work(1.2 * SLICE_SECONDS)
    heavy = [asyncio.create_task(work_long(client, 2)) for client in ["pair 1"] * 6 + ["pair 2"]]
    await asyncio.sleep(0)
    await asyncio.gather(*heavy, work_long("teacher", 2))
    assert order.index("teacher") <= 2
    assert [client for client in order if client != "teacher"][:4] == ["pair 1", "pair 2"] * 2


async def test_work_within_a_budget_waits_for_others_only_now_and_then() -> None:
    """A page goes on in hundreds of short rounds of the loop; there is not a slice of others in each of them."""
    clock, slices, rounds = Clock(), 0, 200
    budgets = LoopBudgets(clock)
    budgets.of("teacher")
    clock.now += 60
    budgets.of("pair").charge(10)

    async def work_long() -> None:
        nonlocal slices
        use_budget(budgets.of("pair"))
        while rounds:
            await give_way()
            slices += 1
            work(1.2 * SLICE_SECONDS)

    async def page() -> None:
        nonlocal rounds
        use_budget(budgets.of("teacher"))
        while rounds:
            rounds -= 1
            await asyncio.sleep(0)

    with metered_tasks():
        tasks = [asyncio.create_task(work_long()) for _ in range(3)]
        await asyncio.create_task(page())
        slices_meanwhile = slices
        await asyncio.gather(*tasks)
    assert slices_meanwhile < 100
    assert slices >= 3


async def test_requests_that_arrive_together_share_one_slice() -> None:
    """Each may take less than a slice, and all of them would hold the loop for twenty."""
    begun: list[int] = []
    held: list[int] = []

    async def request(number: int) -> None:
        start_slice()
        await give_way()
        begun.append(number)
        work(1.2 * SLICE_SECONDS)

    async def observe() -> None:
        while len(begun) < 20:
            before = len(begun)
            await asyncio.sleep(0)
            held.append(len(begun) - before)

    await asyncio.gather(observe(), *(request(number) for number in range(20)))
    assert begun == list(range(20))
    assert max(held) <= 2


async def test_a_cancelled_task_leaves_its_turn_to_the_next_one() -> None:
    """Tasks that wait behind it get their slices."""
    work(1.2 * SLICE_SECONDS)
    first, second = asyncio.create_task(give_way()), asyncio.create_task(give_way())
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(60):
        await second
    assert first.cancelled()


async def test_work_that_holds_the_event_loop_gives_way_to_nobody() -> None:
    """Its caller gets the result at once, however long it takes; afterwards others get their turns again."""

    async def work_long() -> int:
        for _ in range(2):
            work(1.2 * SLICE_SECONDS)
            await give_way()
        return 1

    with hold_event_loop():
        assert start(work_long()) == 1
    started = start(work_long())
    assert started.__class__ is StartedCoroutine
    assert await started == 1
