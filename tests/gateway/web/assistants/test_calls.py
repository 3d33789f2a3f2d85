"""Tools over real HTTP, with the official client of the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.web.assistants.settings import ToolSettings
from student_graph.resolvers.context import ViewerRole
from tests.gateway.web.assistants.stage import CLIENT_ID, OPERATOR, AssistantStage, assistant_stage
from tests.scenarios.helpers.demo_gateway import comparable, demo_districts
from tests.scenarios.helpers.enrolled_students import students_of_teacher

KEYS = DisclosureKeys(b"s" * 32)
OVERVIEW = (
    '"""One student by number."""\n'
    "query Overview($number: String!, $withWork: Boolean = true) { student(studentUniqueId: $number) "
    "{ studentUniqueId name { firstName } courseGrades { courseName letter provenance { source } } "
    "assignments @include(if: $withWork) { title } } }"
)
ROSTER = (
    "# The students of a person\n\n"
    "query Roster { students(filter: {}, first: 100) { edges { node { studentUniqueId } } } }"
)
GRANTS = "query Grants { viewer { grants } }"
TOOLS = (
    ToolSettings("Overview"),
    ToolSettings("Roster", roles=frozenset({ViewerRole.TEACHER})),
    ToolSettings("Grants", "Classes of data of a person", frozenset({ViewerRole.SUPERINTENDENT})),
)
BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
"""Revisions of the protocol since 2026-07-28, and those before it, which begin with a handshake."""


@dataclass(frozen=True)
class School:
    """A stage with a student of the teacher, and with one who is not the teacher's."""

    stage: AssistantStage
    district: DemoDistrict
    own: str
    stranger: str
    record: Path

    def record_lines(self) -> list[dict[str, Any]]:
        """The entries about disclosures in the record."""
        texts = [line for path in self.record.glob("*.jsonl") for line in path.read_text().splitlines()]
        return [line for line in map(json.loads, texts) if "opName" in line]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Two districts, of which the first offers tools."""
    districts, folder = demo_districts("both", 60), tmp_path_factory.mktemp("record")
    facts = districts[0].facts
    own = students_of_teacher(facts, demo_people(facts, demo_student(facts)).teacher or "")
    strangers = {row.student for row in facts.enrollments} - own
    sandboxes = [sandbox for district in districts for sandbox in district.sandboxes.values()]
    log = DisclosureLog(folder, KEYS)
    with (
        served(*sandboxes),
        assistant_stage(districts, (OVERVIEW, ROSTER, GRANTS), TOOLS, disclosure_log=log) as stage,
    ):
        yield School(stage, districts[0], min(own), min(strangers), folder)


@BOTH_ERAS
async def test_an_assistant_lists_the_tools_of_the_role_of_its_person(school: School, mode: str) -> None:
    """Each tool says what it is for and that it changes nothing."""
    listed = {}
    for viewer in ("teacher", "superintendent"):
        async with school.stage.client(viewer, mode) as client:
            listed[viewer] = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert {viewer: list(tools) for viewer, tools in listed.items()} == {
        "teacher": ["Overview", "Roster"],
        "superintendent": ["Grants", "Overview"],
    }
    assert [tool.description for tool in listed["teacher"].values()] == [
        "One student by number.",
        "The students of a person",
    ]
    for tool in (*listed["teacher"].values(), *listed["superintendent"].values()):
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)


@BOTH_ERAS
async def test_a_call_answers_what_the_graph_answers_to_the_same_person(school: School, mode: str) -> None:
    """As structured content, which the client checks against the output schema, and as the same text."""
    async with school.stage.client(mode=mode) as client:
        await client.list_tools()
        result = await client.call_tool("Overview", {"number": school.own})
    response = school.stage.graph.post(OVERVIEW, "teacher", number=school.own)

    assert response["data"]["student"]["studentUniqueId"] == school.own
    assert not result.is_error
    assert comparable(result.structured_content) == comparable({"data": response["data"]})
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]


async def test_a_strangers_child_looks_like_one_who_does_not_exist(school: School) -> None:
    """As in the graph: the same answer, without a hint that there is such a child."""
    stranger, absent = [
        await school.stage.call("Overview", number=number) for number in (school.stranger, "000000")
    ]
    visible = await school.stage.call("Overview", "superintendent", number=school.stranger)

    assert visible.structured_content["data"]["student"]["studentUniqueId"] == school.stranger
    assert stranger.structured_content == absent.structured_content == {"data": {"student": None}}
    assert school.stage.graph.post(OVERVIEW, "teacher", number=school.stranger)["data"] == {"student": None}


async def test_the_record_of_disclosures_names_the_call(school: School) -> None:
    """The operation, the purpose of assistants, and the client that asked; a request to the graph names none."""
    await school.stage.call("Overview", number=school.own, withWork=False)
    through_assistant = school.record_lines()[-1]
    school.stage.graph.post("query Direct($n: String) { student(studentUniqueId: $n) { name { lastName } } }",
                            "teacher", n=school.own)  # fmt: skip
    direct = school.record_lines()[-1]

    assert (through_assistant["opName"], through_assistant["purpose"], through_assistant["assistant"]) == (
        "Overview",
        "assistant",
        CLIENT_ID,
    )
    assert through_assistant["students"] == [KEYS.pseudonym(school.district.id, school.own)]
    assert direct["opName"] == "Direct"
    assert "assistant" not in direct


async def test_wrong_arguments_are_named(school: School) -> None:
    """Of another type, missing or unknown; the graph is not asked."""
    calls: list[dict[str, Any]] = [
        {"number": 7},
        {},
        {"number": "7", "nam": "x"},
        {"number": "7", "withWork": "y"},
    ]
    results = [await school.stage.call("Overview", **arguments) for arguments in calls]

    assert [result.is_error for result in results] == [True] * 4
    texts = [result.content[0].text for result in results]  # type: ignore[union-attr]
    assert all(text.startswith("BAD_INPUT") for text in texts)
    parts = ("number: 7 is not of type 'string'", "'number'", "'nam'", "withWork: 'y' is not of type 'boolean'")
    for text, part in zip(texts, parts, strict=True):
        assert part in text


async def test_a_tool_of_another_role_is_refused_like_an_unknown_one(school: School) -> None:
    """It is refused as one that does not exist."""
    from mcp import MCPError  # noqa: PLC0415 - slow to import, and few processes need it

    messages = []
    async with school.stage.client() as client:
        for tool in ("Grants", "Nothing"):
            with pytest.raises(MCPError) as error:
                await client.call_tool(tool, {})
            messages.append(str(error.value))

    assert messages == ["There is no tool of that name."] * 2


async def test_no_restricted_class_is_granted_to_an_assistant(school: School) -> None:
    """Although the superintendent has them all; so nothing that a document computes can show them."""
    restricted = {"DISCIPLINE", "DISABILITY", "MEAL", "HOMELESS"}
    own = school.stage.graph.post(GRANTS, "superintendent")["data"]["viewer"]["grants"]
    result = await school.stage.call("Grants", "superintendent")
    through_assistant = result.structured_content["data"]["viewer"]["grants"]

    assert restricted <= set(own)
    assert set(through_assistant) == set(own) - restricted


def test_an_assistant_of_a_district_without_tools_is_refused(school: School) -> None:
    """Also with a token that was issued for the tools."""
    assert respond(school, school.stage.tokens["teacher"]).status_code == 200
    assert respond(school, school.stage.tokens["teacher-2"]).status_code == 401


@pytest.mark.parametrize("audience", ["student-graph", "https://other.example/mcp", None])
def test_a_token_for_something_else_is_refused(school: School, audience: str | None) -> None:
    """With the address of the metadata, which names the address that tokens must be issued for."""
    token = school.stage.issuer.tokens(audience)["teacher"] if audience else None
    response = respond(school, token)
    challenge = response.headers["www-authenticate"]
    metadata = school.stage.graph.client.get("/.well-known/oauth-protected-resource/mcp").json()

    assert response.status_code == 401
    assert challenge.startswith("Bearer ")
    assert 'resource_metadata="https://graph.example/.well-known/oauth-protected-resource/mcp"' in challenge
    assert ('error="invalid_token"' in challenge) == (token is not None)
    assert metadata["resource"] == "https://graph.example/mcp"


def test_the_graph_refuses_a_token_for_the_tools(school: School) -> None:
    """So an assistant cannot send queries of its own."""
    response = school.stage.graph.client.post(
        "/graphql",
        json={"query": "{ viewer { role } }"},
        headers={"Authorization": f"Bearer {school.stage.tokens['teacher']}"},
    )

    assert response.status_code == 401


@pytest.mark.parametrize(("header", "status"), [("Host", 421), ("Origin", 403)])
def test_a_page_of_another_site_is_refused(school: School, header: str, status: int) -> None:
    """Its host name may lead here (DNS rebinding), and a browser states its origin."""
    value = {"Host": "evil.example", "Origin": "https://evil.example"}[header]

    assert respond(school, school.stage.tokens["teacher"], {header: value}).status_code == status


def test_the_memory_of_tokens_is_counted(school: School) -> None:
    """Operators see how much the verified tokens of assistants take."""
    respond(school, school.stage.tokens["teacher"])
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    memory = school.stage.graph.client.get("/health/memory", headers=headers).json()

    assert 0 < memory["assistantTokens"]["bytes"] <= memory["assistantTokens"]["maxBytes"]


def respond(school: School, token: str | None, headers: dict[str, str] | None = None) -> Any:
    """The response to a list of the tools with a token."""
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    return school.stage.graph.client.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers={"Accept": "application/json, text/event-stream", **authorization, **(headers or {})},
    )
