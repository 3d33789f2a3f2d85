"""A live document ends with a reason and whether to come back; and each of its answers has the rights of now."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.gateway.web.live import events as live_events
from student_graph.gateway.web.live.answers import LiveAnswers
from student_graph.gateway.web.live.document import HEARTBEAT_SECONDS, LiveDocument
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.request import RequestHead
from student_graph.resolvers.access import unlimited_grants
from tests.gateway.servers import ROOT
from tests.gateway.web.live.gateway import LiveGateway

INTERVAL = LiveLimits().interval
DISCIPLINE = """query ($id: String!) {
    student(studentUniqueId: $id) { disciplineIncidents { date } attendanceEvents { totalCount } }
}"""


@pytest.fixture
async def gateway() -> AsyncIterator[LiveGateway]:
    """A gateway whose SIS knows one event of one student."""
    gateway = LiveGateway()
    async with gateway.served():
        yield gateway


def reason(event: tuple[str, Any]) -> dict[str, Any]:
    """Why a document ended, by its last event."""
    name, content = event
    assert name == "complete", event
    ended: dict[str, Any] = content["extensions"]["live"]
    return ended


async def test_the_end_of_a_token_ends_the_document(gateway: LiveGateway) -> None:
    """Within a heartbeat, also if nothing changes; nothing is sent after it, and no source is read."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.tokens.by_name["head"] = None
        gateway.timer.advance(HEARTBEAT_SECONDS)
        ended = reason(await stream.event())
        assert (await stream.event())[0] == "end of the response"

    assert (ended["code"], ended["retryable"]) == ("UNAUTHENTICATED", False)
    assert "retryAfter" not in ended
    assert len(gateway.live) == 0


async def test_a_change_after_the_end_of_a_token_is_not_shown(gateway: LiveGateway) -> None:
    """The token is checked for each answer."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.tokens.by_name["head"] = None
        gateway.add_event(4)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        ended = reason(await stream.event())

    assert ended["code"] == "UNAUTHENTICATED"
    assert gateway.asks() == 1


async def test_every_answer_has_the_grants_of_now(gateway: LiveGateway) -> None:
    """A class of data that the viewer has lost is gone from the next answer."""
    async with gateway.opened(DISCIPLINE) as stream:
        _, before = await stream.event()
        head = gateway.tokens.by_name["head"]
        assert head is not None
        remaining = unlimited_grants(*(set(Sensitivity) - {Sensitivity.DISCIPLINE}))
        gateway.tokens.by_name["head"] = replace(head, grants=remaining)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change(records=["AttendanceEvent"])
        _, after = await stream.event()

    assert before["data"]["student"]["disciplineIncidents"] == []
    assert after["data"]["student"]["disciplineIncidents"] is None
    assert after["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("code", ["STOPPING", "SETTINGS_CHANGED"])
async def test_the_gateways_end_ends_all_documents(gateway: LiveGateway, code: str) -> None:
    """Each says that the client may come back, at times that differ; a document of later is not opened."""
    async with gateway.opened() as first, gateway.opened() as other:
        await first.count()
        await other.count()
        if code == "STOPPING":
            gateway.is_stopping = True
        else:
            gateway.live.end()
        ended = [reason(await stream.event()) for stream in (first, other)]

    assert [(end["code"], end["retryable"]) for end in ended] == [(code, True)] * 2
    assert all(1 <= end["retryAfter"] <= live_events.MAX_RETRY_SECONDS for end in ended)
    assert len(gateway.live) == 0


async def test_the_page_about_live_documents_shows_an_end_as_it_is_sent(gateway: LiveGateway) -> None:
    """Only the time to come back differs."""
    [shown] = re.findall(r"```text\nevent: complete\ndata: (.*)\n```", (ROOT / "docs" / "live.md").read_text())
    async with gateway.opened() as stream:
        await stream.count()
        gateway.is_stopping = True
        ended = reason(await stream.event())

    shown_end = json.loads(shown)["extensions"]["live"]
    assert shown_end == {**ended, "retryAfter": shown_end["retryAfter"]}


async def test_a_vendor_that_hangs_does_not_hold_up_the_end(gateway: LiveGateway) -> None:
    """A document that is just being executed ends too."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        is_executing = asyncio.Event()

        async def hang(*_: Any, **__: Any) -> Any:
            is_executing.set()
            await asyncio.Event().wait()

        sis = gateway.pipeline.sources[0].adapter
        sis.attendance_events_by_student = hang  # type: ignore[method-assign, assignment]
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        await is_executing.wait()
        gateway.live.end()
        assert reason(await stream.event())["code"] == "SETTINGS_CHANGED"


async def test_a_client_that_does_not_read_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its document ends with the others, without a last event."""
    monkeypatch.setattr(live_events, "SEND_SECONDS", 0.01)
    gateway = LiveGateway()
    blocked = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] != "http.response.start":
            blocked.set()
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    document = await opened_without_server(gateway, receive)
    serving = asyncio.create_task(document.serve(receive, send))
    await blocked.wait()
    gateway.live.end()
    await asyncio.wait_for(serving, 30)

    assert len(gateway.live) == 0
    await gateway.pipeline.close()


async def opened_without_server(gateway: LiveGateway, receive: Any) -> LiveDocument:
    """A live document whose connection the test plays."""
    request = gateway.request()
    headers = [(name.lower().encode(), value.encode()) for name, value in request["headers"].items()]
    head = RequestHead.of({"method": "POST", "query_string": b"", "headers": headers})
    body = json.dumps(request["json"]).encode()
    viewer = gateway.tokens.by_name["head"]
    assert viewer is not None
    return await gateway.live.open(gateway.admission.request(head, viewer, body, "application/json"), receive)


async def test_every_answer_that_is_sent_is_a_disclosure(gateway: LiveGateway) -> None:
    """What is equal to what the viewer has already discloses nothing, and is not recorded."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        await gateway.timer.wait_for(1)
        gateway.timer.advance(INTERVAL)
        gateway.add_event(4)
        await gateway.report_change()
        assert await stream.count() == 2

    assert gateway.asks() == 3
    assert len(set(gateway.log.requests)) == len(gateway.log.requests) == 2


async def test_an_answer_that_cannot_be_recorded_is_not_sent(gateway: LiveGateway) -> None:
    """The first one is refused as that of an ordinary request; a later one ends the document."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.log.is_full = True
        refused = await gateway.client.post("/graphql", **gateway.request())
        gateway.add_event(4)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        ended = reason(await stream.event())

    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "NOT_RECORDED")
    assert (ended["code"], ended["retryable"]) == ("NOT_RECORDED", True)


async def test_a_bug_ends_the_document_without_its_text(
    gateway: LiveGateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client learns only that there is one; the log has no text of the exception either."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1

        async def fail(*_: Any) -> Any:
            raise LookupError("no row for 605123")

        monkeypatch.setattr(LiveAnswers, "make", fail)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        ended = reason(await stream.event())

    assert ended["code"] == "INTERNAL"
    assert "605123" not in ended["message"] + caplog.text
    assert "LookupError" in caplog.text
