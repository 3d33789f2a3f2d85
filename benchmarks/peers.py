"""
`peers`: the gateway beside hand-written servers on Node, on the same records and the same document.

Apollo Server with DataLoaders, and graphql-jit on Node's own HTTP server, each on one core; answers are compared
before and after the load.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.load import CASES, CannotMeasureError, answer, cases, python_server, rate, serving
from benchmarks.measuring import Row

NODE = Path(__file__).parent / "node"
AGAINST_JIT = {30: 0.6, 500: 1.5}
"""Multiple of graphql-jit's rate that the gateway is held to."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return cases("peers", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates = {}
    with serving(python_server("gateway", students)) as url:
        reference = answer(url)
        rate(url, 1)
        rates["gateway"] = rate(url, seconds)
        assert answer(url) == reference, "the gateway answers otherwise after the load"
    rates |= node_servers(reference, seconds)
    case = CASES[students]
    return [
        Row(
            "peers",
            case,
            "gateway over graphql-jit",
            rates["gateway"] / rates["jit"],
            "x",
            AGAINST_JIT[students],
            "higher",
        ),
        Row("peers", case, "gateway over Apollo", rates["gateway"] / rates["apollo"], "x"),
        *(Row("peers", case, name, found, "/s") for name, found in rates.items()),
    ]


def node_servers(reference: dict[str, Any], seconds: int) -> dict[str, float]:
    """
    Answers a second of the servers on Node, over the records of an answer that they must give too.

    Raises:
        CannotMeasureError: Node or the packages are missing.
    """
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.json"
        records.write_text(json.dumps(as_records(reference["section"])), encoding="utf-8")
        for name in ("apollo", "jit"):
            with serving([*_node(), f"{name}.js", "{port}"], NODE, {"RECORDS": str(records)}) as url:
                assert answer(url) == reference, f"{name} answers otherwise"
                rate(url, 1)
                rates[name] = rate(url, seconds)
                assert answer(url) == reference, f"{name} answers otherwise after the load"
    return rates


def as_records(section: dict[str, Any]) -> dict[str, Any]:
    """The page's data as the records that a server of one's own would hold."""
    dated = _dated(section)
    students = {place["student"]["studentUniqueId"]: place["student"] for place in dated["roster"]}
    parts = {name: {key: one.pop(field) for key, one in students.items()} for name, field in PARTS.items()}
    for place in dated["roster"]:
        place["studentUniqueId"] = place.pop("student")["studentUniqueId"]
    return {"section": dated, "courses": {dated["id"]: dated.pop("courseTitle")}, "students": students, **parts}


PARTS = {"gradeLevels": "gradeLevel", "courseGrades": "courseGrades", "assessments": "assessments"}
"""What is kept by student beside the student, and the field that it answers."""


def _dated(part: Any) -> Any:
    """The same with an instant of fetching in every provenance."""
    if isinstance(part, list):
        return [_dated(each) for each in part]
    if not isinstance(part, dict):
        return part
    whole = {name: _dated(each) for name, each in part.items()}
    return (
        {**whole, "fetchedAt": "2027-03-01T12:00:00+00:00"} if whole.keys() == {"source", "recordId", "stale"} else whole
    )


def _node() -> list[str]:
    """
    The command that runs a script, with its packages at hand.

    Raises:
        CannotMeasureError: Node or the packages are missing.
    """
    node = shutil.which("node")
    if node is None:
        raise CannotMeasureError("Node is not installed")
    if not (NODE / "node_modules").is_dir():
        raise CannotMeasureError("the peers' packages are missing: run make bench, or npm ci in benchmarks/node")
    return [node]
