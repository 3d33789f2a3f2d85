"""More than can be answered: what is refused, what is not, and that what was taken is given back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.load_shedding import BusyError, LoadLimits, LoadShedder, ViewerBusyError
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.cache.small_cache import Clock
from tests.gateway.graph import SCHEMA, TOKEN, begin


@contextlib.contextmanager
def beating(loads: LoadLimits | None = None) -> Iterator[tuple[LoadShedder, Callable[[float, float], None]]]:
    """A load whose pulse is felt, of which one answer takes ten milliseconds, and how time and work pass."""
    cpu, wall = Clock(), Clock()
    load = LoadShedder(loads, cpu=cpu, wall=wall)
    load.start()

    def passes(seconds: float, worked: float) -> None:
        for _ in range(100):
            wall.now += seconds / 100
            cpu.now += worked / 100
            load._tick()

    for _ in range(200):
        with load.taken():
            cpu.now += 0.01
            wall.now += 0.1
    passes(2.0, 0.0)
    try:
        yield load, passes
    finally:
        load.stop()


def refuses(load: LoadShedder) -> bool:
    """Whether one more is turned away."""
    try:
        with load.taken():
            return False
    except BusyError:
        return True


@pytest.mark.row("F01")
async def test_a_burst_may_wait_and_a_flood_may_not() -> None:
    """Thirty answers of ten milliseconds in a quiet time; when the processor works all the time, two."""
    with beating() as (load, passes), contextlib.ExitStack() as taken:
        for _ in range(31):
            taken.enter_context(load.taken())
        assert refuses(load)
        taken.enter_context(load.waiting())
        assert not load._late(0.3)
        passes(1.0, 1.0)
        assert load._late(0.3)
        for _ in range(28):
            taken.enter_context(load.waiting())
        assert not load._late(0.3)
        taken.enter_context(load.taken())
        assert load._late(0.3)
        passes(1.0, 0.5)
        assert not load._late(0.3)


@pytest.mark.row("F07")
async def test_services_wait_for_persons() -> None:
    """They are turned away first, and have a share of the room at most."""
    with beating(LoadLimits(in_flight=20)) as (load, _):
        with contextlib.ExitStack() as taken:
            for number in range(2):
                taken.enter_context(load.of_viewer(number, bulk=True))
            with pytest.raises(BusyError), load.of_viewer("third", bulk=True):
                pass
            with load.of_viewer("person", bulk=False):
                pass
        with contextlib.ExitStack() as taken:
            for _ in range(5):
                taken.enter_context(load.taken())
            with pytest.raises(BusyError), load.of_viewer("service", bulk=True):
                pass
            with load.of_viewer("person", bulk=False):
                pass


@pytest.mark.row("G21", "F06")
async def test_one_viewer_has_so_much_room_and_so_many_requests() -> None:
    """Others have theirs."""
    load = LoadShedder(LoadLimits(viewer_in_flight=2, viewer_rate=0.001, viewer_burst=5))
    with load.of_viewer("ada", bulk=False), load.of_viewer("ada", bulk=False):
        with pytest.raises(ViewerBusyError), load.of_viewer("ada", bulk=False):
            pass
        with load.of_viewer("ben", bulk=False):
            pass
    for _ in range(3):
        with load.of_viewer("ada", bulk=False):
            pass
    with pytest.raises(ViewerBusyError), load.of_viewer("ada", bulk=False):
        pass
    assert load._of_viewers == {}


async def test_what_was_taken_is_given_back_whatever_happens() -> None:
    """An error, or a client that goes away."""
    load = LoadShedder(LoadLimits(in_flight=1))
    with pytest.raises(LookupError), load.taken():
        raise LookupError
    task = asyncio.create_task(_held(load))
    await asyncio.sleep(0)
    assert refuses(load)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not refuses(load)


async def _held(load: LoadShedder) -> None:
    with load.taken(), load.of_viewer("ada", bulk=False):
        await asyncio.sleep(60)


def client(loads: LoadLimits, role: ViewerRole = ViewerRole.TEACHER) -> httpx.AsyncClient:
    """A gateway in this process that takes on so much."""
    load = LoadShedder(loads)
    viewers = Authenticator({"t": Viewer("ada", role, frozenset({DistrictId("hill")}))})
    view = GraphQLView(SCHEMA, Admission(viewers, load=load), begin)
    door = GatewayApp(view, view, ["*"], load, explorer=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://gateway.example", headers=TOKEN)


async def test_clients_are_told_when_to_come_back() -> None:
    """503 when there is too much for all, 429 when it is theirs; both say when, in whole seconds."""
    async with client(LoadLimits(in_flight=0)) as everybody:
        told = await everybody.post("/graphql", json={"query": "{ role }"})
        assert (told.status_code, told.headers["retry-after"]) == (503, "2")
        assert told.json()["errors"][0]["message"].startswith("There is too much to do")
    async with client(LoadLimits(viewer_in_flight=0)) as mine:
        told = await mine.post("/graphql", json={"query": "{ role }"})
        assert (told.status_code, told.headers["retry-after"]) == (429, "2")
        assert told.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with client(LoadLimits(in_flight=1, bulk_share=0.0), ViewerRole.SERVICE) as service:
        assert (await service.post("/graphql", json={"query": "{ role }"})).status_code == 200
