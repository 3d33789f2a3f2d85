"""Floods: as many requests as the loop can refuse, from any number of accounts, and who is served meanwhile."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import pytest
from starlette.types import Receive, Scope, Send

from student_graph.gateway.concurrency.loop_time import (
    BUDGET_SHARE,
    NEW_CLIENT_SECONDS,
    Budget,
    current_budget,
    use_budget,
)
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
from tests.gateway.web.in_flight.simulated_process import Process

READERS = tuple(f"reader {number}" for number in range(4))
PAIR = ("cleo", "dan")
PAGE_SECONDS = 0.002
REFUSAL_SECONDS = 0.000_05
CONNECTIONS = 16
FLOOD_SECONDS = 3.0
SECONDS_BETWEEN_PAGES = 0.125


def quiet_minute(readers: Sequence[str] = (*READERS, *PAIR)) -> Process:
    """A process in which people have read a page in every second of a minute."""
    process = Process()
    process.shedder.start()
    for _ in range(60):
        for reader in readers:
            with process.shedder.admit(reader):
                process.work(PAGE_SECONDS, reader)
        process.rest(1.0)
    return process


class Flood:
    """Attackers on sixteen connections: each sends the next request as soon as the last one is answered."""

    def __init__(self, process: Process, accounts: Iterator[object], seconds: float) -> None:
        """Each request is of the next of `accounts`, and takes so many seconds if it is not refused."""
        self._process, self._accounts, self._seconds = process, accounts, seconds
        self._in_progress: list[tuple[object, AbstractContextManager[object], float]] = []
        self.refused = self.served = 0

    def round(self) -> None:
        """One round of the event loop: all idle connections send, and one admitted request works for a slice."""
        shedder = self._process.shedder
        for _ in range(CONNECTIONS - len(self._in_progress)):
            account = next(self._accounts)
            try:
                shedder.check()
            except OverloadError:
                self.refused += 1
                self._process.work_for_strangers(REFUSAL_SECONDS)
                continue
            try:
                with shedder.admit_viewer(account):
                    request = shedder.admit(account)
            except OverloadError:
                self.refused += 1
                self._process.work(REFUSAL_SECONDS, account)
            else:
                request.__enter__()
                self._in_progress.append((account, request, self._seconds))
        if self._in_progress:
            account, request, remaining = self._in_progress.pop(0)
            part = min(remaining, 0.005)
            self._process.work(part, account)
            if remaining > part:
                self._in_progress.append((account, request, remaining - part))
            else:
                request.__exit__(None, None, None)
                self.served += 1

    def end(self) -> None:
        """End all requests in progress."""
        for _, request, _ in self._in_progress:
            request.__exit__(None, None, None)


ACCOUNTS = {
    "another account for each request": itertools.count,
    "another pair for each eighty requests": lambda: (2 * (n // 80) + n % 2 for n in itertools.count()),
    "one pair": lambda: itertools.cycle(["ada", "ben"]),
    "a pair that was there before": lambda: itertools.cycle(PAIR),
    "fifty accounts again and again": lambda: itertools.cycle(range(50)),
}


@pytest.mark.parametrize("seconds", [0.0005, 0.005, 0.05])
@pytest.mark.parametrize("accounts", ACCOUNTS.values(), ids=ACCOUNTS.keys())
async def test_a_flood_refuses_nobody_who_was_there_before(accounts: object, seconds: float) -> None:
    """Most requests of the flood are refused, thousands a second, and none of four readers."""
    process = quiet_minute()
    flood = Flood(process, accounts(), seconds)  # type: ignore[operator]
    until, next_pages = process.clock.now + FLOOD_SECONDS, process.clock.now
    refused = 0
    while process.clock.now < until:
        flood.round()
        if process.clock.now >= next_pages:
            next_pages += SECONDS_BETWEEN_PAGES
            with contextlib.ExitStack() as requests:
                for reader in READERS:
                    refused += process.refuses(reader)
                    with contextlib.suppress(OverloadError):
                        requests.enter_context(process.shedder.admit(reader))
                for reader in READERS:
                    process.work(PAGE_SECONDS, reader)
    flood.end()
    process.shedder.stop()
    assert flood.served > 0
    assert refused == 0


async def test_the_cost_of_refusing_strangers_does_not_count_as_the_cost_of_a_page() -> None:
    """Twenty people read a page of two milliseconds at the same moment, while strangers keep the loop busy."""
    people = [f"reader {number}" for number in range(20)]
    process = quiet_minute(people)
    for _ in range(40):
        with contextlib.ExitStack() as requests:
            for person in people:
                assert not process.refuses(person)
                requests.enter_context(process.shedder.admit(person))
            for person in people:
                process.work(PAGE_SECONDS, person)
        for _ in range(20):
            process.work_for_strangers(0.05)
    process.shedder.stop()


async def test_a_newcomer_is_refused_for_three_seconds_of_a_flood_at_most() -> None:
    """From the first request on, which is refused. Afterwards the newcomer was there before others, too."""
    process = quiet_minute()
    flood = Flood(process, itertools.count(), 0.05)
    is_refused, next_request = list[bool](), process.clock.now + 2
    for _ in range(6):
        while process.clock.now < next_request:
            flood.round()
        next_request = process.clock.now + 1
        is_refused.append(process.refuses("newcomer"))
    flood.end()
    process.shedder.stop()
    seconds = -NEW_CLIENT_SECONDS / BUDGET_SHARE
    assert is_refused[0]
    assert not any(was_refused for second, was_refused in enumerate(is_refused) if second >= seconds)


async def test_a_request_is_work_of_a_stranger_until_its_viewer_is_known() -> None:
    """Also on a connection whose last request was one of a viewer."""
    shedder, seen = LoadShedder(), list[Budget | None]()

    async def application(_: Scope, __: Receive, ___: Send) -> None:
        seen.append(current_budget())

    app = GatewayApp(application, application, ["*"], shedder, graphiql=False)
    use_budget(shedder.budgets.of("ada"))
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    await app(scope, None, None)  # type: ignore[arg-type] # it neither reads nor sends
    assert seen == [shedder.budgets.strangers]
    assert not shedder.budgets.strangers.is_within
