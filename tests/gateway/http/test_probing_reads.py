"""Reads of a source that failed: few wait for the one that tests it, and a shared failure counts for all."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pydantic import SecretStr

from student_graph.adapters.auth import ClientCredentials
from student_graph.adapters.errors import RefusedError, UnavailableError
from student_graph.gateway.http import probing_reads
from student_graph.gateway.http.breaker import MAX_CONSECUTIVE_FAILURES, PROBES_TO_CLOSE, Permit
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.probing_reads import MAX_WAITING_READS
from student_graph.gateway.http.retries import RetryTransport
from tests.gateway.cache.small_cache import Clock

NEEDED_BY_ALL = {"needed_by_all": True}


async def half_open_gate() -> tuple[Gate, Clock]:
    """The gate of a source that failed half a minute ago, and its clock."""
    clock = Clock()
    gate = Gate(8, clock=clock)
    for _ in range(MAX_CONSECUTIVE_FAILURES):
        await send(gate, succeeded=False)
    assert not gate.breaker.closed
    clock.now += 31
    return gate, clock


async def send(gate: Gate, *, succeeded: bool) -> None:
    """Send one request that succeeds or fails."""
    gate.leave(await gate.enter(), succeeded=succeeded)


async def read(gate: Gate, may_end: asyncio.Event, *, succeeded: bool = True) -> str:
    """Send as many requests as close the breaker, once the read may go on."""
    async with gate.reading():
        await may_end.wait()
        for _ in range(PROBES_TO_CLOSE if succeeded else 1):
            await send(gate, succeeded=succeeded)
    return "read"


async def rest_of_loop() -> None:
    """Let all tasks run until they wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_few_reads_wait_for_the_one_that_tests_a_source() -> None:
    """Of a hundred reads, one tests the source, 32 wait for it, and 67 fail at once."""
    gate, _ = await half_open_gate()
    may_end = asyncio.Event()
    reads = [asyncio.create_task(read(gate, may_end)) for _ in range(100)]
    await rest_of_loop()
    failed = [task for task in reads if task.done()]
    assert len(failed) == 100 - 1 - MAX_WAITING_READS
    assert {type(task.exception()) for task in failed} == {UnavailableError}
    may_end.set()
    assert await asyncio.gather(*(task for task in reads if task not in failed)) == ["read"] * 33
    assert gate.breaker.closed


async def test_reads_that_wait_fail_as_soon_as_the_test_fails() -> None:
    """They do not wait for the end of their second, and say when to try again."""
    gate, _ = await half_open_gate()
    may_end = asyncio.Event()
    probe = asyncio.create_task(read(gate, may_end, succeeded=False))
    await rest_of_loop()
    waiting = [asyncio.create_task(read(gate, may_end)) for _ in range(10)]
    await rest_of_loop()
    assert not any(task.done() for task in waiting)
    may_end.set()
    assert await probe == "read"
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert {(type(error), error.retry_after) for error in errors if isinstance(error, UnavailableError)} == {
        (UnavailableError, 60)
    }
    assert len(errors) == 10


async def test_reads_wait_for_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The read that tests a silent source goes on, and its result is for later ones."""
    monkeypatch.setattr(probing_reads, "PROBE_WAIT_SECONDS", 0.0)
    gate, _ = await half_open_gate()
    may_end = asyncio.Event()
    probe = asyncio.create_task(read(gate, may_end))
    await rest_of_loop()
    with pytest.raises(UnavailableError):
        await read(gate, may_end)
    may_end.set()
    assert await probe == "read"


async def test_a_cancelled_test_of_a_source_is_left_to_the_next_read() -> None:
    """A client that disconnects keeps nobody from testing the source."""
    gate, _ = await half_open_gate()
    may_end = asyncio.Event()
    probe, following = [asyncio.create_task(read(gate, may_end)) for _ in range(2)]
    await rest_of_loop()
    probe.cancel()
    await rest_of_loop()
    may_end.set()
    assert await following == "read"
    assert gate.breaker.closed


@pytest.mark.parametrize(
    ("reads", "extensions", "is_left_alone"),
    [(5, NEEDED_BY_ALL, True), (4, NEEDED_BY_ALL, False), (5, {}, False)],
)
async def test_a_failed_token_request_counts_for_all_waiting_reads(
    reads: int, extensions: dict[str, bool], *, is_left_alone: bool
) -> None:
    """A token that is not issued while five reads wait for it is five failures, and the source is left alone."""
    gate = Gate(8)
    transport = RetryTransport(httpx.MockTransport(lambda _: httpx.Response(500)), gate)
    may_end = asyncio.Event()
    tasks = [asyncio.create_task(read(gate, may_end)) for _ in range(reads)]
    await rest_of_loop()
    await transport.handle_async_request(httpx.Request("POST", "http://sis.test/token", extensions=extensions))
    assert gate.breaker.closed is not is_left_alone
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_reads_that_have_ended_are_not_counted_as_failures() -> None:
    """Only reads that are under way can have waited for a token."""
    gate = Gate(8)
    may_end = asyncio.Event()
    may_end.set()
    for _ in range(10):
        await read(gate, may_end)
    gate.fail_reads()
    assert gate.breaker.closed
    assert await gate.enter() is Permit.NORMAL


def client_of(vendor: httpx.MockTransport) -> httpx.AsyncClient:
    """A client that gets tokens from a vendor."""
    url = "http://sis.test"
    auth = ClientCredentials("client", SecretStr("s3cret"), token_url=f"{url}/token", origin=url)
    return httpx.AsyncClient(transport=vendor, auth=auth, base_url=url)


async def test_a_request_for_a_token_is_marked_as_needed_by_all_reads() -> None:
    """Others are not marked: what one of them reads may be slow, and all the rest works."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 600})

    async with client_of(httpx.MockTransport(answer)) as http:
        await http.get("/students")
    assert [(request.url.path, "needed_by_all" in request.extensions) for request in sent] == [
        ("/token", True),
        ("/students", False),
    ]


async def test_a_failure_shared_by_fifty_requests_does_not_grow() -> None:
    """Its traceback would otherwise grow with each of them, and keep alive what they hold."""
    async with client_of(httpx.MockTransport(lambda _: httpx.Response(400))) as http:
        for _ in range(50):
            with pytest.raises(RefusedError) as caught:
                await http.get("/students")
            assert len(caught.traceback) < 40
