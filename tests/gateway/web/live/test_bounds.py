"""What live documents may cost: how many, how often, how large, and behind everybody else."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AbstractContextManager

import pytest

from student_graph.gateway.web.live.answers import LiveAnswer
from student_graph.gateway.web.live.document import HEARTBEAT_SECONDS
from student_graph.gateway.web.live.documents import RETRY_SECONDS
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.load_shedding import LoadLimits, OverloadError
from student_graph.resolvers.context import Viewer
from tests.gateway.web.live.gateway import EVENTS, LiveGateway

INTERVAL = LiveLimits().interval


async def refusal(
    gateway: LiveGateway, query: str = EVENTS, viewer: str = "head", **headers: str
) -> tuple[int, str]:
    """The status and the code of the response to a document that is refused."""
    response = await gateway.client.post("/graphql", **gateway.request(query, viewer, **headers))
    error = response.json()["errors"][0]
    return response.status_code, error["extensions"]["code"]


async def test_a_viewer_has_so_many_live_documents() -> None:
    """One more is refused with a time to try again; a closed one makes room, and others are not concerned."""
    gateway = LiveGateway(LiveLimits(documents_per_viewer=2))
    async with gateway.served():
        async with gateway.opened() as first, gateway.opened() as two:
            await first.count()
            await two.count()
            response = await gateway.client.post("/graphql", **gateway.request())
            async with gateway.opened(viewer="teacher") as other:
                await other.event()
        await until_closed(gateway)
        async with gateway.opened() as again:
            assert await again.count() == 1

    assert (response.status_code, response.headers["retry-after"]) == (429, str(RETRY_SECONDS))
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def until_closed(gateway: LiveGateway) -> None:
    """Wait until the gateway has noticed that the clients have left."""
    async with asyncio.timeout(60):
        while len(gateway.live):  # noqa: ASYNC110 - the server closes connections by itself
            await asyncio.sleep(0.001)


async def test_all_viewers_have_so_many_live_documents() -> None:
    """However few each of them has."""
    gateway = LiveGateway(LiveLimits(documents=1))
    async with gateway.served(), gateway.opened() as stream:
        await stream.count()
        refused = await refusal(gateway, viewer="teacher")

    assert refused == (429, "RATE_LIMITED")


async def test_a_client_that_leaves_leaves_nothing_behind() -> None:
    """No document, no watched answer and no task."""
    gateway = LiveGateway()
    async with gateway.served():
        await gateway.client.post("/graphql", **gateway.request(Accept="application/json"))
        before = len(asyncio.all_tasks())
        async with gateway.opened() as stream:
            await stream.count()
            assert len(gateway.pipeline.cache.store.watches) > 0
        await until_closed(gateway)
        async with asyncio.timeout(60):
            while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110 - the server closes connections by itself
                await asyncio.sleep(0.001)

        assert len(gateway.pipeline.cache.store.watches) == 0


async def test_a_quiet_document_holds_no_answer() -> None:
    """Neither the first one nor a later one stays in memory while the document waits."""
    gateway = LiveGateway()
    async with gateway.served(), gateway.opened() as stream:
        for count in (1, 2):
            assert await stream.count() == count
            await gateway.timer.wait_for(1)
            assert [held for held in gc.get_objects() if isinstance(held, LiveAnswer)] == []
            gateway.add_event(4)
            gateway.timer.advance(INTERVAL)
            await gateway.report_change()


async def test_changes_in_quick_succession_are_one_answer() -> None:
    """A document is executed once in its interval, whatever happens meanwhile."""
    gateway = LiveGateway()
    async with gateway.served(), gateway.opened() as stream:
        assert await stream.count() == 1
        for day in range(4, 8):  # each takes a moment
            gateway.add_event(day)
            await gateway.report_change()
            await gateway.timer.wait_for(1)
        assert gateway.asks() == 1
        gateway.timer.advance(INTERVAL)
        assert await stream.count() == 5

    assert gateway.asks() == 2


async def test_documents_that_changed_at_once_take_turns() -> None:
    """With one turn, three documents that changed at once are executed one after the other."""
    gateway = LiveGateway(LiveLimits(at_once=1))
    async with gateway.served(), gateway.opened() as first, gateway.opened() as two, gateway.opened() as three:
        assert [await stream.count() for stream in (first, two, three)] == [1, 1, 1]
        gateway.timer.advance(INTERVAL)
        await gateway.timer.wait_for(3)
        gateway.add_event(4)
        await gateway.report_change()
        assert [await stream.count() for stream in (first, two, three)] == [2, 2, 2]


async def test_an_answer_that_is_too_large_is_refused() -> None:
    """Before anything is sent, with a code to act on."""
    gateway = LiveGateway(LiveLimits(answer_mib=0))
    async with gateway.served():
        refused = await refusal(gateway)
        assert len(gateway.live) == 0

    assert refused == (413, "ANSWER_TOO_LARGE")


async def test_later_answers_count_against_the_viewers_rate() -> None:
    """A viewer without requests left waits, and the stream stays open; what is asked for first is answered."""
    gateway = LiveGateway(load_limits=LoadLimits(viewer_rate=0.001, viewer_burst=1))
    async with gateway.served(), gateway.opened() as stream:
        assert await stream.count() == 1
        gateway.add_event(4)
        await gateway.report_change()
        for _ in range(int(HEARTBEAT_SECONDS)):
            await gateway.timer.wait_for(1)
            gateway.timer.advance(1.0)
        assert await stream.event() == (":", None)

    assert gateway.asks() == 1


async def test_an_answer_that_was_put_off_comes_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has too much to do says when to try again, and the document does."""
    gateway = LiveGateway()
    async with gateway.served(), gateway.opened() as stream:
        assert await stream.count() == 1
        admit, refusals = gateway.admission.admit_again, [OverloadError()]

        def refuse_once(viewer: Viewer) -> AbstractContextManager[None]:
            if refusals:
                raise refusals.pop()
            return admit(viewer)

        monkeypatch.setattr(gateway.admission, "admit_again", refuse_once)
        gateway.timer.advance(INTERVAL)
        gateway.add_event(4)
        await gateway.report_change()
        await gateway.timer.wait_for(1)
        assert (gateway.asks(), refusals) == (1, [])
        gateway.timer.advance(2.0)
        assert await stream.count() == 2


@pytest.mark.parametrize(
    "query",
    [
        '{ student(studentUniqueId: "s1") { nothing } }',
        "query ($other: String!) { student(studentUniqueId: $other) { studentUniqueId } }",
        "query One { __typename } query Two { __typename }",
        "{",
    ],
)
async def test_a_document_is_checked_as_any_other(query: str) -> None:
    """It gets the same errors, with a status that says that no stream follows."""
    gateway = LiveGateway()
    async with gateway.served():
        ordinary = await refusal(gateway, query, Accept="application/graphql-response+json")
        live = await refusal(gateway, query)
        assert len(gateway.live) == 0

    assert live == ordinary
    assert live[0] == 400


async def test_deferred_parts_are_refused() -> None:
    """Those of a client that would take them, too; a document that switches them off is live."""
    query = (
        "query ($id: String!, $later: Boolean!) { student(studentUniqueId: $id) { "
        "... @defer(if: $later) { attendanceEvents { totalCount } } } }"
    )
    gateway = LiveGateway(defer=True)
    async with gateway.served():
        request = gateway.request(query, Accept="text/event-stream, multipart/mixed;q=0.5")
        request["json"]["variables"]["later"] = True
        refused = await gateway.client.post("/graphql", **request)
        request["json"]["variables"]["later"] = False
        async with gateway.client.stream("POST", "/graphql", **request) as response:
            content_type = response.headers["content-type"]

    assert refused.status_code == 406
    assert "no deferred parts" in refused.json()["errors"][0]["message"]
    assert content_type.startswith("text/event-stream")
