"""Responses with deferred parts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.graph import ADMISSION, TOKEN, start_operation
from tests.gateway.servers import client_for

PARTS = {**TOKEN, "Accept": "multipart/mixed, application/json"}


@strawberry.type
class Child:
    """An object with a slow field and a failing one."""

    number: int

    @strawberry.field
    async def slow(self) -> str | None:
        """A field of a slow vendor."""
        await asyncio.sleep(0.05)
        return f"slow {self.number}"

    @strawberry.field
    async def down(self) -> str | None:
        """A field of a vendor that is down."""
        await asyncio.sleep(0.05)
        error = UnavailableError("no answer in time")
        error.source = "lms"
        raise error


RELEASED = threading.Event()
"""Set when the field `held` may return."""


@strawberry.type
class Query:
    """The query type."""

    @strawberry.field
    async def held(self) -> bool:
        """A field that waits until `release` is requested."""
        return await asyncio.to_thread(RELEASED.wait, 60)

    @strawberry.field
    def release(self) -> bool:
        """Let `held` return."""
        RELEASED.set()
        return True

    @strawberry.field
    def child(self) -> Child:
        """One child."""
        return Child(number=1)

    @strawberry.field
    def children(self) -> list[Child]:
        """Three children."""
        return [Child(number=n) for n in range(3)]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a view that offers `@defer`."""
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = strawberry.Schema(Query, execution_context_class=EncodingExecutor, config=config)
    with client_for(GraphQLView(schema, ADMISSION, start_operation)) as client:
        yield client


def parts(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the parts of a response, in the order in which they were sent."""
    texts = response.text.split("\r\n---")[1:-1]
    return [json.loads(text.partition("\r\n\r\n")[2]) for text in texts]


def test_a_deferred_fragment_follows_in_a_second_part(http: httpx.Client) -> None:
    """The first part says what is pending; the second part has the fragment's data and the extensions."""
    query = '{ child { number ... @defer(label: "lms") { slow } } }'
    response = http.post("/graphql", json={"query": query}, headers=PARTS)
    first, last = parts(response)

    assert response.headers["content-type"] == 'multipart/mixed; boundary="-"'
    assert first == {
        "data": {"child": {"number": 1}},
        "pending": [{"id": "0", "label": "lms", "path": ["child"]}],
        "hasNext": True,
    }
    assert last["incremental"] == [{"id": "0", "data": {"slow": "slow 1"}}]
    assert (last["completed"], last["hasNext"]) == ([{"id": "0"}], False)
    assert set(last["extensions"]) == {"sources"}


def test_the_first_part_ends_before_the_second_one_is_ready(http: httpx.Client) -> None:
    """
    Its boundary is sent with it: clients show a part when they have read the boundary behind it.

    The second part is ready only after the test has read that boundary.
    """
    query = "{ child { number } ... @defer { held } }"
    with http.stream("POST", "/graphql", json={"query": query}, headers=PARTS) as response:
        texts, received = response.iter_text(), ""
        while received.count("\r\n---") < 2:
            received += next(texts)
        http.post("/graphql", json={"query": "{ release }"}, headers=TOKEN)
        rest = "".join(texts)

    assert '"number":1' in received
    assert '"held":true' in rest
    assert rest.endswith("\r\n-----\r\n")


def test_a_failed_deferred_part_has_its_error(http: httpx.Client) -> None:
    """The error is as in a response without `@defer`: a code and a source, and no text of the vendor."""
    response = http.post("/graphql", json={"query": "{ child { number ... @defer { down } } }"}, headers=PARTS)
    [_, last] = parts(response)
    [error] = last["incremental"][0]["errors"]

    assert last["incremental"][0]["data"] == {"down": None}
    assert error["path"] == ["child", "down"]
    assert {name: error["extensions"][name] for name in ("code", "source")} == {
        "code": "SOURCE_UNAVAILABLE",
        "source": "lms",
    }


def test_without_deferred_parts_the_response_has_one_part(http: httpx.Client) -> None:
    """This holds if the client accepts several parts, and if `@defer` has `if: false`."""
    for query in ("{ child { number } }", "{ child { number ... @defer(if: false) { slow } } }"):
        response = http.post("/graphql", json={"query": query}, headers=PARTS)
        assert response.headers["content-type"].startswith("application/json")
        assert response.json()["data"]["child"]["number"] == 1


def test_a_client_that_accepts_one_part_only_is_refused(http: httpx.Client) -> None:
    """The status is 406, and the message names the media type to accept."""
    response = http.post("/graphql", json={"query": "{ child { ... @defer { slow } } }"}, headers=TOKEN)

    assert response.status_code == 406
    assert "multipart/mixed" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(("query", "problem"), [
    ("{ children { number ... @defer { slow } } }", "@defer is not supported inside a list"),
    ("{ children { ...F @defer } } fragment F on Child { slow }", "@defer is not supported inside a list"),
    ("{ child {" + "... @defer { slow } " * 21 + "} }", "@defer may be used at most 20 times"),
])  # fmt: skip
def test_a_misplaced_defer_is_refused(http: httpx.Client, query: str, problem: str) -> None:
    """Nothing is executed."""
    response = http.post("/graphql", json={"query": query}, headers=PARTS)

    assert response.json()["errors"][0]["message"].startswith(problem)
    assert "data" not in response.json()


def test_the_schema_offers_no_directive_that_is_refused() -> None:
    """Lists come whole or in pages: `@stream` is in no introspection, and a document with it is invalid."""
    schema = make_schema(EncodingExecutor, defer=True)
    names = {directive.name for directive in core_schema(schema).directives}
    result = schema.execute_sync("{ districts @stream { name } }")

    assert {"defer", "skip", "include"} <= names
    assert "stream" not in names
    assert [error.message for error in result.errors or ()] == ["Unknown directive '@stream'."]


def test_without_the_setting_the_schema_has_no_defer() -> None:
    """A document with `@defer` is then invalid."""
    with client_for(GraphQLView(strawberry.Schema(Query), ADMISSION, start_operation)) as client:
        response = client.post("/graphql", json={"query": "{ child { ... @defer { slow } } }"}, headers=PARTS)

    assert response.json()["errors"][0]["message"] == "Unknown directive '@defer'."
