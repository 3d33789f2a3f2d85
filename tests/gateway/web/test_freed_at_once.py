"""
What is over is freed at once: requests, operations, responses of vendors, connections and their errors.

What refers to itself stays until garbage is collected. If there is much of it, that holds the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import strawberry
from graphql import TypeInfo, Visitor
from graphql.language.visitor import EnterLeaveVisitor
from pydantic import AnyHttpUrl
from strawberry.schema.config import StrawberryConfig

from student_graph.adapters.contract import AdapterSettings
from student_graph.gateway.cache import Purge
from student_graph.gateway.concurrency.coroutines import gather_or_cancel, start
from student_graph.gateway.concurrency.loop_time import metered_tasks
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.http import create_client
from student_graph.gateway.http.connections import StrayBytes, VendorConnection
from student_graph.gateway.web.graphql import GraphQLView
from tests.gateway.cli.serving.gateway import until
from tests.gateway.graph import ADMISSION, start_operation
from tests.gateway.server.one_connection import OneConnection, request
from tests.scenarios.helpers.cached_district import CachedDistrict
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, OPERATION_SECONDS, VIEWER

OWN_PACKAGES = ("student_graph.", "graphql.", "uvicorn.", "httpx.")


@strawberry.type
class Query:
    """A field that waits, and its parts."""

    @strawberry.field
    async def waits(self) -> int:
        """A number that is not there at once."""
        await asyncio.sleep(0)
        return 1

    @strawberry.field
    async def never(self) -> int:
        """A number that does not come."""
        await asyncio.Event().wait()
        return 1

    @strawberry.field
    def part(self) -> Query:
        """An object with the same fields."""
        return Query()


SCHEMA = strawberry.Schema(
    Query,
    execution_context_class=EncodingExecutor,
    config=StrawberryConfig(enable_experimental_incremental_execution=True),
)
ROSTERS = """{ students(filter: {}, first: 20) { edges { node {
    name { firstName } attendanceEvents(first: 50) { totalCount edges { node { date } } }
    courseGrades { letter } enrollments { entryDate } assessments { scores { result } }
} } } }"""
"""A page with lists of each student."""
DEFERRED = "{ part { waits } %s }"
PARTS = " ".join(f'... @defer(label: "{n}") {{ p{n}: part {{ waits }} }}' for n in range(5))


@pytest.fixture
def left_behind() -> Iterator[Callable[[], list[str]]]:
    """A function that returns the types of own objects that only the garbage collector frees, since the start."""
    while gc.collect():
        pass  # what other tests left may take several rounds
    gc.disable()

    def collect() -> list[str]:
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        gc.set_debug(0)
        # A walk through a document leaves its visitors, which are few and small.
        kinds = {type(item) for item in gc.garbage if not isinstance(item, Visitor | TypeInfo | EnterLeaveVisitor)}
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}
        gc.garbage.clear()
        return sorted(name for name in names if name.startswith(OWN_PACKAGES))

    try:
        yield collect
    finally:
        gc.set_debug(0)
        gc.enable()


async def ask(view: GraphQLView, document: str, *, max_messages: float = float("inf")) -> list[Any]:
    """Send a document, and disconnect after some messages of the response; returns these."""
    messages: list[Any] = []
    body = json.dumps({"query": document}).encode()
    is_gone, was_sent = asyncio.Event(), False

    async def receive() -> Any:
        nonlocal was_sent
        if not was_sent:
            was_sent = True
            return {"type": "http.request", "body": body}
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)
        if len(messages) >= max_messages:
            is_gone.set()
            await asyncio.sleep(0)

    if max_messages == 0:
        asyncio.get_running_loop().call_later(0.01, is_gone.set)
    headers = {b"authorization": b"Bearer t", b"content-type": b"application/json", b"accept": b"multipart/mixed"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [*headers.items()],
    }
    await asyncio.create_task(view(scope, receive, send))
    await asyncio.sleep(0.01)
    return messages


async def test_an_operation_is_freed_when_it_is_over(left_behind: Callable[[], list[str]]) -> None:
    """Also one that is refused, one with deferred parts, and those whose clients disconnect before the end."""
    view = GraphQLView(SCHEMA, ADMISSION, start_operation)
    with metered_tasks():
        for document in ("{ waits }", "{ part { waits } }", "{ nothing }", DEFERRED % PARTS):
            for max_messages in (float("inf"), 2):  # what is remembered of the first one is no garbage
                await ask(view, document, max_messages=max_messages)
        await ask(view, "{ never }", max_messages=0)
        left_behind()
        assert len(await ask(view, "{ waits }")) == 2
        assert len(await ask(view, "{ nothing }")) == 2
        assert await ask(view, "{ never }", max_messages=0) == []
        assert len(await ask(view, DEFERRED % PARTS)) > 3
        assert len(await ask(view, DEFERRED % PARTS, max_messages=2)) < 4
    assert left_behind() == []


async def test_a_connection_of_a_client_is_freed_when_it_is_closed(left_behind: Callable[[], list[str]]) -> None:
    """After a part of a head, after a request, in a request, and with requests that wait."""
    for sent in (b"POST / HTTP", request(), request()[:-10], request("/busy") + request() + request()):
        client = OneConnection()
        client.may_answer.clear()
        if sent == request():
            client.may_answer.set()
        await client.send(sent)
        client.transport.close()
        client.may_answer.set()
        await client.settle()
        server = weakref.ref(client.server)
        del client.server
        await client.settle()
        assert server() is None
    assert left_behind() == []


class FailureError(Exception):
    """An error that can be watched."""


async def test_the_error_of_a_gathered_coroutine_is_freed_when_it_was_handled(
    left_behind: Callable[[], list[str]],
) -> None:
    """With the tasks of the others, and what their frames hold."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise FailureError

    async def wait() -> None:
        await asyncio.Event().wait()

    try:
        await gather_or_cancel([fail(), wait()])
    except FailureError as error:
        failure = weakref.ref(error)
    await asyncio.sleep(0)
    assert failure() is None
    assert left_behind() == []


async def test_a_cancelled_coroutine_is_freed(left_behind: Callable[[], list[str]]) -> None:
    """Also where it was started before its task, and in a task whose time is metered."""
    payload = FailureError()
    watched = weakref.ref(payload)

    async def wait(held: FailureError) -> FailureError:
        await asyncio.Event().wait()
        return held

    async def go_on(started: Any) -> None:
        await started

    with metered_tasks():
        task = asyncio.create_task(go_on(start(wait(payload))))
        del payload
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        del task
    await asyncio.sleep(0)
    assert watched() is None
    assert left_behind() == []


async def test_the_response_of_a_vendor_is_freed_when_it_was_read() -> None:
    """httpx lets a response and its stream refer to each other."""
    settings = AdapterSettings(base_url=AnyHttpUrl("http://vendor.example"))
    async with create_client(settings, lambda: None) as http:
        http.wrap_transport(lambda _: httpx.MockTransport(lambda _: httpx.Response(200, json={"id": 1})))
        response = await http.get("/student")
        assert response.json() == {"id": 1}
        watched = weakref.ref(response)
        gc.disable()
        try:
            del response
            assert watched() is None
        finally:
            gc.enable()


async def test_a_connection_to_a_vendor_is_freed_when_it_is_closed() -> None:
    """The body of its last response refers to it."""
    connection = VendorConnection(asyncio.get_running_loop(), StrayBytes())
    connection._payload_of_response = aiohttp.StreamReader(connection, 1 << 16, loop=asyncio.get_running_loop())
    watched = weakref.ref(connection)
    gc.disable()
    try:
        connection.connection_lost(None)
        del connection
        assert watched() is None
    finally:
        gc.enable()


async def test_cached_answers_are_freed_when_they_are_purged(left_behind: Callable[[], list[str]]) -> None:
    """With all that operations that used them have computed from them."""
    async with CachedDistrict.opened() as district:
        for _ in range(3):  # what is computed from cached answers is there from the second time on
            for _ in range(3):
                assert len((await district.execute(ROSTERS, VIEWER))["students"]["edges"]) == 20
            await district.pipeline.cache.purge(Purge(district=DISTRICT_ID))
            await asyncio.sleep(0)
            # The document that is parsed anew and the response with a token are few and small.
            left = [name for name in left_behind() if name.startswith("student_graph.")]
    assert left == []


@pytest.mark.parametrize("fault", [{"down": True}, {"down_after": 3}], ids=lambda f: next(iter(f)))
async def test_what_an_operation_read_is_freed_although_its_source_fails(
    left_behind: Callable[[], list[str]], fault: dict[str, Any]
) -> None:
    """The error that answers a lookup refers to no frame: all that wait for the answer get the same error."""
    async with CachedDistrict.opened() as district:
        await district.execute(ROSTERS, VIEWER)
        district.district.sandboxes["edfi"].switches.change(fault)
        for _ in range(2):  # the first one fails at the vendor, the second one without asking it
            await district.pipeline.cache.purge(Purge(district=DISTRICT_ID))
            await asyncio.sleep(0)
            left_behind()
            assert isinstance(await district.execute(ROSTERS, VIEWER), list)
            await district.pipeline.cache.in_flight.finish(OPERATION_SECONDS)
            left = [name for name in left_behind() if name.startswith("student_graph.")]
    assert left == []


async def test_what_cancelled_lookups_read_is_freed(left_behind: Callable[[], list[str]]) -> None:
    """Their client has disconnected, and nobody waits for the vendor any more."""
    async with CachedDistrict.opened() as district:
        await district.execute(ROSTERS, VIEWER)
        district.district.sandboxes["edfi"].switches.latency = 60_000.0
        await district.pipeline.cache.purge(Purge(district=DISTRICT_ID))
        await asyncio.sleep(0)
        left_behind()
        with metered_tasks():
            operation = asyncio.create_task(district.execute(ROSTERS, VIEWER))
            await until(lambda: bool(district.pipeline.cache.in_flight._running))
            operation.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await operation
            del operation
            await district.pipeline.cache.in_flight.close()
        assert [name for name in left_behind() if name.startswith("student_graph.")] == []
