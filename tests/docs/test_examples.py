"""Every example output in the README and in the docs is what the demo prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.district import make_district
from tests.clients import post
from tests.gateway.servers import ROOT, RunningDemo, run_here, running_demo

README, ACCESS, EXECUTING, SERVING = (
    (ROOT / page).read_text() for page in ("README.md", "docs/access.md", "docs/executing.md", "docs/serving.md")
)
ONE_STUDENT = (ROOT / "examples" / "queries" / "01-one-student.graphql").read_text()
EXPLAINED_QUERY = (
    '{ student(studentUniqueId: "401002") { name { lastName } '
    "courseGrades { courseName section { courseTitle } } assignments { title } } }"
)
VARYING_COUNTS = {"age", "ms", "asks", "hits"}
"""Parts of `extensions.sources` that differ from run to run: times, and which lookup came first."""


def code_blocks(page: str, language: str = "") -> list[str]:
    """The code blocks of a page in a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [content for name, content in blocks if name == language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo's ready file."""
    return tmp_path_factory.mktemp("ready")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[RunningDemo]:
    """The demo that the README and the docs describe."""
    with running_demo(folder) as running:
        yield running


def without_varying_counts(sources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The counts of each source that are the same in each run."""
    return {
        name: {key: count for key, count in counts.items() if key not in VARYING_COUNTS}
        for name, counts in sources.items()
    }


def test_a_new_demo_reports_the_sources_in_the_readme(tmp_path: Path) -> None:
    """The first response costs the vendor calls that the README shows, the second one none."""
    student = demo_student(make_district(1000))
    with running_demo(tmp_path) as demo:
        responses = [demo.post(ONE_STUDENT, studentUniqueId=student) for _ in range(2)]

    shown = [without_varying_counts(json.loads(block)) for block in code_blocks(README, "json")]
    assert [without_varying_counts(response["extensions"]["sources"]) for response in responses] == shown
    calls = sum(counts["calls"] for counts in shown[0].values())
    assert f"{calls} vendor calls" in README


def test_four_viewers_see_what_the_access_page_shows(demo: RunningDemo) -> None:
    """The table about Jamal, cell by cell."""
    [query] = code_blocks(ACCESS, "graphql")
    response = demo.post('{ student(studentUniqueId: "401363") { id name { firstName } } }')
    student = response["data"]["student"]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in ACCESS.splitlines()]
    table = {row[0]: row[1:] for row in rows if len(row) == 6 and row[0] in demo.ready["tokens"]}

    assert student["name"]["firstName"] == "Jamal"
    assert len(table) == 4
    assert {viewer: table_row(demo.post(query, viewer, id=student["id"])) for viewer in table} == table


def table_row(response: dict[str, Any]) -> list[str]:
    """The cells of a viewer: contacts, discipline, special education, students, reason."""
    student, viewer = response["data"]["student"], response["data"]["viewer"]
    denied = {error["path"][1] for error in response.get("errors", ())}
    contact = next(iter(student["contacts"] or ()), None)
    cells = {
        "contacts": f"{contact['relation']['codeValue']}, {contact['phones'][0]}" if contact else "",
        "disciplineIncidents": ", ".join(row["date"] for row in student["disciplineIncidents"] or ()),
        "specialEducation": ", ".join(row["beginDate"] for row in student["specialEducation"] or ()),
    }
    shown = ["`FORBIDDEN`" if name in denied else cell or "none" for name, cell in cells.items()]
    return [*shown, str(viewer["students"]["totalCount"]), viewer["why"]["reasons"][0]["text"]]


def test_a_student_outside_the_reach_looks_as_the_access_page_shows(demo: RunningDemo) -> None:
    """The parent asks for a child of another family."""
    [query], [shown] = code_blocks(ACCESS, "graphql"), code_blocks(ACCESS, "json")
    other = demo.post('{ student(studentUniqueId: "401002") { id } }')["data"]["student"]["id"]

    assert demo.post(query, "parent", id=other) == json.loads(shown)


def test_the_record_of_disclosures_is_printed_as_the_access_page_shows(demo: RunningDemo, folder: Path) -> None:
    """The same columns for the same viewer, and the same words about its completeness."""
    [query] = code_blocks(ACCESS, "graphql")
    student = demo.post('{ student(studentUniqueId: "401363") { id } }')["data"]["student"]["id"]
    demo.post(query, "parent", id=student)
    options = ("--ready-file", str(folder / "ready.json"), "--student", "401363", "--names")
    printed = run_here("disclosures", *options).stdout.splitlines()
    shown = next(block for block in code_blocks(ACCESS, "console") if "WHEN" in block).splitlines()
    parent = next(line for line in shown if "PARENT" in line)

    assert printed[0].split() == shown[1].split()
    assert parent.split()[1:] in [line.split()[1:] for line in printed]
    assert without_digits(shown[-1]) in map(without_digits, printed)


def without_digits(line: str) -> str:
    """A line without its numbers."""
    return re.sub(r"\d+", "N", line)


def test_a_deferred_part_arrives_as_the_page_shows(demo: RunningDemo) -> None:
    """First the name with a pending part, then the work from the LMS."""
    query = next(block for block in code_blocks(EXECUTING, "graphql") if "@defer" in block)
    plain = EXECUTING.replace(", ...", "").replace("{...}", "{}")
    first, later = [json.loads(line) for line in plain.splitlines() if line.startswith('{"')]
    token = demo.ready["tokens"]["superintendent"]
    headers = {"Accept": "multipart/mixed, application/json", "Authorization": f"Bearer {token}"}
    response = post(demo.ready["graphql"], json={"query": query}, headers=headers, timeout=60)
    parts = [json.loads(line) for line in response.text.splitlines() if line.startswith("{")]
    [work] = [part["data"]["assignments"] for part in parts[1].pop("incremental")]

    assert parts[0] == first
    assert work[:1] == later.pop("incremental")[0]["data"]["assignments"]
    assert {**parts[1], "extensions": {"sources": {}}} == later


def test_explain_prints_what_the_page_shows(tmp_path: Path) -> None:
    """With the settings file of the docs."""
    settings = tmp_path / "gateway.toml"
    settings.write_text(code_blocks(SERVING, "toml")[0])
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', settings.read_text()), "x" * 32)
    printed = run_here("explain", EXPLAINED_QUERY, "--config", str(settings), environ=environ).stdout

    assert printed in code_blocks(EXECUTING, "text")
