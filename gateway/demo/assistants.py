"""The tools that the demo's districts offer to assistants with `--assistants`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from student_graph.adapters.model import DistrictId
from student_graph.gateway.web.assistants.settings import AssistantSettings, ToolSettings
from student_graph.gateway.web.routes.graphiql import examples_folder
from student_graph.resolvers.context import ViewerRole

PATH = "/mcp"
CLIENT_ID = "demo-assistant"
"""Client id in the tokens of assistants, which the record of disclosures names."""
_STUDENT_OVERVIEW = Path(__file__).with_name("student_overview.graphql")
_STAFF = frozenset({ViewerRole.SUPERINTENDENT, ViewerRole.PRINCIPAL, ViewerRole.TEACHER, ViewerRole.COUNSELOR})
_LEADERS = frozenset({ViewerRole.SUPERINTENDENT, ViewerRole.PRINCIPAL})
_EXAMPLES: Mapping[str, tuple[str, frozenset[ViewerRole]]] = {
    "02-class-roster": ("ClassRoster", frozenset({ViewerRole.TEACHER})),
    "04-find-students": ("FindStudents", _STAFF),
    "05-teachers-day": ("TeachersDay", frozenset({ViewerRole.TEACHER})),
    "07-near-chronic-absence": ("NearChronicAbsence", _STAFF),
    "10-schools-compared": ("SchoolsCompared", frozenset({ViewerRole.SUPERINTENDENT})),
    "12-reading-group": ("ReadingGroup", frozenset({ViewerRole.TEACHER, ViewerRole.COUNSELOR})),
    "15-on-track": ("OnTrack", _LEADERS | {ViewerRole.COUNSELOR}),
    "18-why-this-number": ("WhyThisNumber", _STAFF),
    "22-definitions": ("Definitions", frozenset()),
}
"""Examples that are tools, with the name of the operation and the roles that get it; all if it names none."""


def demo_documents() -> dict[str, str]:
    """Texts of the documents of the tools, by SHA-256."""
    folder = examples_folder()
    files = [_STUDENT_OVERVIEW, *(folder / f"{name}.graphql" for name in _EXAMPLES)]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


def demo_assistants(origin: str, districts: Iterable[DistrictId]) -> AssistantSettings:
    """The tools of the demo at an origin, such as `http://127.0.0.1:8000`."""
    tools = [ToolSettings(name, roles=roles) for name, roles in _EXAMPLES.values()]
    offered = (ToolSettings("StudentOverview"), *tools)
    return AssistantSettings(f"{origin}{PATH}", dict.fromkeys(districts, offered))


def how_to_connect(url: str, token: str) -> str:
    """What the demo prints about its tools; `token` is that of a teacher for assistants."""
    return f"""\
Assistants reach tools at {url}. List the tools of the teacher:
  npx @modelcontextprotocol/inspector --cli {url} --transport http \\
    --header 'Authorization: Bearer {token}' \\
    --method tools/list
"""
