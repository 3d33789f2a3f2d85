"""Requests that nobody waits for go on for a while, within bounds for each source and each viewer."""

from __future__ import annotations

import asyncio

from student_graph.gateway.cache import BackgroundLimits
from student_graph.gateway.concurrency.loop_time import LoopBudgets, use_budget
from student_graph.gateway.http.transport import READ_TIMEOUT_SECONDS
from tests.gateway.cache.slow_vendor import OPERATION_SECONDS, SlowVendor, on_movable_loop, pass_seconds, settle

LIMITS = BackgroundLimits()


async def abandon(vendor: SlowVendor, *students: str, viewer: str = "ann") -> None:
    """Ask for students, and reach the deadline without an answer."""
    page = vendor.ask(*students, viewer=viewer)
    await pass_seconds(OPERATION_SECONDS)
    assert set((await page).values()) == {"DEADLINE"}


@on_movable_loop
async def test_a_request_ends_when_nobody_asks_for_its_keys_for_a_while() -> None:
    """It is cancelled, and whoever asks later starts a new one."""
    vendor = SlowVendor()
    await abandon(vendor, "s1")
    await pass_seconds(LIMITS.abandoned_seconds - 1)
    assert vendor.ledger.ended == set()
    await pass_seconds(1)
    assert vendor.ledger.ended == {"s1"}
    await vendor.answer("s1")
    assert await vendor.ask("s1") == {"s1": None}
    assert vendor.calls == {"s1": 2}


@on_movable_loop
async def test_asking_again_lets_a_request_go_on() -> None:
    """Each time, until it is answered."""
    vendor = SlowVendor()
    for _ in range(3):
        await abandon(vendor, "s1")
        await pass_seconds(LIMITS.abandoned_seconds - 1)
    await vendor.answer("s1")
    assert vendor.calls == {"s1": 1}
    assert await vendor.ask("s1") == {"s1": None}
    assert len(vendor.cache.in_flight.abandoned) == 0


@on_movable_loop
async def test_a_request_of_a_client_that_disconnects_ends_soon() -> None:
    """A page that is loaded again continues it. Otherwise it ends before an attempt could fail for its silence."""
    vendor = SlowVendor()
    for _ in range(2):
        page = vendor.ask("s1")
        await settle()
        page.cancel()
        await pass_seconds(LIMITS.disconnected_seconds - 0.1)
        assert vendor.ledger.ended == set()
    await pass_seconds(0.1)
    assert vendor.ledger.ended == {"s1"}
    assert vendor.calls == {"s1": 1}
    assert LIMITS.disconnected_seconds < READ_TIMEOUT_SECONDS


@on_movable_loop
async def test_one_viewer_leaves_a_bounded_number_of_requests_behind() -> None:
    """Beyond the bound the one that was abandoned first ends; those of another viewer go on."""
    vendor = SlowVendor(BackgroundLimits(requests_per_viewer=2))
    await abandon(vendor, "s0", viewer="ben")
    for number in ("s1", "s2", "s3", "s4"):
        await abandon(vendor, number)
    assert vendor.ledger.ended == {"s1", "s2"}
    assert len(vendor.cache.in_flight.abandoned) == 3


@on_movable_loop
async def test_one_source_has_a_bounded_number_of_requests_in_the_background() -> None:
    """Whoever they belong to; a request that somebody waits for does not count."""
    vendor = SlowVendor(BackgroundLimits(requests_per_source=2), timeout=1000)
    page = vendor.ask("s0", seconds=1000)
    for number in ("s1", "s2", "s3"):
        await abandon(vendor, number, viewer=number)
    assert vendor.ledger.ended == {"s1"}
    await vendor.answer("s0")
    assert await page == {"s0": None}


@on_movable_loop
async def test_calls_are_background_work_while_nobody_waits() -> None:
    """The vendor's gate asks at each call, because waiters leave and come back."""
    vendor = SlowVendor()
    await abandon(vendor, "s1", "s2", "s3", "s4", "s5")
    await vendor.answer("s1")
    page = vendor.ask("s2", "s3", "s4", "s5")
    await vendor.answer("s2")
    await vendor.answer("s3", "s4", "s5")
    await page
    assert vendor.ledger.in_background == {"s1": False, "s2": False, "s3": True, "s4": False, "s5": False}


@on_movable_loop
async def test_keys_that_nobody_wants_any_more_are_background_work() -> None:
    """The first operation is gone, the second one has its only student: the rest of the request goes on."""
    vendor = SlowVendor()
    first, second = vendor.ask("s1", "s2", "s3", "s4"), vendor.ask("s1")
    await settle()
    first.cancel()
    await vendor.answer("s1")
    assert await second == {"s1": None}
    assert vendor.ledger.in_background == {"s1": False, "s2": False, "s3": True}
    await pass_seconds(LIMITS.abandoned_seconds)
    assert vendor.ledger.ended == {"s1", "s2", "s3"}
    assert vendor.calls == {"s1": 1, "s2": 1, "s3": 1}


@on_movable_loop
async def test_a_refresh_in_the_background_does_not_count_against_a_viewer() -> None:
    """It ends as an abandoned request does, and is awaited by whoever needs its answer."""
    vendor = SlowVendor(BackgroundLimits(requests_per_source=1))
    in_flight, source = vendor.cache.in_flight, vendor.harness.source
    await abandon(vendor, "s1")
    ask = vendor.student_ask("s2")
    in_flight.start_in_background(source, ask)
    await settle()
    assert vendor.ledger.in_background["s2"]
    assert vendor.ledger.ended == set()
    await pass_seconds(LIMITS.abandoned_seconds - 1)
    in_flight.start_in_background(source, ask)
    await pass_seconds(LIMITS.abandoned_seconds - 1)
    assert vendor.ledger.ended == {"s1"}
    page = vendor.ask("s2")
    await vendor.answer("s2")
    assert await page == {"s2": None}


@on_movable_loop
async def test_the_shutdown_cancels_all_requests() -> None:
    """Also those that somebody waits for, who then has an error."""
    vendor = SlowVendor()
    await abandon(vendor, "s1")
    page = vendor.ask("s2")
    await settle()
    await vendor.cache.close()
    assert vendor.ledger.ended == {"s1", "s2"}
    assert await page == {"s2": "SOURCE_UNAVAILABLE"}
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_movable_loop
async def test_a_request_goes_first_if_one_who_waits_for_it_does() -> None:
    """Its work is that of who started it, who may be over the budget; somebody else must not wait for that."""
    seconds = 0.0
    vendor, budgets = SlowVendor(), LoopBudgets(lambda: seconds)
    viewers = [budgets.of("ada"), budgets.of("ben")]
    seconds += 10  # neither is new any more
    viewers[0].charge(10)
    for viewer, goes_first in (("ada", False), ("ben", True)):
        use_budget(budgets.of(viewer))
        page = vendor.ask("s1", viewer=viewer)
        await settle()
        [request] = vendor.cache.in_flight._running
        assert (request.budget.is_within, request.budget.client) == (goes_first, budgets.of("ada"))
    await vendor.answer("s1")
    assert await page == {"s1": None}
    assert vendor.calls == {"s1": 1}
