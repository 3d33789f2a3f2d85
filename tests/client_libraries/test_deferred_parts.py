"""Deferred parts: their newest format is that of graphql-js 17, and clients show what is missing in any format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.web.graphql import GraphQLView
from tests.client_libraries.node_project import run_script
from tests.gateway.graph import ADMISSION, TOKEN, start_operation
from tests.gateway.servers import client_for

DOCUMENTS = (
    '{ child { number ... @defer(label: "lms") { slow } } }',
    "{ child { number ... @defer { down } } }",
    "{ child { number ... @defer { broken } } }",
    '{ child { number ... @defer { slow ... @defer(label: "inner") { down } } } }',
    "{ child { number ... @defer(if: false) { down } ... @defer { slow } } }",
)


@strawberry.type
class Child:
    """An object with a field of a slow vendor, and with fields of one that is down."""

    number: int

    @strawberry.field
    async def slow(self) -> str | None:
        """A value after a turn of the event loop."""
        await asyncio.sleep(0)
        return f"slow {self.number}"

    @strawberry.field
    async def down(self) -> str | None:
        """No value."""
        await asyncio.sleep(0)
        raise UnavailableError("no answer in time")

    @strawberry.field
    async def broken(self) -> str:
        """No value, where there must be one."""
        await asyncio.sleep(0)
        raise UnavailableError("no answer in time")


@strawberry.type
class Query:
    """The query type."""

    @strawberry.field
    def child(self) -> Child:
        """One child."""
        return Child(number=1)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a view that offers `@defer`."""
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = strawberry.Schema(Query, execution_context_class=EncodingExecutor, config=config)
    with client_for(GraphQLView(schema, ADMISSION, start_operation)) as client:
        yield client


def without_types(value: dict[str, Any]) -> dict[str, Any]:
    """A copy without the names of types."""
    return {
        name: without_types(item) if isinstance(item, dict) else item
        for name, item in value.items()
        if name != "__typename"
    }


def parts_of(http: httpx.Client, document: str) -> list[dict[str, Any]]:
    """The parts that the gateway sends, in the format of graphql-js 17."""
    headers = {**TOKEN, "Accept": "multipart/mixed;incrementalSpec=v0.2"}
    text = http.post("/graphql", json={"query": document}, headers=headers).text
    return [json.loads(part.partition("\r\n\r\n")[2]) for part in text.split("\r\n---")[1:-1]]


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """All members of the parts, however they were distributed; of errors only paths."""
    members: dict[str, Any] = {"pending": [], "incremental": [], "completed": []}
    for part in parts:
        for name, value in part.items():
            if name in members:
                members[name] += value
            elif name not in ("hasNext", "extensions"):
                members[name] = value
    for item in [members, *members["incremental"], *members["completed"]]:
        if "errors" in item:
            item["errors"] = [error["path"] for error in item["errors"]]
    return {name: sorted(v, key=json.dumps) if isinstance(v, list) else v for name, v in members.items()}


def test_the_gateway_sends_what_graphql_js_sends(http: httpx.Client, tmp_path: Path) -> None:
    """Pending, incremental and completed items have the same members, ids, labels, paths, data and errors."""
    expected = run_script("graphql_17.mjs", tmp_path, documents=DOCUMENTS)["results"]

    for document, parts in zip(DOCUMENTS, expected, strict=True):
        sent = parts_of(http, document)
        assert joined(sent) == joined(parts), document
        assert [part["hasNext"] for part in sent] == [True] * (len(sent) - 1) + [False]


def test_every_client_shows_what_is_missing_in_a_deferred_part(http: httpx.Client, tmp_path: Path) -> None:
    """
    A failed field is null, and a fragment that failed as a whole leaves its fields out; the error has its code.

    What came in the first part stays.
    """
    documents = {"field": DOCUMENTS[1], "fragment": DOCUMENTS[2]}
    url, token = f"{str(http.base_url).rstrip('/')}/graphql", TOKEN["Authorization"].removeprefix("Bearer ")
    output = run_script("deferred_errors.mjs", tmp_path, url=url, token=token, documents=documents)

    assert output["complaints"] == []
    expected = {"field": {"child": {"number": 1, "down": None}}, "fragment": {"child": {"number": 1}}}
    for name, data in expected.items():
        shown = output["results"][name]
        assert {client: without_types(last["data"]) for client, last in shown.items()} == dict.fromkeys(
            shown, data
        )
        assert {code for last in shown.values() for code in last["codes"]} == {"SOURCE_UNAVAILABLE"}
        assert all(len(last["codes"]) == 1 for last in shown.values())
