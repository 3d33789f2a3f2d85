"""The newest format of deferred parts is that of graphql-js 17, which is run on the same documents."""

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
