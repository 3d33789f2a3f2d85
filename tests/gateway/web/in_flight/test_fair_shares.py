"""Fair shares: what a pair of attackers asks for refuses nothing to people, services or a whole school."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from student_graph.gateway.web.load_shedding import OverloadError
from tests.gateway.web.in_flight.simulated_process import Process

PAIR = ("ada", "ben")
HEAVY_SECONDS = 0.02
"""Processor time of a request of the pair."""


@pytest.fixture
async def attacked() -> Iterator[tuple[Process, Callable[[], None]]]:
    """
    A process that a pair keeps busy with sixteen expensive requests, after a quiet hour of others.

    The function lets the pair's requests use the processor for a tenth of a second.
    """
    process = Process()
    process.shedder.start()
    for number in range(160):
        with contextlib.suppress(OverloadError), process.shedder.admit(f"teacher {number % 10}"):
            process.work(0.005, f"teacher {number % 10}")
        process.rest(1)
    with process.in_progress:
        for person in PAIR * 8:
            with contextlib.suppress(OverloadError):
                process.begin(person)

        def attack() -> None:
            for person in PAIR * 2:
                with contextlib.suppress(OverloadError), process.shedder.admit(person):
                    process.work(HEAVY_SECONDS, person)
                process.work(0.005, person)

        for _ in range(40):
            attack()
        yield process, attack
    process.shedder.stop()


async def test_ten_teachers_of_a_school_are_served_while_a_pair_attacks(
    attacked: tuple[Process, Callable[[], None]],
) -> None:
    """They read a page each in every second, all at once: each viewer has a budget, and no address has one."""
    process, attack = attacked
    for _ in range(60):
        with contextlib.ExitStack() as requests:
            for number in range(10):
                person = f"teacher {number}"
                assert not process.refuses(person)
                requests.enter_context(process.shedder.admit(person))
        for number in range(10):
            process.work(0.005, f"teacher {number}")
        for _ in range(5):
            attack()
    assert process.shedder._everybody.is_busy
    assert not process.shedder._within_budget.is_busy


async def test_the_pair_is_refused_by_its_heads(attacked: tuple[Process, Callable[[], None]]) -> None:
    """Nothing of their bodies is read, and the answer says when to try again."""
    process, _ = attacked
    for person in PAIR:
        with pytest.raises(OverloadError) as refusal, process.shedder.admit_viewer(person):
            pass
        assert refusal.value.retry_after >= 1


async def test_several_requests_of_one_page_are_served_while_a_pair_attacks(
    attacked: tuple[Process, Callable[[], None]],
) -> None:
    """A dashboard sends six at once: the expensive ones of the pair are not ahead of them."""
    process, _ = attacked
    with contextlib.ExitStack() as requests:
        for _ in range(6):
            assert not process.refuses("teacher 1")
            requests.enter_context(process.shedder.admit("teacher 1"))


async def test_a_newcomer_is_served_while_a_pair_attacks(attacked: tuple[Process, Callable[[], None]]) -> None:
    """Who was never seen takes turns with the pair, and has a budget three seconds later."""
    process, _ = attacked
    assert not process.refuses("a new teacher")


async def test_a_service_within_its_budget_is_served_while_a_pair_attacks(
    attacked: tuple[Process, Callable[[], None]],
) -> None:
    """One that is over it waits for all others, as ever, and so does a new one."""
    process, attack = attacked
    assert process.refuses("roster sync", bulk=True)
    known_at = process.clock.now + 4
    while process.clock.now < known_at:
        attack()
    assert not process.refuses("roster sync", bulk=True)
    process.work(0.5, "roster sync")
    assert process.refuses("roster sync", bulk=True)


async def test_a_pair_is_served_again_soon_after_its_attack(attacked: tuple[Process, Callable[[], None]]) -> None:
    """Once the processor has less to do, whoever is over the budget is admitted; ten seconds later also first."""
    process, _ = attacked
    process.in_progress.close()
    for _ in range(250):
        process.rest(0.005)
    assert not process.refuses("ada")
    process.rest(10)
    assert process.shedder.budgets.of("ada").is_within


async def test_a_client_who_is_alone_may_use_all_of_the_processor() -> None:
    """
    A person asks for long lists one after the other, and so does a service, each alone: no request is refused.
    """
    for bulk in (False, True):
        process = Process()
        process.shedder.start()
        for _ in range(100):
            with process.shedder.admit_viewer("alone", bulk=bulk), process.shedder.admit("alone", bulk=bulk):
                process.work(0.1, "alone")
        process.shedder.stop()


async def test_a_crowd_is_refused_that_needs_more_than_the_processor_has() -> None:
    """Forty people within their budgets need three times as much as there is: nobody goes first."""
    process = Process()
    process.shedder.start()
    served = refused = 0
    for second in range(30):
        with contextlib.ExitStack() as requests:
            for number in range(40):
                try:
                    requests.enter_context(process.shedder.admit(number))
                except OverloadError:
                    refused += 1
                else:
                    served += 1
                    process.work(0.01, number)
            process.work(0.3, second % 40)
    process.shedder.stop()
    assert min(refused, served) > (refused + served) / 4
