"""Writes small exports of MAP Growth, and reads them with the adapter."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.files.adapter import Files, FileSettings
from student_graph.adapters.model import AssessmentResult, StudentId
from student_graph.adapters.reading import UnreadableRows, collecting_unreadable_rows

COLUMNS = (
    "TermName", "StudentID", "Student_StateID", "StudentLastName", "StudentDateOfBirth", "Subject", "TestName",
    "TestID", "TestStartDate", "TestRITScore", "TestPercentile",
)  # fmt: skip
OLD, NEW = 1_700_000_000, 1_700_100_000
"""Times of files, in seconds since 1970."""


def row(student: str = "401001", score: str = "210", **changes: str) -> list[str]:
    """The values of a result, in the order of `COLUMNS`."""
    values = {
        "TermName": "Fall 2021-2022",
        "StudentID": student,
        "Student_StateID": f"S{student}",
        "StudentLastName": "Okafor",
        "StudentDateOfBirth": "3/14/2012",
        "Subject": "Mathematics",
        "TestName": "Growth: Math 2-5",
        "TestID": f"T{student}",
        "TestStartDate": "09/16/2021",
        "TestRITScore": score,
        "TestPercentile": "57",
    }
    return list((values | changes).values())


def text(rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> str:
    """An export as text: the header, and a line for each row."""
    return "".join(f"{delimiter.join(values)}\r\n" for values in (columns, *rows))


def write(folder: Path, name: str, content: str | bytes, at: float = OLD) -> Path:
    """Write a file that was written at a time."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (at, at))
    return path


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[Files]:
    """The adapter over a folder, which is listed for each lookup."""
    defaults = {"location": str(folder), "refresh_seconds": 0}
    async with httpx.AsyncClient() as http:
        yield Files("files", FileSettings.model_validate(defaults | settings), http)


async def results(
    adapter: Files, student: str = "401001", field: str = "district_id"
) -> tuple[list[AssessmentResult] | None, UnreadableRows]:
    """The results of a student, or None if no file knows the student, and the rows reported as unreadable."""
    key = StudentId(f"{field}:{student}")
    with collecting_unreadable_rows() as unreadable:
        batch = await adapter.assessment_results_by_student([key])
    answer = batch.get(key)
    assert answer is None or isinstance(answer, list)
    return answer, unreadable


def scores(records: list[AssessmentResult] | None) -> list[str]:
    """The first score of each result."""
    assert records is not None
    return [record.scores[0].result for record in records]
