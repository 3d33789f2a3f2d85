"""
Thousands of answers beside late extra responses: none shows another student's records, and each fault is alerted.

The vendor answers one of its requests twice, the second time up to 300 ms later, with one row or with a list.
"""

from __future__ import annotations

import asyncio
import json
import logging
from random import Random

import pytest

from student_graph.gateway.http import NetworkOptions
from student_graph.gateway.http.connections import SETTLE_SECONDS
from tests.faults.vendor import Request, district, http_response, vendor
from tests.long_runs import size

MAX_LATE_SECONDS = 0.3
STUDENTS_AT_ONCE = 4
VENDORS, ANSWERS = size(1, 25), size(20, 100)
"""Vendors of each case, and answers of one: about a student each, for the cache has a second one."""
VENDORS_AT_ONCE = 10


async def foreign_answers(rows: int, late_seconds: float, doubled: int, settle_seconds: float) -> tuple[int, int]:
    """Ask one vendor about many students; return the foreign answers, and the connections that were dropped."""
    sent, foreign = asyncio.Event(), 0

    async def script(request: Request) -> None:
        student = request.path.rpartition("/")[2]
        content = [{"student": student, "title": f"{number} of {student}"} for number in range(rows)]
        response = http_response("200 OK", json.dumps(content).encode())
        await request.send(response)
        if request.number == doubled:
            await asyncio.sleep(late_seconds)
            await request.send(response)
            sent.set()

    async with vendor(script) as server, district(server, NetworkOptions(settle_seconds=settle_seconds)) as hill:
        for first in range(0, ANSWERS, STUDENTS_AT_ONCE):
            students = [f"s{number}" for number in range(first, first + STUDENTS_AT_ONCE)]
            data = (await hill.ask(*students))["data"]
            for number, student in enumerate(students):
                titles = [row["title"] for row in data[f"s{number}"]["assignments"] or ()]
                foreign += any(not title.endswith(f" of {student}") for title in titles)
                if settle_seconds:
                    assert len(titles) == rows
        await sent.wait()
        if settle_seconds:
            while not hill.http.unexpected_responses:  # noqa: ASYNC110 - the count has no event
                await asyncio.sleep(0.001)
        return foreign, hill.http.unexpected_responses


@pytest.mark.long_run
@pytest.mark.parametrize("settle_seconds", [SETTLE_SECONDS, 0.0], ids=["as served", "connections never rest"])
@pytest.mark.parametrize("rows", [1, 20], ids=["single rows", "lists"])
async def test_no_answer_is_foreign_whenever_an_extra_response_arrives(
    rows: int, settle_seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Of 10,000 in all four cases; each vendor is alerted once. A delay is from 0 to 300 ms, at any of its requests.

    Where connections never rest, an extra response may be taken for an answer. Its rows are compared with the key
    then, and are not shown.
    """
    caplog.set_level(logging.ERROR)
    chance = Random(15)  # noqa: S311 - not for security
    foreign = alerted = 0
    for start in range(0, VENDORS, VENDORS_AT_ONCE):
        group = (
            foreign_answers(rows, chance.uniform(0, MAX_LATE_SECONDS), chance.randrange(ANSWERS), settle_seconds)
            for _ in range(min(VENDORS_AT_ONCE, VENDORS - start))
        )
        for some_foreign, dropped in await asyncio.gather(*group):
            foreign, alerted = foreign + some_foreign, alerted + (dropped == 1)
    alerts = sum("source lms sent a response" in entry.getMessage() for entry in caplog.records)
    assert foreign == 0
    if settle_seconds:
        assert alerted == alerts == VENDORS
