"""Requests that are refused: each has a code, and one whose body does not come takes nothing from others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder
from student_graph.gateway.web.request import (
    BODY_GRACE_SECONDS,
    MAX_BODY_BYTES,
    MAX_BODY_SECONDS,
    BadRequestError,
    body_seconds,
    read_body,
)
from student_graph.resolvers.context import Context, Viewer, ViewerRole
from tests.gateway.graph import SCHEMA, start_operation
from tests.gateway.small_district import DISTRICT, Ledger, district

QUERY = {"query": "{ role }"}
STUDENTS = ("ada", "ben")


def unwritable_operation(_: Viewer) -> Context:
    """Fail as the record does when its disk is full."""
    raise UnwritableError


def gateway(
    limits: LoadLimits | None = None, begin: Callable[[Viewer], Context] = start_operation, hosts: str = "*"
) -> tuple[GatewayApp, LoadShedder]:
    """A gateway for a service and two students, each with the name as token, and what counts its requests."""
    roles = {"service": ViewerRole.SERVICE, **dict.fromkeys(STUDENTS, ViewerRole.STUDENT)}
    viewers = {name: Viewer(name, role, frozenset({DistrictId("hill")})) for name, role in roles.items()}
    shedder = LoadShedder(limits)
    view = GraphQLView(SCHEMA, Admission(Authenticator(viewers), load_shedder=shedder), begin)
    return GatewayApp(view, view, [hosts], shedder, graphiql=False), shedder


async def post(app: Any, viewer: str = "ada", path: str = "/graphql", **request: Any) -> httpx.Response:
    """Send a request to an application in this process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as client:
        headers = {"Authorization": f"Bearer {viewer}"}
        return await client.request(
            **{"method": "POST", "url": path, "headers": headers, "json": QUERY, **request}
        )


def code(response: httpx.Response) -> str:
    """The code of the only error of a response, which has no data."""
    [error] = response.json()["errors"]
    assert set(response.json()) == {"errors"}
    assert error["message"]
    return str(error["extensions"]["code"])


async def start_without_body(app: Any, viewer: str) -> asyncio.Task[None]:
    """Send the head of a request, whose body never comes; return when the gateway waits for it."""
    is_waiting = asyncio.Event()

    async def receive() -> Any:
        is_waiting.set()
        await asyncio.Event().wait()

    async def send(_: Any) -> None:
        """Ignore the response."""

    headers = {b"content-type": b"application/json", b"authorization": b"Bearer " + viewer.encode()}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [*headers.items()],
    }
    task = asyncio.ensure_future(app(scope, receive, send))
    waits = asyncio.ensure_future(is_waiting.wait())
    await asyncio.wait([task, waits], return_when=asyncio.FIRST_COMPLETED)
    waits.cancel()
    return task


@pytest.mark.row("F06")
async def test_bodies_that_do_not_come_refuse_nobody_else() -> None:
    """They count against their viewers only: each has at most eight, and no place of a process that has two."""
    app, shedder = gateway(LoadLimits(in_flight=2, viewer_in_flight=8))
    tasks = [await start_without_body(app, name) for name in STUDENTS for _ in range(20)]
    try:
        assert [task.done() for task in tasks] == ([False] * 8 + [True] * 12) * 2
        assert (shedder.in_flight, shedder._everybody.requests.ahead_of_service(None)) == (0, 0)
        for _ in range(3):
            assert (await post(app, "service")).status_code == 200
        refused = await post(app, STUDENTS[0])
        assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    assert (await post(app, STUDENTS[0])).status_code == 200
    assert len(shedder._viewer_requests) == 0


async def test_every_refusal_has_a_code() -> None:
    """Also those that say nothing about the query: of the host name, the load, the record and the address."""
    app, _ = gateway(hosts="other.example")
    responses = [await post(app)]
    app, _ = gateway(LoadLimits(in_flight=0))
    responses.append(await post(app))
    app, _ = gateway(LoadLimits(bulk_share=0.0, in_flight=9))
    app._load_shedder.admit(bulk=True).__enter__()
    responses.append(await post(app, "service"))
    app, _ = gateway(begin=unwritable_operation)
    responses.append(await post(app))
    app, _ = gateway()
    responses += [await post(app, "nobody"), await post(app, method="GET"), await post(app, json=[])]
    routes = Service([district(Ledger())], {"ada": Viewer("ada", ViewerRole.TEACHER, frozenset({DISTRICT}))}).app()
    responses += [await post(routes, path="/nothing"), await post(routes, path="/health/live")]

    assert [(response.status_code, code(response)) for response in responses] == [
        (400, "UNKNOWN_HOST"),
        (503, "OVERLOADED"),
        (503, "OVERLOADED"),
        (503, "NOT_RECORDED"),
        (401, "UNAUTHENTICATED"),
        (405, "BAD_REQUEST"),
        (400, "BAD_REQUEST"),
        (404, "BAD_REQUEST"),
        (405, "BAD_REQUEST"),
    ]


async def test_refusals_of_other_addresses_have_a_code() -> None:
    """Those of a purge, a webhook and the memory account, which are no GraphQL."""
    viewers = {"ada": Viewer("ada", ViewerRole.TEACHER, frozenset({DISTRICT}))}
    app = Service([district(Ledger())], viewers).app()
    responses = [
        await post(app, "nobody", "/cache/purge"),
        await post(app, "ada", "/cache/purge"),
        await post(app, "ada", "/hooks/hill/sis"),
        await post(app, "ada", "/health/memory", method="GET"),
    ]
    assert [(response.status_code, response.json()["code"]) for response in responses] == [
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
    ]


@pytest.mark.row("H12")
async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """It is refused with status 408; one that came in part has longer, in proportion, up to a limit."""

    async def never() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(BadRequestError) as caught:
        await read_body(never, lambda received_bytes: 0.001 * received_bytes)
    assert caught.value.status == 408
    assert body_seconds(0) == BODY_GRACE_SECONDS < body_seconds(8_192) < body_seconds(MAX_BODY_BYTES)
    assert body_seconds(MAX_BODY_BYTES) == MAX_BODY_SECONDS


async def test_a_body_that_came_while_other_processes_had_the_processor_is_not_too_late() -> None:
    """The loop learns at once that the body has come and that its time is over."""
    parts = [b"{", b"}"]

    async def receive() -> Any:
        await came.wait()
        came.clear()
        asyncio.get_running_loop().call_soon(came.set)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    came = asyncio.Event()
    asyncio.get_running_loop().call_soon(came.set)
    assert await read_body(receive, lambda _: 0.0) == b"{}"


async def test_a_longer_body_has_more_time() -> None:
    """The time is counted from the start of the body: a part that comes after it is too late."""
    parts = [b"a" * 10, b"b" * 10, b"c" * 10, b""]
    received_bytes: list[int] = []

    async def receive() -> Any:
        await asyncio.sleep(0)
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    def seconds_for(count: int) -> float:
        received_bytes.append(count)
        return 0.0 if count == 30 else 600.0

    with pytest.raises(BadRequestError) as caught:
        await read_body(receive, seconds_for)
    assert caught.value.status == 408
    assert received_bytes == [0, 10, 20, 30]
