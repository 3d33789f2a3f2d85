"""Two gateway processes on one real Redis: one flight across both, purges heard by both, and no need of Redis."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.gateway.redis_server import RedisServer, redis_server
from tests.scenarios.helpers.gateways import VIEWER_TOKEN, Gateway, serving

FACTS = make_district(60)
HEADERS = {"Authorization": f"Bearer {VIEWER_TOKEN}"}
PAGE = """query ($section: ID!) { section(id: $section) { courseTitle roster { beginDate student {
    studentUniqueId name { lastName } courseGrades { letter } attendanceEvents { totalCount } } } } }"""
KEY = base64.b64encode(b"f" * 32).decode()


class Fleet:
    """Two gateways, their vendor and their Redis."""

    def __init__(self, sandbox: EdFiSandbox, redis: RedisServer, gateways: list[Gateway]) -> None:
        self.sandbox, self.redis, self.gateways = sandbox, redis, gateways
        self.section = self._section()

    def _section(self) -> str:
        """A class of that district."""
        student = FACTS.students[0].id
        query = f'{{ student(studentUniqueId: "{student}") {{ sections {{ section {{ id }} }} }} }}'
        found: str = self.gateways[0].ask(query)["data"]["student"]["sections"][0]["section"]["id"]
        return found

    def forget(self, gateway: Gateway) -> None:
        """Have one of them purge everything."""
        url = gateway.url.replace("/graphql", "/cache/purge")
        httpx.post(url, json={"district": "hill"}, headers=HEADERS, trust_env=False).raise_for_status()

    def ready(self) -> Any:
        """What the first says of its health."""
        url = self.gateways[0].url.replace("/graphql", "/health/ready")
        return httpx.get(url, trust_env=False).json()

    def data_calls(self) -> list[str]:
        """What the vendor was asked but for tokens and the like, since the last time."""
        asked = [each for each in self.sandbox.requests if "/ed-fi/" in each]
        self.sandbox.requests.clear()
        return asked

    async def ask(self, count: int, pause: float = 0.0) -> list[Any]:
        """So many equal questions to each gateway."""
        body = {"query": PAGE, "variables": {"section": self.section}}
        limits = httpx.Limits(max_connections=1000)
        async with httpx.AsyncClient(headers=HEADERS, timeout=30, trust_env=False, limits=limits) as client:

            async def one(gateway: Gateway, number: int) -> Any:
                await asyncio.sleep(number * pause)
                return (await client.post(gateway.url, json=body)).json()

            return await asyncio.gather(*(one(gateway, n) for n in range(count) for gateway in self.gateways))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two gateways whose vendor takes a tenth of a second."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        sandbox = EdFiSandbox(FACTS)
        stack.enter_context(served(sandbox))
        cache = f'redis = "{redis.url}"\nredis_timeout = 1.0\nkey_env = "FLEET_KEY"'
        gateways = [
            stack.enter_context(
                serving(tmp_path_factory.mktemp("fleet"), {"hill": {"edfi": sandbox}}, cache, {"FLEET_KEY": KEY})
            )
            for _ in range(2)
        ]
        sandbox.switches.latency = 100
        made = Fleet(sandbox, redis, gateways)
        for gateway in gateways:  # each has its token, and has heard what was told before
            gateway.ask("{ districts { name } }")
        yield made


async def settled(fleet: Fleet) -> None:
    """Nothing is kept, here or there, and a purge is long enough past for clocks that differ."""
    fleet.forget(fleet.gateways[0])
    await asyncio.sleep(1.5)
    fleet.data_calls()


async def test_a_thousand_cold_pages_of_two_processes_make_the_calls_of_one(fleet: Fleet) -> None:
    """Five hundred at each: exactly the vendor calls of a single page."""
    await settled(fleet)
    await fleet.ask(1)
    single = sorted(fleet.data_calls())
    await settled(fleet)
    answers = await fleet.ask(500)
    assert sorted(fleet.data_calls()) == single
    assert {str(answer["data"]) for answer in answers} == {str(answers[0]["data"])}
    assert not any("errors" in answer for answer in answers)


@pytest.mark.row("D13")
async def test_a_purge_at_one_is_heard_by_the_other_within_a_second(fleet: Fleet) -> None:
    """What was kept by both is asked anew by whoever is asked first."""
    await fleet.ask(2)
    fleet.data_calls()
    await fleet.ask(2)
    assert fleet.data_calls() == []
    fleet.forget(fleet.gateways[0])
    await asyncio.sleep(1.0)
    answer = fleet.gateways[1].ask(PAGE, section=fleet.section)
    assert answer["extensions"]["sources"]["hill/edfi"]["calls"] > 0
    assert fleet.data_calls() != []


@pytest.mark.row("D02")
async def test_a_redis_that_is_killed_and_started_again_under_load_fails_no_query(fleet: Fleet) -> None:
    """Four hundred questions over four seconds, while Redis dies and comes back."""

    async def trouble() -> None:
        await asyncio.sleep(0.5)
        fleet.redis.kill()
        fleet.forget(fleet.gateways[0])
        told.append(await settled("away"))
        await asyncio.to_thread(fleet.redis.start)
        await asyncio.sleep(0.5)
        fleet.forget(fleet.gateways[1])
        told.append(await settled("joined"))

    async def settled(expected: str) -> Any:
        """What `/health/ready` answers once the fleet is as expected, or after fifteen seconds."""
        for _ in range(75):
            ready = await asyncio.to_thread(fleet.ready)
            if ready["fleet"] == expected:
                break
            await asyncio.sleep(0.2)
        return ready

    told: list[Any] = []
    answers, _ = await asyncio.gather(fleet.ask(200, pause=0.02), trouble())
    assert [answer["errors"] for answer in answers if "errors" in answer] == []
    assert {str(answer["data"]) for answer in answers} == {str(answers[0]["data"])}
    assert told == [{"status": "ready", "fleet": "away"}, {"status": "ready", "fleet": "joined"}]
    for gateway in fleet.gateways:
        assert gateway.process.poll() is None
        said = gateway.said()
        assert "Redis cannot be used (ConnectionError): this process goes on by itself" in said
        assert "Redis can be used again" in said
