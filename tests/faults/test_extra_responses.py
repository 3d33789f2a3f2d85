"""A vendor that answers requests twice, seen through GraphQL: no other student's records, and one alert."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from tests.faults.vendor import Request, district, http_response, post, vendor


@pytest.mark.parametrize("late_ms", [None, 0, 20], ids=["same packet", "next packet", "20 ms late"])
async def test_an_extra_response_changes_no_record_and_is_counted(
    late_ms: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The vendor answers its second request twice; each question shows the student's own work."""
    sent = asyncio.Event()

    async def script(request: Request) -> None:
        student = request.path.rpartition("/")[2]
        content = http_response("200 OK", json.dumps([{"student": student, "title": f"Of {student}"}]).encode())
        if request.number != 1:
            await request.send(content)
        elif late_ms is None:
            await request.send(content + content)
            sent.set()
        else:
            await request.send(content)
            await asyncio.sleep(late_ms / 1000)
            await request.send(content)
            sent.set()

    async with vendor(script) as server, district(server) as hill:
        for number in range(4):
            students = (f"s{2 * number}", f"s{2 * number + 1}")
            response = await hill.ask(*students)
            assert "errors" not in response
            titles = [[row["title"] for row in response["data"][f"s{n}"]["assignments"]] for n in range(2)]
            assert titles == [[f"Of {student}"] for student in students]
        await sent.wait()
        while hill.http.unexpected_responses < 1:  # noqa: ASYNC110 - the count has no event
            await asyncio.sleep(0.001)
        sources = await post(hill.service, "{ sources { name unexpectedResponses } }", "o" * 32)
    assert {row["name"]: row["unexpectedResponses"] for row in sources["data"]["sources"]} == {"sis": 0, "lms": 1}
    alerts = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert len(alerts) == 1
    assert "source lms sent a response" in alerts[0]
