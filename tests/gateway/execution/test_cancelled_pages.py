"""A client disconnects in the middle of a page: every part of the work ends, and no coroutine is left behind."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from student_graph.gateway.execution import EncodingExecutor, StockExecutor
from student_graph.gateway.web.graphql import GraphQLView
from tests.gateway.graph import ADMISSION, TOKEN, start_operation

FIELDS = "number late sum list { number late part { late sum } }"
DOCUMENTS = {
    "at once": f"{{ part {{ {FIELDS} part {{ {FIELDS} }} }} }}",
    "in parts": (
        f"{{ part {{ {FIELDS} ... @defer {{ part {{ {FIELDS} ... @defer {{ part {{ {FIELDS} }} }} }} }} }} }}"
    ),
}
ACCEPTED = "multipart/mixed, application/json"
MAX_TURNS = 400
"""More turns of the event loop than a page takes."""


@strawberry.type
class Part:
    """An object with others in it, and with fields that come soon or late."""

    number: int

    @strawberry.field
    async def late(self) -> int:
        """A value after some turns of the event loop."""
        for _ in range(self.number % 3):
            await asyncio.sleep(0)
        return self.number

    @strawberry.field
    async def sum(self) -> int:
        """A value that needs tasks of its own."""
        return sum(await asyncio.gather(*(Part(number=self.number + n).late() for n in range(2))))

    @strawberry.field
    async def part(self) -> Part:
        """Another object."""
        return Part(number=self.number + 1)

    @strawberry.field
    async def list(self) -> list[Part]:
        """Two objects."""
        return [Part(number=self.number + n) for n in range(2)]


@strawberry.type
class Query:
    """The query type."""

    @strawberry.field
    async def part(self) -> Part:
        """An object."""
        return Part(number=1)


class Client:
    """A client that sends a document, and disconnects after some turns of the event loop."""

    def __init__(self, document: str) -> None:
        self._body = json.dumps({"query": document}).encode()
        self._disconnect = asyncio.Event()
        self.has_response = False
        """Whether the complete response has come."""

    async def receive(self) -> dict[str, Any]:
        """Send the request, and then nothing until the client disconnects."""
        body, self._body = self._body, b""
        if body:
            return {"type": "http.request", "body": body}
        await self._disconnect.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the response, after a turn of the event loop."""
        await asyncio.sleep(0)
        self.has_response |= message["type"] == "http.response.body" and not message.get("more_body")

    async def disconnect_after(self, turns: int, view: GraphQLView) -> None:
        """Let a view answer for some turns, disconnect, and wait for the end of its work."""
        answering = asyncio.create_task(view(scope(), self.receive, self.send))
        for _ in range(turns):
            await asyncio.sleep(0)
        self._disconnect.set()
        await answering
        await asyncio.sleep(0)  # the watch over the client ends


def scope() -> dict[str, Any]:
    headers = {**TOKEN, "Accept": ACCEPTED, "Content-Type": "application/json"}
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 4000),
    }


@pytest.fixture(params=[EncodingExecutor, StockExecutor])
def view(request: pytest.FixtureRequest) -> GraphQLView:
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = strawberry.Schema(Query, execution_context_class=request.param, config=config)
    return GraphQLView(schema, ADMISSION, start_operation)


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_no_moment_of_a_disconnect_leaves_a_coroutine_behind(view: GraphQLView, document: str) -> None:
    """A page is cancelled at each of its turns: no warning of a coroutine that was never awaited, no task."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for turns in range(MAX_TURNS):
            client = Client(DOCUMENTS[document])
            await client.disconnect_after(turns, view)
            if client.has_response:
                break
        gc.collect()

    assert client.has_response
    assert turns > 10
    assert [str(warning.message) for warning in caught] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
