"""What tools answer when something is missing, too long or too much."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cache.response_cache import CachedResponse, ResponseCache
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.web.assistants.settings import ToolSettings
from student_graph.gateway.web.load_shedding import LoadLimits
from tests.clients import async_client
from tests.gateway.web.assistants.stage import AssistantStage, assistant_stage
from tests.scenarios.helpers.demo_gateway import demo_districts

STUDENTS = (
    "query Students($first: Int = 30) { students(filter: {}, first: $first) "
    "{ edges { node { studentUniqueId assignments { title } } } } }"
)
SCHOOLS = "query Schools { districts { schools { name } } }"


@contextmanager
def stage(options: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[tuple[AssistantStage, Any]]:
    """A stage with two tools, and its sandboxes by kind."""
    [district] = demo_districts("edfi", 30)
    tools = [ToolSettings("Students", "Students of a person"), ToolSettings("Schools", "Schools of the district")]
    with (
        served(*district.sandboxes.values()),
        assistant_stage([district], [STUDENTS, SCHOOLS], tools, options, **settings) as running,
    ):
        yield running, district.sandboxes


async def test_a_part_whose_source_is_down_is_missing_and_says_why() -> None:
    """The rest of the answer is there, and all of it is as the tool's output schema says."""
    with stage() as (running, sandboxes):
        sandboxes["canvas"].switches.down = True
        async with running.client("superintendent") as client:
            await client.list_tools()
            result = await client.call_tool("Students", {"first": 1})

    [edge] = result.structured_content["data"]["students"]["edges"]
    assert not result.is_error
    assert edge["node"]["studentUniqueId"]
    assert edge["node"]["assignments"] is None
    assert [error["code"] for error in result.structured_content["errors"]] == ["SOURCE_UNAVAILABLE"]


async def test_an_answer_that_is_too_long_is_an_error_that_says_how_long_it_is() -> None:
    """A shorter answer of the same tool is given."""
    with stage({"max_answer_bytes": 1024}) as (running, _):
        long = await running.call("Students", "superintendent")
        short = await running.call("Students", "superintendent", first=1)

    assert (long.is_error, long.structured_content) == (True, None)
    assert long.content[0].text.startswith("ANSWER_TOO_LARGE: The answer has ")  # type: ignore[union-attr]
    assert "1 KiB at most" in long.content[0].text  # type: ignore[union-attr]
    assert not short.is_error


def disclosed_operations(folder: Path) -> list[str]:
    """The operations that a record names, in their order."""
    lines = [json.loads(line) for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    return [line["opName"] for line in lines if "opName" in line]


async def test_an_answer_that_is_too_long_is_no_disclosure(tmp_path: Path) -> None:
    """Nobody gets it, also if it is asked for again."""
    folder = tmp_path / "record"
    record = DisclosureLog(folder, DisclosureKeys(b"k" * 32))
    with stage({"max_answer_bytes": 1024}, disclosure_log=record) as (running, _):
        results = [await running.call("Students", "superintendent") for _ in range(2)]
        refused = disclosed_operations(folder)
        short = await running.call("Students", "superintendent", first=1)

    assert [result.is_error for result in results] == [True, True]
    assert refused == []
    assert not short.is_error
    assert disclosed_operations(folder) == ["Students"]


async def test_a_cached_response_that_is_too_long_is_no_disclosure_either(tmp_path: Path) -> None:
    """As after a reload with a smaller limit. An entry that nobody could write shows that none is written."""
    data = b'{"students": "' + b"x" * 2_000 + b'"}'
    cached = CachedResponse(data, (), math.inf, math.inf, {}, b"{}", disclosures=["no entry"])
    record = DisclosureLog(tmp_path, DisclosureKeys(b"k" * 32))
    with (
        stage({"max_answer_bytes": 1024}, disclosure_log=record) as (running, _),
        mock.patch.object(ResponseCache, "get", return_value=cached),
    ):
        result = await running.call("Students", "superintendent")

    assert result.content[0].text.startswith("ANSWER_TOO_LARGE: ")  # type: ignore[union-attr] # it is text


async def test_a_call_that_costs_too_much_is_refused_as_the_graph_refuses_it() -> None:
    """With the graph's own code and words."""
    with stage(document_limits=DocumentLimits(cost=20)) as (running, _):
        result = await running.call("Students", "superintendent")
        response = running.graph.post(STUDENTS, "superintendent")

    [error] = response["errors"]
    assert (result.is_error, result.structured_content) == (True, None)
    assert result.content[0].text == f"{error['extensions']['code']}: {error['message']}"  # type: ignore[union-attr]


async def post(running: AssistantStage, method: str, **params: Any) -> httpx.Response:
    """Send one request of the protocol as the superintendent's assistant."""
    headers = {"Authorization": f"Bearer {running.tokens['superintendent']}", "Accept": "application/json"}
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with async_client() as client:
        return await client.post(running.address, json=message, headers=headers)


async def test_an_assistant_spends_the_requests_of_its_person() -> None:
    """What an assistant asked for is not there for the graph any more."""
    limits = LoadLimits(viewer_rate=0.001, viewer_burst=2)
    with stage(load_limits=limits) as (running, _):
        statuses = [(await post(running, "tools/list")).status_code for _ in range(3)]
        direct = running.graph.client.post(
            "/graphql",
            json={"query": "{ viewer { role } }"},
            headers={"Authorization": f"Bearer {running.graph.tokens['superintendent']}"},
        )

    assert statuses == [200, 200, 429]
    assert direct.status_code == 429
