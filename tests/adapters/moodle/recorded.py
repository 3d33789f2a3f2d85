"""Recorded responses of a Moodle 4.4 site, and requests to the sandbox like those that were recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.moodle.sandbox.server import SCRIPT, TOKEN
from student_graph.adapters.testing.transports import InProcessTransport

FOLDER = Path(__file__).parents[4] / "shared" / "recorded" / "moodle"
needs_recordings = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/recorded/moodle is not there")


def recorded(name: str) -> Any:
    """A recorded exchange: `request`, `status`, `headers` and `body`."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def response_of(name: str) -> httpx.Response:
    """A recorded response, as the adapter's client receives it."""
    exchange = recorded(name)
    body = exchange["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = httpx.Request("POST", "https://moodle.example/webservice/rest/server.php")
    return httpx.Response(exchange["status"], headers=exchange["headers"], content=content, request=request)


async def call(sandbox: MoodleSandbox, function: str, **parameters: Any) -> Any:
    """The JSON that the sandbox sends for a function; names of parameters may have brackets."""
    form = {"wstoken": TOKEN, "moodlewsrestformat": "json", "wsfunction": function, **parameters}
    async with httpx.AsyncClient(transport=InProcessTransport(sandbox), base_url=sandbox.url) as http:
        return (await http.post(SCRIPT, data=form)).json()


def shape(value: Any) -> Any:
    """The properties of a JSON value with the types of their values; of a list, the shape of its first row."""
    match value:
        case dict():
            return {name: shape(part) for name, part in value.items()}
        case list():
            return [shape(value[0])] if value else []
        case bool():
            return "flag"
        case int() | float():
            return "number"
        case None:
            return None
        case _:
            return "text"
