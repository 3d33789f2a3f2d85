"""A live document is executed again when what it rests on has changed or is too old, and for nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.cache import Purge
from student_graph.gateway.cache.live_basis import RETRY_SECONDS
from student_graph.gateway.web.live.document import HEARTBEAT_SECONDS, REFRESH_SECONDS, SETTLE_SECONDS
from student_graph.gateway.web.live.limits import LiveLimits
from tests.gateway.small_district import DISTRICT
from tests.gateway.web.live.gateway import FRESH_SECONDS, LiveGateway

INTERVAL = LiveLimits().interval
WITH_STALE = """query ($id: String!) {
    student(studentUniqueId: $id) { attendanceEvents { totalCount edges { node { provenance { stale } } } } }
}"""
TOO_OLD_SECONDS = FRESH_SECONDS + SETTLE_SECONDS


@pytest.fixture
async def gateway() -> AsyncIterator[LiveGateway]:
    """A gateway whose SIS knows one event of one student."""
    gateway = LiveGateway()
    async with gateway.served():
        yield gateway


async def pass_quietly(gateway: LiveGateway, seconds: float, documents: int = 1) -> None:
    """Let time pass in short steps, while documents wait."""
    for _ in range(int(seconds)):
        await gateway.timer.wait_for(documents)
        gateway.timer.advance(1.0)
    await gateway.timer.wait_for(documents)


async def test_the_complete_answer_comes_at_once(gateway: LiveGateway) -> None:
    """It is that of an ordinary request, as an event of GraphQL over server-sent events."""
    request = gateway.request(Accept="application/json")
    ordinary = (await gateway.client.post("/graphql", **request)).json()
    async with gateway.opened() as stream:
        name, content = await stream.event()

    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["cache-control"] == "private, no-store"
    assert (name, content["data"]) == ("next", ordinary["data"])
    assert content["extensions"]["sources"]["hill/sis"]["hits"] > 0


async def test_a_live_document_counts_as_a_request_until_its_first_answer(gateway: LiveGateway) -> None:
    """It may stay open for hours, which says nothing about how long people wait."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        assert gateway.outcomes == ["complete"]
        gateway.add_event(4)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        assert await stream.count() == 2
    async with gateway.opened() as again:
        await again.count()

    assert gateway.outcomes == ["complete", "complete"]


async def test_a_webhook_brings_the_changed_answer(gateway: LiveGateway) -> None:
    """The vendor is asked once more, and nothing else is read again."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.timer.advance(INTERVAL)
        await gateway.timer.wait_for(1)
        gateway.add_event(4)
        await gateway.report_change(records=["AttendanceEvent"], students=["s1"])
        assert await stream.count() == 2

    assert (gateway.asks(), gateway.asks("students_by_id")) == (2, 1)


async def test_a_purge_in_another_process_of_the_fleet_counts(gateway: LiveGateway) -> None:
    """The others send it to this process."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.timer.advance(INTERVAL)
        await gateway.timer.wait_for(1)
        gateway.add_event(4)
        gateway.pipeline.cache.answers.purge_this_process(Purge(district=DISTRICT))
        gateway.timer.advance(SETTLE_SECONDS)
        assert await stream.count() == 2


async def test_reads_of_others_are_shown_too(gateway: LiveGateway) -> None:
    """Whoever asks for newer answers brings them to every live document."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.timer.advance(INTERVAL)
        await gateway.timer.wait_for(1)
        gateway.add_event(4)
        newer = gateway.request(Accept="application/json", **{"Cache-Control": "no-cache"})
        await gateway.client.post("/graphql", **newer)
        gateway.timer.advance(SETTLE_SECONDS)
        assert await stream.count() == 2

    assert gateway.asks() == 2


async def test_a_change_of_somebody_else_is_not_looked_at(gateway: LiveGateway) -> None:
    """The document does not rest on other students and other records."""
    async with gateway.opened() as stream, gateway.opened(student="s2") as other:
        assert (await stream.count(), await other.count()) == (1, 0)
        gateway.add_event(4, "s1")
        gateway.add_event(4, "s2")
        gateway.timer.advance(INTERVAL)
        await gateway.report_change(students=["s2"])
        await gateway.report_change(records=["Section"])
        assert await other.count() == 1
        reads = gateway.asks()
        await pass_quietly(gateway, HEARTBEAT_SECONDS - INTERVAL, 2)
        assert await stream.event() == (":", None)

    assert gateway.asks() == reads


async def test_an_answer_that_is_too_old_is_read_again(gateway: LiveGateway) -> None:
    """Not before the lookup's own age, and then in one go; the answer is not marked as stale in between."""
    async with gateway.opened(WITH_STALE) as stream:
        assert await stream.count() == 1
        gateway.add_event(4)
        await pass_quietly(gateway, FRESH_SECONDS)
        assert gateway.asks() == 1
        gateway.timer.advance(TOO_OLD_SECONDS - FRESH_SECONDS)
        events = [await stream.event() for _ in range(5)]

    assert [name for name, _ in events] == [":", ":", ":", ":", "next"]
    connection = events[-1][1]["data"]["student"]["attendanceEvents"]
    assert connection["totalCount"] == 2
    assert not any(edge["node"]["provenance"]["stale"] for edge in connection["edges"])
    assert (gateway.asks(), gateway.asks("students_by_id")) == (2, 1)


async def test_an_equal_answer_is_not_sent_again(gateway: LiveGateway) -> None:
    """Whatever brought it: what follows on the stream is the sign that it is open."""
    async with gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.timer.advance(INTERVAL)
        await gateway.report_change()
        await pass_quietly(gateway, HEARTBEAT_SECONDS - INTERVAL)
        assert await stream.event() == (":", None)

    assert gateway.asks() == 2


async def test_viewers_of_one_district_share_its_reads(gateway: LiveGateway) -> None:
    """However many look at it, the vendor is asked once for each change."""
    async with gateway.opened() as first, gateway.opened(viewer="teacher") as other, gateway.opened() as third:
        assert await first.count() == 1
        await third.count()
        name, content = await other.event()
        assert (name, content["data"]) == ("next", {"student": None})
        gateway.add_event(4)
        gateway.timer.advance(INTERVAL)
        await gateway.report_change(records=["AttendanceEvent"])
        assert (await first.count(), await third.count()) == (2, 2)

    assert gateway.asks() == 2


async def test_a_failed_source_is_shown_as_failed_and_read_again_later(gateway: LiveGateway) -> None:
    """Its code is in the answer; half a minute later the answer is whole again."""
    gateway.ledger.failing["attendance_events_by_student"] = UnavailableError("down")
    async with gateway.opened() as stream:
        name, content = await stream.event()
        gateway.ledger.failing.clear()
        await pass_quietly(gateway, RETRY_SECONDS - 1)
        assert gateway.asks() == 1
        gateway.timer.advance(1.0 + SETTLE_SECONDS)
        events = [await stream.event() for _ in range(3)]

    assert (name, content["errors"][0]["extensions"]["code"]) == ("next", "SOURCE_UNAVAILABLE")
    assert [name for name, _ in events] == [":", ":", "next"]
    assert "errors" not in events[-1][1]


async def test_a_source_that_fails_meanwhile_leaves_the_answer_marked(gateway: LiveGateway) -> None:
    """What is too old is displayed as stale, after its source had time to answer."""
    async with gateway.opened(WITH_STALE) as stream:
        assert await stream.count() == 1
        gateway.ledger.failing["attendance_events_by_student"] = UnavailableError("down")
        await pass_quietly(gateway, TOO_OLD_SECONDS + REFRESH_SECONDS)
        names = []
        while (received := await stream.event())[0] == ":":
            names.append(received[0])

    [edge] = received[1]["data"]["student"]["attendanceEvents"]["edges"]
    assert edge["node"]["provenance"]["stale"] is True
