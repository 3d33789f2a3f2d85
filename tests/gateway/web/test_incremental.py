"""Answers of which a part comes later."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.execution import StructExecutor
from student_graph.gateway.web.graphql import GraphQLView
from tests.gateway.graph import ADMISSION, TOKEN, begin
from tests.gateway.servers import answering

PARTS = {**TOKEN, "Accept": "multipart/mixed, application/json"}


@strawberry.type
class Child:
    """A student with a slow vendor."""

    number: int

    @strawberry.field
    async def slow(self) -> str | None:
        """What the slow vendor says."""
        await asyncio.sleep(0.05)
        return f"slow {self.number}"

    @strawberry.field
    async def down(self) -> str | None:
        """What a vendor that is down says."""
        await asyncio.sleep(0.05)
        error = UnavailableError("no answer in time")
        error.source = "lms"
        raise error


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def child(self) -> Child:
        """One."""
        return Child(number=1)

    @strawberry.field
    def children(self) -> list[Child]:
        """Several."""
        return [Child(number=n) for n in range(3)]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a view that may answer in parts."""
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = strawberry.Schema(Query, execution_context_class=StructExecutor, config=config)
    with answering(GraphQLView(schema, ADMISSION, begin)) as client:
        yield client


def parts(answer: httpx.Response) -> list[dict[str, Any]]:
    """The parts of an answer, in the order in which they came."""
    pieces = answer.text.split("\r\n---")[1:-1]
    return [json.loads(piece.partition("\r\n\r\n")[2]) for piece in pieces]


def test_what_is_deferred_comes_later(http: httpx.Client) -> None:
    """First all but that, with what is still to come; then the part, what it was asked of, and the end."""
    query = '{ child { number ... @defer(label: "lms") { slow } } }'
    answer = http.post("/graphql", json={"query": query}, headers=PARTS)
    first, last = parts(answer)

    assert answer.headers["content-type"] == 'multipart/mixed; boundary="-"'
    assert first == {
        "data": {"child": {"number": 1}},
        "pending": [{"id": "0", "label": "lms", "path": ["child"]}],
        "hasNext": True,
    }
    assert last["incremental"] == [{"id": "0", "data": {"slow": "slow 1"}}]
    assert (last["completed"], last["hasNext"]) == ([{"id": "0"}], False)
    assert set(last["extensions"]) == {"sources"}


def test_a_deferred_part_that_fails_brings_its_error(http: httpx.Client) -> None:
    """As it would in the whole answer: a code and a source, and nothing that the vendor said."""
    answer = http.post("/graphql", json={"query": "{ child { number ... @defer { down } } }"}, headers=PARTS)
    [_, last] = parts(answer)
    [error] = last["incremental"][0]["errors"]

    assert last["incremental"][0]["data"] == {"down": None}
    assert error["path"] == ["child", "down"]
    assert {name: error["extensions"][name] for name in ("code", "source")} == {
        "code": "SOURCE_UNAVAILABLE",
        "source": "lms",
    }


def test_without_anything_deferred_the_answer_is_one(http: httpx.Client) -> None:
    """Also for a client that would take parts, and where the part is not deferred after all."""
    for query in ("{ child { number } }", "{ child { number ... @defer(if: false) { slow } } }"):
        answer = http.post("/graphql", json={"query": query}, headers=PARTS)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["data"]["child"]["number"] == 1


def test_a_client_that_takes_no_parts_is_told_what_to_accept(http: httpx.Client) -> None:
    """406, in words."""
    answer = http.post("/graphql", json={"query": "{ child { ... @defer { slow } } }"}, headers=TOKEN)

    assert answer.status_code == 406
    assert "multipart/mixed" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("query", "problem"), [
    ("{ children { number ... @defer { slow } } }", "@defer is not supported inside a list"),
    ("{ children { ...F @defer } } fragment F on Child { slow }", "@defer is not supported inside a list"),
    ("{ child {" + " ".join("... @defer { slow }" for _ in range(21)) + "} }", "@defer may be used at most 20 times"),
    ("{ children @stream { number } }", "@stream is not supported"),
])  # fmt: skip
def test_what_may_not_be_deferred_is_refused(http: httpx.Client, query: str, problem: str) -> None:
    """Before anything is carried out."""
    answer = http.post("/graphql", json={"query": query}, headers=PARTS)

    assert answer.json()["errors"][0]["message"].startswith(problem)
    assert "data" not in answer.json()


def test_where_it_is_off_the_schema_knows_no_defer() -> None:
    """A document that defers is wrong there."""
    with answering(GraphQLView(strawberry.Schema(Query), ADMISSION, begin)) as client:
        answer = client.post("/graphql", json={"query": "{ child { ... @defer { slow } } }"}, headers=PARTS)

    assert answer.json()["errors"][0]["message"] == "Unknown directive '@defer'."
