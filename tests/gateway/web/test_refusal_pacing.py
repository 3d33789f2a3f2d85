"""A flood of requests that are refused is answered slowly, and the requests of others are not."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.gateway.web.refusal_pacing import (
    MAX_PACED_ADDRESSES,
    MAX_REFUSAL_DELAY_SECONDS,
    OVERLOAD_REFUSALS_BURST,
    OVERLOAD_REFUSALS_PER_SECOND,
    REFUSALS_BURST,
    REFUSALS_PER_SECOND,
    RefusalPacing,
)
from tests.gateway.cache.small_cache import Clock


class Gateway:
    """An application that answers with the status in the path, and the time that responses were delayed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.delays: list[float] = []
        self.app = RefusalPacing(self._answer, clock=self.clock, sleep=self._sleep)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _sleep(self, seconds: float) -> None:
        self.delays.append(seconds)

    async def request(self, status: int, host: str = "192.0.2.1") -> float:
        """Send a request that gets this status, and return how long the response was delayed."""
        count = len(self.delays)
        messages: list[Any] = []

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {"type": "http", "path": f"/{status}", "client": (host, 50_000)}
        await self.app(scope, None, send)  # type: ignore[arg-type] # the body is not read
        assert [message["type"] for message in messages] == ["http.response.start", "http.response.body"]
        return sum(self.delays[count:])


@pytest.mark.parametrize(("status", "rate", "burst"), [
    (401, REFUSALS_PER_SECOND, REFUSALS_BURST),
    (429, REFUSALS_PER_SECOND, REFUSALS_BURST),
    (503, OVERLOAD_REFUSALS_PER_SECOND, OVERLOAD_REFUSALS_BURST),
])  # fmt: skip
async def test_a_burst_of_refusals_is_answered_at_once_and_a_flood_is_not(
    status: int, rate: float, burst: int
) -> None:
    """Each connection of a flood then waits two seconds for a refusal, however many there are."""
    gateway = Gateway()
    assert sum([await gateway.request(status) for _ in range(burst)]) == 0
    flood = [await gateway.request(status) for _ in range(2 * burst)]
    assert flood == sorted(flood)
    assert flood[-1] == pytest.approx(MAX_REFUSAL_DELAY_SECONDS, abs=2 / rate)
    gateway.clock.now += burst / rate + MAX_REFUSAL_DELAY_SECONDS
    assert sum([await gateway.request(status) for _ in range(burst)]) == 0


async def test_ten_times_the_load_behind_one_proxy_is_refused_at_once() -> None:
    """A crowd that gets 503 goes elsewhere or waits: a thousand of them a second are no flood."""
    gateway = Gateway()
    for _ in range(20_000):
        gateway.clock.now += 1 / 900
        assert await gateway.request(503) == 0


@pytest.mark.parametrize(("status", "host"), [
    (200, "192.0.2.1"), (503, "192.0.2.1"), (500, "192.0.2.1"), (401, "192.0.2.2")
])  # fmt: skip
async def test_others_do_not_wait_for_a_flood(status: int, host: str) -> None:
    """Successful requests of the same address, its refusals of another kind, and refusals of other addresses."""
    gateway = Gateway()
    for _ in range(2 * REFUSALS_BURST):
        await gateway.request(404)
    assert await gateway.request(404) > 0
    assert await gateway.request(status, host) == 0


async def test_a_flood_at_the_allowed_rate_is_not_delayed() -> None:
    """Refusals come back at the rate, not only after a quiet time."""
    gateway = Gateway()
    for _ in range(5 * REFUSALS_BURST):
        gateway.clock.now += 1 / REFUSALS_PER_SECOND
        assert await gateway.request(400) == 0


async def test_only_so_many_addresses_are_remembered() -> None:
    """A flood from very many addresses takes no more memory."""
    gateway = Gateway()
    for number in range(MAX_PACED_ADDRESSES + 100):
        gateway.app.delay(f"host {number}")
    assert len(gateway.app._next_refusals) == MAX_PACED_ADDRESSES
