"""The address of the tools, as an ASGI application without a gateway."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.types import Message, Receive, Send

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web.admission import Admission, CheckBody
from student_graph.gateway.web.assistants.endpoint import AssistantEndpoint, load_protocol
from student_graph.gateway.web.assistants.settings import AssistantSettings, ToolSettings
from student_graph.gateway.web.assistants.tools import build_tools
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.schema import core_schema, make_schema
from tests.clients import TIMEOUT_SECONDS
from tests.gateway.web.assistants.stage import trusted

HILL = DistrictId("hill")
SETTINGS = AssistantSettings("https://graph.example/mcp", {HILL: [ToolSettings("Role")]})
DOCUMENTS = trusted("# The role of a person\nquery Role { viewer { role } }")
TOKEN = "t"


class Graph:
    """Answers what tools ask, once `released`."""

    def __init__(self) -> None:
        self.called, self.released, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(self, _: Viewer, body: bytes, __: Receive, send: Send, ___: CheckBody) -> None:
        self.called.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        content = json.dumps({"data": {"viewer": {"role": "TEACHER"}}}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": content})


class Client:
    """Calls the tool, and disconnects when a test says so."""

    def __init__(self) -> None:
        self.disconnected = asyncio.Event()
        self._messages = [self._body()]
        self.sent: list[Message] = []

    @staticmethod
    def _body() -> Message:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "Role", "arguments": {}}}
        return {"type": "http.request", "body": json.dumps(call).encode(), "more_body": False}

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop()
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def result(self) -> Any:
        """The result of the call."""
        return json.loads(self.sent[-1]["body"])["result"]


def endpoint(graph: Graph, load_shedder: LoadShedder) -> AssistantEndpoint:
    """The address with one tool, for one teacher."""
    schema = core_schema(make_schema())
    tools = build_tools(schema, DOCUMENTS, DocumentStore(schema, DOCUMENTS), SETTINGS, ())
    viewer = Viewer("ada", ViewerRole.TEACHER, frozenset({HILL}))
    admission = Admission(Authenticator({TOKEN: viewer}), load_shedder=load_shedder)
    protocol = load_protocol(SETTINGS, tools)
    return AssistantEndpoint(SETTINGS, tools, protocol, admission=admission, answer_admitted=graph.answer)


def scope() -> dict[str, Any]:
    """The head of a request."""
    headers = {
        "host": "graph.example",
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "accept": "application/json",
    }
    return {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def test_a_viewer_sends_the_next_request_when_a_call_is_answered() -> None:
    """A second request of the viewer is refused while it runs."""
    graph, client, second = Graph(), Client(), Client()
    app = endpoint(graph, LoadShedder(LoadLimits(viewer_in_flight=1)))
    call = asyncio.create_task(app(scope(), client.receive, client.send))
    await graph.called.wait()
    await app(scope(), second.receive, second.send)
    graph.released.set()
    await call
    third = Client()
    await app(scope(), third.receive, third.send)

    assert second.sent[0]["status"] == 429
    assert client.result["structuredContent"] == {"data": {"viewer": {"role": "TEACHER"}}}
    assert third.result == client.result


async def test_a_call_ends_with_the_connection_of_its_client() -> None:
    """What it asks the graph is cancelled, and the viewer may send the next request."""
    graph, client, second = Graph(), Client(), Client()
    app = endpoint(graph, LoadShedder(LoadLimits(viewer_in_flight=1)))
    call = asyncio.create_task(app(scope(), client.receive, client.send))
    await graph.called.wait()
    client.disconnected.set()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await call
    graph.released.set()
    await app(scope(), second.receive, second.send)

    assert graph.cancelled.is_set()
    assert client.sent == []
    assert second.sent[0]["status"] == 200
