"""Overload: which requests are refused and which are admitted, and that each request frees its capacity."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.in_flight import Shares
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder, OverloadError, ViewerLimitError
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.cache.small_cache import Clock
from tests.gateway.graph import SCHEMA, TOKEN, start_operation


@contextlib.contextmanager
def measured_shedder(limits: LoadLimits | None = None) -> Iterator[tuple[LoadShedder, Callable[..., None]]]:
    """
    Yield a load shedder that has measured a response to take ten milliseconds of processor time.

    The second value lets so many seconds pass, with so many seconds of work, in so many samples.
    """
    cpu, clock = Clock(), Clock()
    shedder = LoadShedder(limits, cpu=cpu, clock=clock)
    shedder.start()

    def advance(seconds: float, worked: float, samples: int = 100) -> None:
        for _ in range(samples):
            clock.now += seconds / samples
            cpu.now += worked / samples
            shedder.stop()
            shedder.start()

    for _ in range(200):
        with shedder.admit():
            cpu.now += 0.01
            clock.now += 0.1
    advance(2.0, 0.0)
    try:
        yield shedder, advance
    finally:
        shedder.stop()


def is_queue_too_long(shedder: LoadShedder) -> bool:
    """Whether the requests in flight need more than 0.3 seconds of the processor, or 0.02 if it is busy."""
    return shedder._is_too_long(shedder._everybody, shedder._everybody.requests.ahead_of_service(None), None)


def refuses(shedder: LoadShedder, person: Hashable = None) -> bool:
    """Whether one more request of a person is refused."""
    try:
        with shedder.admit(person):
            return False
    except OverloadError:
        return True


@pytest.mark.row("F01")
async def test_a_burst_is_queued_and_a_flood_is_refused() -> None:
    """Thirty requests of ten milliseconds may queue after a quiet time; two when the processor is busy."""
    with measured_shedder() as (shedder, advance), contextlib.ExitStack() as requests:
        admitted = [requests.enter_context(shedder.admit()) for _ in range(30)]
        while not refuses(shedder):
            admitted.append(requests.enter_context(shedder.admit()))
        assert len(admitted) in (30, 31)
        for _ in range(2):
            requests.enter_context(admitted.pop().vendor_wait())
        assert not is_queue_too_long(shedder)
        advance(0.5, 0.5)
        assert is_queue_too_long(shedder)
        while is_queue_too_long(shedder):
            requests.enter_context(admitted.pop().vendor_wait())
        assert len(admitted) == 1
        advance(1.0, 0.5)
        assert not is_queue_too_long(shedder)


@pytest.mark.row("F07")
async def test_services_are_refused_before_people() -> None:
    """Services use at most their share of the requests in flight, and are refused as soon as requests queue."""
    with measured_shedder(LoadLimits(in_flight=20)) as (shedder, _):
        with contextlib.ExitStack() as requests:
            for _ in range(2):
                requests.enter_context(shedder.admit(bulk=True))
            with pytest.raises(OverloadError), shedder.admit(bulk=True):
                pass
            with shedder.admit():
                pass
        with contextlib.ExitStack() as requests:
            for _ in range(6):
                requests.enter_context(shedder.admit())
            with pytest.raises(OverloadError), shedder.admit(bulk=True):
                pass
            with shedder.admit():
                pass


async def test_a_service_that_sends_large_lists_one_after_the_other_is_not_refused() -> None:
    """Each takes 100 milliseconds of processor time, so the processor is always busy, with this service alone."""
    with measured_shedder() as (shedder, advance):
        for _ in range(400):
            shedder.check()
            with shedder.admit(bulk=True):
                advance(0.1, 0.1, 4)


async def test_a_person_is_not_refused_because_of_a_service() -> None:
    """With one list of a service in progress, a second list is refused, and a person's request is not."""
    with measured_shedder() as (shedder, advance), contextlib.ExitStack() as requests:
        for _ in range(200):
            with shedder.admit():
                advance(0.1, 0.1, 4)
        requests.enter_context(shedder.admit(bulk=True))
        with pytest.raises(OverloadError), shedder.admit(bulk=True):
            pass
        with shedder.admit():
            pass
        requests.enter_context(shedder.vendor_wait())
        with shedder.admit(bulk=True):
            pass
    lanes = shedder._everybody, shedder._within_budget
    assert [lane.requests.ahead_of_service(None) for lane in lanes] == [0, 0]


async def test_a_long_page_in_progress_refuses_nobody() -> None:
    """A page that works for two seconds alone is no overload: others take turns with it, also a few at once."""
    with measured_shedder() as (shedder, advance):
        for _ in range(200):
            with shedder.admit():
                advance(0.06, 0.05, 4)
        with shedder.admit():
            advance(2.0, 2.0)
            for _ in range(10):
                with shedder.admit(), shedder.admit():
                    advance(0.05, 0.05, 4)
                advance(0.2, 0.2)


async def test_an_overload_lasts_while_requests_are_refused() -> None:
    """With one request in progress at a time nothing queues, because all others are refused."""
    with measured_shedder() as (shedder, advance):
        for _ in range(200):
            with shedder.admit():
                advance(0.06, 0.05, 4)
        with shedder.admit(), shedder.admit():
            advance(1.5, 1.5)
            assert refuses(shedder)
        for _ in range(100):
            with shedder.admit():
                advance(0.05, 0.05, 4)
                assert refuses(shedder)
        advance(2.0, 0.0)
        with shedder.admit():
            assert not refuses(shedder)


async def test_a_person_without_running_requests_is_not_refused_because_of_a_pair() -> None:
    """Two people with eight expensive requests each are refused; others take turns with them."""
    with measured_shedder() as (shedder, advance), contextlib.ExitStack() as requests:
        for _ in range(200):
            with shedder.admit("ada"):
                advance(0.1, 0.1, 4)
        for person in ("ada", "ben") * 8:
            with contextlib.suppress(OverloadError):
                requests.enter_context(shedder.admit(person))
        advance(1.0, 1.0)
        assert refuses(shedder, "ada")
        assert refuses(shedder, "ben")
        assert not refuses(shedder, "cleo")


async def test_a_crowd_is_refused_that_needs_more_than_the_processor_has() -> None:
    """Thirty people with one request each may queue after a quiet time, and three when the processor is busy."""
    with measured_shedder() as (shedder, advance), contextlib.ExitStack() as requests:
        for person in range(30):
            requests.enter_context(shedder.admit(person))
        while not refuses(shedder, 31):
            requests.enter_context(shedder.admit(object()))
        assert shedder.in_flight in (30, 31)
    with measured_shedder() as (shedder, advance), contextlib.ExitStack() as requests:
        admitted = [requests.enter_context(shedder.admit(person)) for person in range(3)]
        advance(1.5, 1.5)
        assert refuses(shedder, 3)
        requests.enter_context(admitted.pop().vendor_wait())
        assert not refuses(shedder, 3)


async def test_a_request_waits_once_however_many_of_its_parts_wait() -> None:
    """Otherwise its other waits would hide the work of others; a part that goes on after it counts as nothing."""
    with measured_shedder() as (shedder, _):
        with shedder.admit("ada"), shedder.admit("ben") as request:
            with shedder.vendor_wait(), shedder.vendor_wait():
                assert (shedder.waiting_for_vendors, shedder._everybody.requests.requests_of_people) == (1, 1)
                with request.vendor_wait():
                    assert shedder.waiting_for_vendors == 1
            assert (shedder.waiting_for_vendors, shedder._everybody.requests.requests_of_people) == (0, 2)
            part = request.vendor_wait()
            part.__enter__()
        with request.vendor_wait():
            part.__exit__(None, None, None)
        assert (shedder.waiting_for_vendors, shedder.in_flight) == (0, 0)
        assert shedder._everybody.requests.requests_of_people == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_the_share_of_others_is_what_a_count_of_all_requests_says(steps: list[tuple[bool, int]]) -> None:
    """After any requests that begin and end: one's own, and of each other person at most one more."""
    shares, requests = Shares(), Counter[int]()
    for begins, person in steps:
        if begins:
            shares.add(person)
            requests[person] += 1
        elif requests[person]:
            shares.remove(person)
            requests[person] -= 1
    for person in range(6):
        expected = sum(min(count, requests[person] + 1) for count in requests.values())
        assert (shares.of(person), shares.ahead_of(person)) == (requests[person], expected)
    assert len(shares) == sum(count > 0 for count in requests.values())
    assert shares.requests == requests.total()


@pytest.mark.row("G21", "F06")
async def test_one_viewer_is_limited_and_others_are_not() -> None:
    """A viewer may have two requests in flight, and five requests in a burst; the next is refused."""
    shedder = LoadShedder(LoadLimits(viewer_in_flight=2, viewer_rate=0.001, viewer_burst=5))
    with shedder.admit_viewer("ada"), shedder.admit_viewer("ada"):
        with pytest.raises(ViewerLimitError), shedder.admit_viewer("ada"):
            pass
        with shedder.admit_viewer("ben"):
            pass
    for _ in range(3):
        with shedder.admit_viewer("ada"):
            pass
    with pytest.raises(ViewerLimitError), shedder.admit_viewer("ada"):
        pass
    assert len(shedder._viewer_requests) == 0


async def test_while_too_many_requests_are_in_flight_others_are_refused_by_their_heads() -> None:
    """Each of them costs so little then that those in flight are answered."""
    shedder = LoadShedder(LoadLimits(in_flight=1))
    with shedder.admit():
        assert not shedder.refuses_requests
        assert refuses(shedder)
        assert shedder.refuses_requests


async def test_a_request_frees_its_capacity_however_it_ends() -> None:
    """A request that fails, or is cancelled because its client disconnects, is no longer in flight."""
    shedder = LoadShedder(LoadLimits(in_flight=1))
    with pytest.raises(LookupError), shedder.admit():
        raise LookupError
    task = asyncio.create_task(_never_ending_request(shedder))
    await asyncio.sleep(0)
    assert refuses(shedder)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not refuses(shedder)


async def _never_ending_request(shedder: LoadShedder) -> None:
    with shedder.admit_viewer("ada"), shedder.admit():
        await asyncio.sleep(60)


def client_of_gateway(limits: LoadLimits, role: ViewerRole = ViewerRole.TEACHER) -> httpx.AsyncClient:
    """Return a client of a gateway in this process that has these limits."""
    shedder = LoadShedder(limits)
    authenticator = Authenticator({"t": Viewer("ada", role, frozenset({DistrictId("hill")}))})
    view = GraphQLView(SCHEMA, Admission(authenticator, load_shedder=shedder), start_operation)
    app = GatewayApp(view, view, ["*"], shedder, graphiql=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example", headers=TOKEN)


async def test_a_refused_client_learns_when_to_retry() -> None:
    """503 if the process is overloaded, 429 if the viewer is over a limit; both have `Retry-After` in seconds."""
    query = {"query": "{ role }"}
    async with client_of_gateway(LoadLimits(in_flight=0)) as client:
        response = await client.post("/graphql", json=query)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert response.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
    async with client_of_gateway(LoadLimits(viewer_in_flight=0)) as client:
        response = await client.post("/graphql", json=query)
        assert (response.status_code, response.headers["retry-after"]) == (429, "2")
        assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with client_of_gateway(LoadLimits(in_flight=1, bulk_share=0.0), ViewerRole.SERVICE) as client:
        assert (await client.post("/graphql", json=query)).status_code == 200
