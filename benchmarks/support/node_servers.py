"""Hand-written GraphQL servers on Node, which hold all records of the page in memory."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.support.server_load import CannotMeasureError, requests_per_second, response_data, run_server

NODE_FOLDER = Path(__file__).parents[1] / "node"
TABLES_BY_STUDENT = {"gradeLevels": "gradeLevel", "courseGrades": "courseGrades", "assessments": "assessments"}
"""Tables of the servers with one entry per student, and the field that each one resolves."""


def node_servers(reference: dict[str, Any], seconds: int) -> dict[str, float]:
    """
    Responses per second of each server on Node, by name. They serve the records of `reference` and must return it.

    Raises:
        CannotMeasureError: Node or its packages are missing.
    """
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.json"
        file.write_text(json.dumps(_tables(reference["section"])), encoding="utf-8")
        for name in ("apollo", "jit"):
            command = [*_node_command(), f"{name}.js", "{port}"]
            with run_server(command, NODE_FOLDER, {"RECORDS": str(file)}) as url:
                assert response_data(url) == reference, f"{name} returns other data"
                requests_per_second(url, 1)
                rates[name] = requests_per_second(url, seconds)
                assert response_data(url) == reference, f"{name} returns other data after the load"
    return rates


def _tables(section: dict[str, Any]) -> dict[str, Any]:
    """The tables that the servers on Node hold, from the section in the data of the page."""
    section = _with_fetch_times(section)
    students = {row["student"]["studentUniqueId"]: row["student"] for row in section["roster"]}
    tables = {
        name: {number: student.pop(field) for number, student in students.items()}
        for name, field in TABLES_BY_STUDENT.items()
    }
    for enrollment in section["roster"]:
        enrollment["studentUniqueId"] = enrollment.pop("student")["studentUniqueId"]
    courses = {section["id"]: section.pop("courseTitle")}
    return {"section": section, "courses": courses, "students": students, **tables}


def _with_fetch_times(data: Any) -> Any:
    """Data with a `fetchedAt` in every provenance."""
    if isinstance(data, list):
        return [_with_fetch_times(item) for item in data]
    if not isinstance(data, dict):
        return data
    fields = {name: _with_fetch_times(value) for name, value in data.items()}
    if fields.keys() == {"source", "recordId", "stale"}:
        fields["fetchedAt"] = "2027-03-01T12:00:00+00:00"
    return fields


def _node_command() -> list[str]:
    """
    The command that runs a script on Node.

    Raises:
        CannotMeasureError: Node or its packages are missing.
    """
    node = shutil.which("node")
    if node is None:
        raise CannotMeasureError("Node is not installed")
    if not (NODE_FOLDER / "node_modules").is_dir():
        raise CannotMeasureError("the peers' packages are missing: run make bench, or npm ci in benchmarks/node")
    return [node]
