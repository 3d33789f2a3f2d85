"""The protocol's official inspector lists tools and calls them, as an assistant of the demo's teacher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.assistants import demo_assistants, demo_documents
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.context import ViewerRole
from tests.client_libraries.node_project import PACKAGES, run_node
from tests.gateway.web.assistants.stage import AssistantStage, assistant_stage
from tests.long_runs import LONG_RUNS
from tests.scenarios.helpers.enrolled_students import students_of_teacher

pytestmark = pytest.mark.long_run
__test__ = LONG_RUNS
INSPECTOR = PACKAGES / "@modelcontextprotocol" / "inspector-cli" / "build"
"""Folder of its program. It reads the name of its package from the folder above the one in which it runs."""


@dataclass(frozen=True)
class Inspector:
    """The inspector's command line, connected to a gateway with the tools of the demo."""

    stage: AssistantStage
    own: str
    """Number of a student of the teacher."""
    stranger: str
    """Number of a student whom the teacher does not teach."""

    def ask(self, method: str, *options: str, token: str | None = None, status: int = 0) -> str:
        """Return what the command prints; with another token than that of the teacher's assistant, or none."""
        header = f"Authorization: Bearer {token or self.stage.tokens['teacher']}"
        arguments = (self.stage.address, "--transport", "http", "--header", header, "--method", method, *options)
        process = run_node(INSPECTOR / "index.js", *arguments, folder=INSPECTOR, check=False)
        assert process.returncode == status, process.stdout + process.stderr
        return process.stdout + process.stderr

    def overview(self, number: str) -> Any:
        """Call the tool about one student, and return its answer."""
        options = ("--tool-name", "StudentOverview", "--tool-arg", f'studentUniqueId="{number}"')
        return json.loads(self.ask("tools/call", *options))["structuredContent"]


@pytest.fixture(scope="module")
def inspector(district: DemoDistrict) -> Iterator[Inspector]:
    """An inspector of a gateway over the demo's district."""
    facts = district.facts
    own = students_of_teacher(facts, demo_people(facts, demo_student(facts)).teacher or "")
    strangers = {row.student for row in facts.enrollments} - own
    texts, tools = tuple(demo_documents().values()), demo_assistants("", [district.id]).tools[district.id]
    with served(*district.sandboxes.values()), assistant_stage([district], texts, tools) as stage:
        yield Inspector(stage, min(own), min(strangers))


def test_a_teachers_tools_are_listed(inspector: Inspector) -> None:
    """The tools of teachers and those of everybody, with a schema of their arguments, that change nothing."""
    tools = {tool["name"]: tool for tool in json.loads(inspector.ask("tools/list"))["tools"]}

    offered = demo_assistants("", ["any"]).tools["any"]
    assert set(tools) == {tool.document for tool in offered if not tool.roles or ViewerRole.TEACHER in tool.roles}
    assert tools["StudentOverview"]["inputSchema"]["required"] == ["studentUniqueId"]
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools.values())


def test_a_teacher_is_refused_a_strangers_child(inspector: Inspector) -> None:
    """An own student is there; a stranger's child looks like a number that nobody has."""
    assert inspector.overview(inspector.own)["data"]["student"]["studentUniqueId"] == inspector.own
    assert inspector.overview(inspector.stranger) == inspector.overview("000000") == {"data": {"student": None}}


def test_a_token_for_the_graph_opens_no_tool(inspector: Inspector) -> None:
    """The inspector does not connect, and prints the gateway's code."""
    output = inspector.ask("tools/list", token=inspector.stage.graph.tokens["teacher"], status=1)

    assert "UNAUTHENTICATED" in output
