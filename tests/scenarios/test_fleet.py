"""Two gateway processes share requests and purges over a real Redis, and continue without it."""

from __future__ import annotations

import asyncio
import base64
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cache.fleet.shared_request import MAX_CLOCK_DIFFERENCE_SECONDS
from tests.clients import async_client, post
from tests.gateway.redis_server import RedisServer, redis_server
from tests.long_runs import size
from tests.scenarios.helpers.gateway_process import VIEWER_TOKEN, GatewayProcess, gateway_process

FACTS = make_district(60)
HEADERS = {"Authorization": f"Bearer {VIEWER_TOKEN}"}
PAGE = """query ($section: ID!) { section(id: $section) { courseTitle roster { beginDate student {
    studentUniqueId name { lastName } courseGrades { letter } attendanceEvents { totalCount } } } } }"""
COLD_PAGES = size(20, 160)
"""Fewer than a hundred for each process: of more, one that has just started refuses some."""
WAIT_SECONDS = 300
"""Longer than anything takes on a busy machine, on which the start of the processes alone takes two minutes."""
KEY = base64.b64encode(b"f" * 32).decode()


class Fleet:
    """Two gateway processes, their vendor and their Redis."""

    def __init__(self, sandbox: EdFiSandbox, redis: RedisServer, gateways: list[GatewayProcess]) -> None:
        self.sandbox, self.redis, self.gateways = sandbox, redis, gateways
        self.section_id = self._find_section_id()

    def _find_section_id(self) -> str:
        """The id of a section of the district."""
        student = FACTS.students[0].id
        query = f'{{ student(studentUniqueId: "{student}") {{ sections {{ section {{ id }} }} }} }}'
        section_id: str = self.gateways[0].post(query)["data"]["student"]["sections"][0]["section"]["id"]
        return section_id

    def purge(self, gateway: GatewayProcess) -> None:
        """Send a purge of the whole district to one process."""
        url = gateway.url.replace("/graphql", "/cache/purge")
        post(url, json={"district": "hill"}, headers=HEADERS).raise_for_status()

    def cached_answers(self, gateway: GatewayProcess) -> int:
        """The number of answers in the cache of a process."""
        headers = HEADERS | {"X-Student-Graph-Explain": "1"}
        response = post(gateway.url, json={"query": "{ viewer { role } }"}, headers=headers).json()
        count: int = response["extensions"]["cache"]["answers"]
        return count

    def new_data_calls(self) -> list[str]:
        """Calls to the vendor for records since the last time, without calls for tokens and metadata."""
        calls = [request for request in self.sandbox.requests if "/ed-fi/" in request]
        self.sandbox.requests.clear()
        return calls

    async def query(self, count: int) -> list[Any]:
        """The responses to `count` equal requests to each process, sent at once."""
        async with http_client() as client:
            return await asyncio.gather(
                *(self.send(client, gateway) for _ in range(count) for gateway in self.gateways)
            )

    async def query_until(self, stop: asyncio.Event, responses: list[Any]) -> None:
        """
        Send requests from six clients to each process until `stop` is set, and append their responses.

        A client sends its next request after the response to the last one. The number of requests in flight is
        therefore bounded on a slow machine too, and the gateway refuses none for overload.
        """

        async def send_repeatedly(gateway: GatewayProcess) -> None:
            while not stop.is_set():
                responses.append(await self.send(client, gateway))
                await asyncio.sleep(0.1)

        async with http_client() as client, asyncio.TaskGroup() as group:
            for gateway in self.gateways * 6:
                group.create_task(send_repeatedly(gateway))

    async def send(self, client: httpx.AsyncClient, gateway: GatewayProcess) -> Any:
        """The response of a process to a request for the page."""
        body = {"query": PAGE, "variables": {"section": self.section_id}}
        return (await client.post(gateway.url, json=body)).json()


def http_client() -> httpx.AsyncClient:
    """A client that reuses no connection that the server may be closing, as it does after five seconds."""
    limits = httpx.Limits(max_connections=1000, keepalive_expiry=1.0)
    return async_client(headers=HEADERS, timeout=WAIT_SECONDS, limits=limits)


async def wait_for_state(gateways: list[GatewayProcess], state: str) -> None:
    """Wait until `/health/ready` of all processes reports this state of the fleet. Fails after `WAIT_SECONDS`."""
    expected = {"status": "ready", "fleet": state}
    async with http_client() as client, asyncio.timeout(WAIT_SECONDS):
        for gateway in gateways:
            url = gateway.url.replace("/graphql", "/health/ready")
            while (await client.get(url)).json() != expected:  # noqa: ASYNC110 - the state of another process
                await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two gateway processes whose vendor takes a tenth of a second for each call."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        sandbox = EdFiSandbox(FACTS)
        stack.enter_context(served(sandbox))
        cache = f'redis = "{redis.url}"\nredis_timeout = 1.0\nkey_env = "FLEET_KEY"'
        folders = [tmp_path_factory.mktemp("fleet") for _ in range(2)]
        gateways = [
            stack.enter_context(gateway_process(folder, {"hill": {"edfi": sandbox}}, cache, {"FLEET_KEY": KEY}))
            for folder in folders
        ]
        asyncio.run(wait_for_state(gateways, "joined"))
        for gateway in gateways:
            gateway.read_log()  # on a busy machine, a first attempt to join may have failed
            gateway.post("{ districts { name } }")  # each gets its token from the vendor
        sandbox.switches.latency = 100
        fleet = Fleet(sandbox, redis, gateways)
        yield fleet


async def wait_for_more(responses: list[Any]) -> None:
    """Wait until the list has a hundred more responses. Fails after `WAIT_SECONDS`."""
    count = len(responses) + 100
    async with asyncio.timeout(WAIT_SECONDS):
        while len(responses) < count:  # noqa: ASYNC110 - responses come from another task
            await asyncio.sleep(0.05)


async def clear_caches(fleet: Fleet) -> None:
    """Empty the caches of both processes, and wait until the purge no longer affects new answers."""
    fleet.purge(fleet.gateways[0])
    await wait_for_empty_cache(fleet, fleet.gateways[1])
    await asyncio.sleep(MAX_CLOCK_DIFFERENCE_SECONDS + 0.1)  # an answer as old as the purge would not be shared
    fleet.new_data_calls()


async def wait_for_empty_cache(fleet: Fleet, gateway: GatewayProcess) -> None:
    """Wait until a process has no cached answers. Fails after `WAIT_SECONDS`."""
    async with asyncio.timeout(WAIT_SECONDS):
        while fleet.cached_answers(gateway):  # noqa: ASYNC110 - the state of another process
            await asyncio.sleep(0.05)


@pytest.mark.long_run
async def test_many_cold_pages_in_two_processes_share_their_calls(fleet: Fleet) -> None:
    """
    Many requests to both processes at once repeat no vendor call that a single request makes once.

    Each process chooses ways by what it has learned, so one may read students and the other lists for some parts;
    two processes that share nothing would make twice as many calls.
    """
    await clear_caches(fleet)
    await fleet.query(1)
    single = Counter(fleet.new_data_calls())
    await clear_caches(fleet)
    responses = await fleet.query(COLD_PAGES // len(fleet.gateways))
    calls = Counter(fleet.new_data_calls())
    assert [response["errors"] for response in responses if "errors" in response] == []
    assert {str(response["data"]) for response in responses} == {str(responses[0]["data"])}
    assert max(calls.values()) <= max(single.values())
    assert calls.total() < 1.75 * single.total()


@pytest.mark.row("D13")
async def test_a_purge_in_one_process_takes_effect_in_the_other(fleet: Fleet) -> None:
    """Its cache is emptied without a request, and then it asks the vendor again."""
    await fleet.query(2)
    fleet.new_data_calls()
    await fleet.query(2)
    assert fleet.new_data_calls() == []
    assert fleet.cached_answers(fleet.gateways[1]) > 0
    fleet.purge(fleet.gateways[0])
    await wait_for_empty_cache(fleet, fleet.gateways[1])
    async with http_client() as client:
        response = await fleet.send(client, fleet.gateways[1])
    assert response["extensions"]["sources"]["hill/edfi"]["calls"] > 0
    assert fleet.new_data_calls() != []


@pytest.mark.row("D02")
async def test_a_redis_that_is_killed_and_started_again_under_load_fails_no_query(fleet: Fleet) -> None:
    """Twelve clients send requests while Redis is killed and started again; every response is complete."""
    responses: list[Any] = []
    stop = asyncio.Event()

    async def restart_redis() -> None:
        try:
            await wait_for_more(responses)
            fleet.redis.kill()
            await asyncio.to_thread(fleet.purge, fleet.gateways[0])
            await wait_for_state(fleet.gateways, "away")
            await wait_for_more(responses)
            await asyncio.to_thread(fleet.redis.start)
            await asyncio.to_thread(fleet.purge, fleet.gateways[1])
            await wait_for_state(fleet.gateways, "joined")
            await wait_for_more(responses)
        finally:
            stop.set()

    await asyncio.gather(fleet.query_until(stop, responses), restart_redis())
    assert [response["errors"] for response in responses if "errors" in response] == []
    assert {str(response["data"]) for response in responses} == {str(responses[0]["data"])}
    for gateway in fleet.gateways:
        assert gateway.process.poll() is None
        log = gateway.read_log()
        unavailable = r"Redis is unavailable \((Connection|Timeout)Error: .*\); this process continues without it"
        assert re.search(unavailable, log)
        assert "Redis is available again" in log
