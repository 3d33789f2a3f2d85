"""One district takes neither the place nor the turns of others, whatever it sends and whatever its vendors do."""

from __future__ import annotations

import contextlib
from collections import deque

import pytest

from student_graph.gateway.concurrency.fair_queue import FairQueue
from student_graph.gateway.web.in_flight.group_shares import NEWCOMER, GroupShares
from student_graph.gateway.web.in_flight.request import Sender
from student_graph.gateway.web.in_flight.shared_limit import SharedLimit
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder, OverloadError
from tests.gateway.web.in_flight.simulated_process import Process

HILL, DALE = frozenset({"hill"}), frozenset({"dale"})


async def test_a_crowd_of_one_district_causes_no_refusal_of_another() -> None:
    """
    Hundreds of requests of Hill go on at once when their vendor has failed, and some of Hill are refused.

    For a second the process would then refuse everybody beyond two people, also those of Dale, Elm and Firth.
    """
    process = Process()
    process.shedder.share_among({"hill": 1.0, "dale": 1.0, "elm": 1.0, "firth": 1.0})
    people = [(f"hill-{number}", HILL) for number in range(60)]
    others = [(district, frozenset({district})) for district in ("dale", "elm", "firth")]
    for _ in range(6):  # the cost of a response is learned, and nobody is new any more
        for person, districts in [*people, *others]:
            with process.shedder.admit(person, districts=districts):
                process.work(0.01, person)
    process.rest(30)
    with contextlib.ExitStack() as requests:
        refused = 0
        for person, districts in [*people, *people]:
            try:
                requests.enter_context(process.shedder.admit(person, districts=districts))
            except OverloadError:
                refused += 1
        assert refused > 0
        for person, _ in people:
            process.work(0.01, person)
        assert process.shedder._within_budget.is_busy
        for person, districts in others:
            requests.enter_context(process.shedder.admit(person, districts=districts))


def test_requests_that_wait_for_dead_vendors_leave_room_for_other_districts() -> None:
    """Hill may have three quarters of 2,000 requests in flight, and Dale, which comes later, the quarter left."""
    shedder = LoadShedder()
    shedder.share_among({"hill": 1.0, "dale": 1.0})
    with contextlib.ExitStack() as requests:
        for number in range(1_500):
            request = requests.enter_context(shedder.admit(f"hill-{number}", districts=HILL))
            requests.enter_context(request.vendor_wait())
        with pytest.raises(OverloadError), shedder.admit("hill", districts=HILL):
            pass
        for number in range(500):
            requests.enter_context(shedder.admit(f"dale-{number}", districts=DALE))
        with pytest.raises(OverloadError), shedder.admit("dale", districts=DALE):
            pass
        assert shedder.districts.all.by_group == {"hill": 1_500, "dale": 500}
    assert shedder.districts.all.by_group == {}


def test_a_single_district_may_have_all_requests_in_flight() -> None:
    """Without another district, nothing is kept free."""
    shedder = LoadShedder(LoadLimits(in_flight=10))
    shedder.share_among({"hill": 1.0})
    with contextlib.ExitStack() as requests:
        for number in range(10):
            requests.enter_context(shedder.admit(number, districts=HILL))
        with pytest.raises(OverloadError), shedder.admit("ada", districts=HILL):
            pass


def test_services_of_one_district_leave_room_for_services_of_another() -> None:
    """Of the two hundred requests of services, Dale has a quarter for itself."""
    shedder = LoadShedder()
    shedder.share_among({"hill": 1.0, "dale": 1.0})
    with contextlib.ExitStack() as requests:
        for _ in range(150):
            requests.enter_context(shedder.admit("export", bulk=True, districts=HILL))
        with pytest.raises(OverloadError), shedder.admit("export", bulk=True, districts=HILL):
            pass
        requests.enter_context(shedder.admit("report", bulk=True, districts=DALE))


def test_a_guarantee_follows_the_weight() -> None:
    """A district with nine times the weight has nine tenths of what is divided."""
    for group, other, requests in (("hill", "dale", 95), ("dale", "hill", 55)):
        limit = SharedLimit(100)
        limit.divide({"hill": 9.0, "dale": 1.0})
        for _ in range(requests):
            assert not limit.is_full(group)
            limit.add(group)
        assert limit.is_full(group)
        assert not limit.is_full(other)


def test_a_crowd_of_another_district_is_hardly_ahead() -> None:
    """A thousand people of Hill are one request for the first one of Dale, and two for the second one."""
    shares = GroupShares()
    for number in range(1_000):
        shares.add(Sender(number, group="hill"))
    ada = Sender("ada", group="dale")
    assert (shares.ahead_of(ada), shares.people("dale"), shares.people(NEWCOMER)) == (1, 1, 1)
    shares.add(ada)
    assert (shares.ahead_of(ada), shares.people("dale")) == (1 + 2, 1 + 2)
    assert shares.ahead_of_service("elm") == 2
    assert shares.people("hill") == 1_001
    shares.remove(ada)
    for number in range(1_000):
        shares.remove(Sender(number, group="hill"))
    assert shares._people == {}


def test_districts_take_turns_and_clients_within_them() -> None:
    """Of a crowd of one district and one client of another, every second turn is that client's."""
    queue: FairQueue[str] = FairQueue()
    for number in range(6):
        queue.put(f"hill-{number}", number, goes_first=True, group="hill")
        queue.put("dale", "ada", goes_first=True, group="dale")
    order = deque(queue.take() for _ in range(12))
    assert list(order)[::2] == [f"hill-{number}" for number in range(6)]
    assert set(list(order)[1::2]) == {"dale"}
