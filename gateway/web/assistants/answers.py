"""Calls of tools: the arguments are checked, and what the graph answers becomes the answer of the tool."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from starlette.types import Message, Receive, Send

from student_graph.gateway.execution.size import TOO_LARGE
from student_graph.gateway.web.admission import CheckBody
from student_graph.gateway.web.assistants.tools import Tool
from student_graph.gateway.web.encoding import encode
from student_graph.gateway.web.load_shedding import OverloadError
from student_graph.gateway.web.request import BadRequestError
from student_graph.resolvers.context import Viewer

MAX_NAMED_ERRORS = 5

AnswerAdmitted = Callable[[Viewer, bytes, Receive, Send, CheckBody], Awaitable[None]]
"""Answers the body of a POST request to the graph of a viewer who was admitted, unless the check refuses it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call."""

    text: str
    """The data as JSON, or a text that says what went wrong."""
    data: dict[str, Any] | None = None
    """What the output schema describes; None if the call failed."""


async def call_tool(
    tool: Tool,
    viewer: Viewer,
    arguments: Mapping[str, Any],
    *,
    answer_admitted: AnswerAdmitted,
    max_bytes: int,
) -> Answer:
    """
    Ask the graph for the document of a tool, on the way of every other request.

    An answer that is too large is refused before it is recorded as disclosed.
    """
    body = encode({"documentId": tool.digest, "operationName": tool.name, "variables": arguments})
    response = _Response()
    try:
        await answer_admitted(viewer, body, wait_forever, response.receive, partial(_check_size, max_bytes))
    except OverloadError as error:
        return Answer(f"OVERLOADED: There is too much to do; try again in {math.ceil(error.retry_after)} seconds.")
    return _answer_of(response.parts)


def _check_size(max_bytes: int, body: Sequence[bytes]) -> None:
    """
    Check that the answer of a tool is not too large.

    Raises:
        BadRequestError: it is.
    """
    if (answer := _answer_of(body)).data is not None and (size := len(answer.text.encode())) > max_bytes:
        message = (
            f"The answer has {math.ceil(size / 1024)} KiB, and a tool answers with {max_bytes // 1024} KiB at "
            "most: ask for less, such as fewer students at once."
        )
        raise BadRequestError(413, message, TOO_LARGE)


def _answer_of(body: Sequence[bytes]) -> Answer:
    """The answer of a tool, from the body of the graph's response."""
    content: dict[str, Any] = msgspec.json.decode(b"".join(body))
    errors = list(map(_error, content.get("errors", ())))
    if content.get("data") is None:
        lines = [f"{error.get('code', 'ERROR')}: {error['message']}" for error in errors[:MAX_NAMED_ERRORS]]
        return Answer("\n".join(lines))
    data: dict[str, Any] = {"data": content["data"]}
    if errors:
        data["errors"] = errors
    if missing := content.get("extensions", {}).get("degraded"):
        data["missing"] = missing
    return Answer(encode(data).decode(), data)


@dataclass(slots=True)
class _Response:
    """Collects the parts of a response's body."""

    parts: list[bytes] = field(default_factory=list)

    async def receive(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.parts.append(bytes(message.get("body", b"")))


async def wait_forever() -> Message:
    """Wait for a message that never comes: who uses it watches the client elsewhere."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    """What a tool says about an error of the graph: message, code and path."""
    members = {
        "message": error["message"],
        "code": error.get("extensions", {}).get("code"),
        "path": error.get("path"),
    }
    return {name: value for name, value in members.items() if value is not None}
