"""A vendor's front plays troubles that the sandboxes do not have themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.gateway.demo.rehearsal.vendors.front import VendorFront


class Rows(Sandbox):
    """Answers with the number that is asked for; with nothing for odd numbers."""

    kind = "rows"

    def routes(self) -> Sequence[BaseRoute]:
        """One list for each number, by GET and by POST."""
        return [Route("/rows/{number:int}", self._rows, methods=["GET", "POST"])]

    async def _rows(self, request: Request) -> Response:
        number = request.path_params["number"]
        body = (await request.body()).decode()
        return JSONResponse([] if number % 2 else [{"number": str(number), "body": body}])

    def settings(self) -> dict[str, Any]:
        """No settings."""
        return {}

    def known_keys(self, kind: str) -> list[str]:
        """Students whose numbers are those of the lists."""
        return [f"number:{number}" for number in range(4)] if kind == "student" else []

    def throttled_response(self) -> Response:
        """Too many requests."""
        return JSONResponse({}, status_code=429)


def client_of(front: VendorFront) -> httpx.AsyncClient:
    """A client of the front."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(front.app()), base_url="http://vendor")


async def test_a_lie_is_the_answer_to_another_request_that_has_rows() -> None:
    """Without trouble each request gets its own answer. A lie is never empty: nobody can notice that."""
    front = VendorFront(Rows())
    async with client_of(front) as client:
        for number in range(4):
            answer = (await client.get(f"/rows/{number}")).json()
            assert [row["number"] for row in answer] == ([] if number % 2 else [str(number)])
        await client.post("/-/trouble", json={"lies": 1.0})
        assert (await client.get("/rows/2")).json() == [{"number": "0", "body": ""}]
        assert (await client.get("/rows/0")).json() == [{"number": "2", "body": ""}]
        await client.post("/-/trouble", json={"lies": 0.0})
        assert (await client.get("/rows/2")).json() == [{"number": "2", "body": ""}]
        assert (await client.get("/-/trouble")).json()["requests"] == 10


async def test_a_lie_is_about_students_only() -> None:
    """A request that names no student gets its own answer: what is not about a person is another trouble."""
    front = VendorFront(Rows())
    async with client_of(front) as client:
        await client.get("/rows/8")
        await client.post("/-/trouble", json={"lies": 1.0})
        assert (await client.get("/rows/6")).json() == [{"number": "6", "body": ""}]


async def test_a_body_reaches_the_vendor_and_says_which_request_it_is() -> None:
    """A request by POST differs from another one by its body."""
    front = VendorFront(Rows())
    async with client_of(front) as client:
        for body in ("student 1", "student 2"):
            assert (await client.post("/rows/8", content=body)).json() == [{"number": "8", "body": body}]
        await client.post("/-/trouble", json={"lies": 1.0})
        assert (await client.post("/rows/8", content="student 1")).json() == [{"number": "8", "body": "student 2"}]


async def test_an_answer_breaks_off_and_shows_another_time() -> None:
    """The connection is closed before the last byte; the date is that of the vendor's clock."""
    front = VendorFront(Rows())
    async with client_of(front) as client:
        await client.post("/-/trouble", json={"clock_hours": 30})
        response = await client.get("/rows/2")
        assert len(response.headers.get_list("date")) == 1
        await client.post("/-/trouble", json={"clock_hours": 0, "closes": 1.0})
        with pytest.raises(ConnectionError):
            await client.get("/rows/2")


async def test_an_unknown_trouble_is_refused() -> None:
    """A mistake in the script must not pass as a trouble that nobody noticed."""
    with pytest.raises(ValueError, match="no such trouble: lie"):
        async with client_of(VendorFront(Rows())) as client:
            await client.post("/-/trouble", json={"lie": 1.0})
