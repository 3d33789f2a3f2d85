"""Section A: a vendor that hangs takes only its own requests, and as many connections as its settings allow."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.vendor import Request, district, error_codes, vendor
from tests.patience import OPERATION_SECONDS

row = pytest.mark.row


async def never_respond(_: Request) -> None:
    """Keep the connection, and send nothing."""
    await asyncio.Event().wait()


@row("A28")
async def test_a_vendor_that_hangs_does_not_delay_other_sources() -> None:
    """Fifty requests at once have the SIS's fields while the LMS's hang, and end within the timeout."""
    async with (
        vendor(never_respond) as server,
        district(server, timeout=1.0) as hill,
        asyncio.timeout(OPERATION_SECONDS),
    ):
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(50)))
    assert all(answer["data"]["s0"]["name"] == {"firstName": "Ada"} for answer in answers)
    assert set().union(*map(error_codes, answers)) <= {"SOURCE_UNAVAILABLE", "DEADLINE"}


@row("A28")
async def test_requests_in_flight_never_exceed_the_concurrency_of_the_source() -> None:
    """Forty requests to the vendor, four at a time."""
    in_flight, max_in_flight, full = 0, 0, asyncio.Event()

    async def wait_for_others(request: Request) -> None:
        nonlocal in_flight, max_in_flight
        in_flight += 1
        max_in_flight = max(max_in_flight, in_flight)
        if in_flight == 4:
            full.set()
        await full.wait()
        await asyncio.sleep(0.02)  # time in which a fifth request would arrive
        in_flight -= 1
        await request.answer()

    async with vendor(wait_for_others) as server, district(server, concurrency=4) as hill:
        answers = await asyncio.gather(*(hill.ask(f"s{n}", f"s{n + 20}") for n in range(20)))
    assert (error_codes(answers[0]), max_in_flight, len(server.requests)) == (set(), 4, 40)
