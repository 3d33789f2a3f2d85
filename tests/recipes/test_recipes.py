"""Each recipe for clients runs on the demo, and says what the graph says."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import post
from tests.gateway.servers import COMMAND, ROOT, RunningDemo, running_demo

RECIPES = ROOT / "examples" / "recipes"
NAMES = "{ viewer { students(first: 100) { edges { node { name { firstName lastName } } } } } }"
RUN = {"curl.sh", "notebook.py", "spreadsheet.sh", "students.graphql"}
"""Files of the folder that a test here runs."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A running demo, whose teacher has some students."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "60") as demo:
        yield demo


def run(demo: RunningDemo, *command: str | Path, viewer: str = "teacher") -> subprocess.CompletedProcess[str]:
    """Run a recipe as a viewer, with `student-graph` in its path."""
    environ = {
        **os.environ,
        "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
        "STUDENT_GRAPH_URL": demo.ready["graphql"],
        "STUDENT_GRAPH_TOKEN": demo.ready["tokens"].get(viewer, "wrong"),
    }
    return subprocess.run(  # noqa: S603 - our own recipes
        [*command], env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def students(demo: RunningDemo, document: str) -> list[dict[str, Any]]:
    """The teacher's students, asked without a recipe."""
    edges = demo.post(document, "teacher")["data"]["viewer"]["students"]["edges"]
    return [edge["node"] for edge in edges]


def test_all_recipes_are_tested_here() -> None:
    """A new file needs a test."""
    assert {path.name for path in RECIPES.iterdir()} == RUN


@pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("jq"), reason="needs curl and jq, which the recipe is for"
)
def test_the_recipe_for_curl_prints_the_students(demo: RunningDemo) -> None:
    """And says the code of an error: nothing is printed as a name then."""
    result = run(demo, "sh", RECIPES / "curl.sh")
    assert result.stdout.splitlines() == [
        f"{node['name']['firstName']} {node['name']['lastName']}" for node in students(demo, NAMES)
    ]
    refused = run(demo, "sh", RECIPES / "curl.sh", viewer="nobody")

    assert (refused.returncode != 0, "UNAUTHENTICATED" in refused.stderr + refused.stdout) == (True, True)


def test_the_notebook_runs(demo: RunningDemo) -> None:
    """It prints the students of the highest share of missed days, and a row for each grade level."""
    result = run(demo, sys.executable, RECIPES / "notebook.py")
    nodes = students(demo, (RECIPES / "students.graphql").read_text())
    worst = max(nodes, key=lambda node: node["attendance"]["chronicAbsence"]["value"] or 0)

    assert result.returncode == 0, result.stderr
    assert worst["studentUniqueId"] in result.stdout
    assert all(node["gradeLevel"] in result.stdout for node in nodes)


def test_the_cells_of_the_notebook_are_cells() -> None:
    """Editors find them: each begins with a marker, and those with text have only comments or one string."""
    cells = re.split("^# %%", (RECIPES / "notebook.py").read_text(), flags=re.MULTILINE)[1:]

    assert len(cells) >= 6
    for cell in cells:
        lines = [line for line in cell.splitlines()[1:] if line.strip()]
        is_text = all(line.startswith("#") for line in lines) or lines[0] == lines[-1] == '"""'
        assert is_text == cell.startswith(" [markdown]")


def test_the_recipe_for_spreadsheets_writes_a_table(demo: RunningDemo, tmp_path: Path) -> None:
    """A row for each student; Python's reader of CSV finds the values of the graph."""
    file = tmp_path / "students.csv"
    result = run(demo, "sh", RECIPES / "spreadsheet.sh", file)
    nodes = students(demo, (RECIPES / "students.graphql").read_text())

    assert result.returncode == 0, result.stderr
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["studentUniqueId"], row["name.firstName"], row["gradeLevel"]) for row in rows] == [
        (node["studentUniqueId"], node["name"]["firstName"], node["gradeLevel"]) for node in nodes
    ]


def test_an_incomplete_answer_does_not_replace_a_complete_table(demo: RunningDemo, tmp_path: Path) -> None:
    """The file of yesterday is better than one in which students or values are missing."""
    file = tmp_path / "students.csv"
    file.write_text("yesterday")
    url = demo.ready["sources"]["edfi"]["url"]
    demo.purge_cache()
    post(f"{url}/-/switches", json={"down": True})
    try:
        result = run(demo, "sh", RECIPES / "spreadsheet.sh", file)
    finally:
        post(f"{url}/-/switches", json={"down": False})

    assert result.returncode != 0
    assert "SOURCE_UNAVAILABLE" in result.stderr
    assert file.read_text() == "yesterday"
