"""Writes test results as vendors' files, with the oddities that such files have."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from student_graph.adapters.sandbox.facts import DistrictFacts, ResultFact, StudentFact
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.serving import FileTable

GROWTH_FAMILY = "MAP Growth"
_PART_COLUMNS = 5
"""Parts of a test for which the file has columns."""
_GROWTH_COLUMNS = (
    "TermName", "DistrictName", "SchoolName", "StudentID", "Student_StateID", "StudentLastName",
    "StudentDateOfBirth", "Grade", "Subject", "TestType", "TestName", "TestID", "TestStartDate", "TestStartTime",
    "TestRITScore", "TestStandardError", "TestPercentile", "AchievementQuintile", "NormsReferenceData",
)  # fmt: skip
_DISTRICT_COLUMNS = (
    "Student Number", "State Number", "Last Name", "Birth Date", "Test", "Title", "Subject", "Year", "Grade",
    "Test Date", "Retest", "Raw", "Scale", "Level",
    *(text for part in range(1, _PART_COLUMNS + 1) for text in (f"Part {part}", f"Part {part} Score")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileForm:
    """How the texts of a file are written."""

    encoding: str
    delimiter: str
    quoting: Literal[0, 1]
    """`csv.QUOTE_MINIMAL` or `csv.QUOTE_ALL`."""

    def text_of(self, rows: Iterable[Sequence[str]]) -> str:
        """Return the text of a file with these rows; the first one has the names of the columns."""
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, quoting=self.quoting).writerows(rows)
        return out.getvalue()

    def read(self, path: Path) -> FileTable:
        """Return the texts of a file."""
        with path.open(encoding=self.encoding, newline="") as file:
            return list(csv.reader(file, delimiter=self.delimiter))


GROWTH_FORM = FileForm("utf-8-sig", ",", csv.QUOTE_ALL)
"""As NWEA writes: UTF-8 with commas, all values in quotes."""
DISTRICT_FORM = FileForm("utf-16", "\t", csv.QUOTE_MINIMAL)
"""As a spreadsheet writes: UTF-16 with tabs."""


def split_results(facts: DistrictFacts) -> tuple[list[ResultFact], list[ResultFact]]:
    """The results of MAP Growth, and all others."""
    growth = [result for result in facts.results if result.assessment.family == GROWTH_FAMILY]
    return growth, [result for result in facts.results if result.assessment.family != GROWTH_FAMILY]


def growth_export(facts: DistrictFacts, subject: str) -> bytes:
    """The results of MAP Growth in a subject as NWEA's export."""
    students = {student.id: student for student in facts.students}
    rows = [
        _growth_row(facts, result, students[result.student])
        for result in split_results(facts)[0]
        if result.assessment.subject == subject
    ]
    return GROWTH_FORM.text_of([_GROWTH_COLUMNS, *rows]).encode(GROWTH_FORM.encoding)


def district_export(facts: DistrictFacts) -> bytes:
    """All other results as a file of the district's own, with dots in dates."""
    students = {student.id: student for student in facts.students}
    rows = [_district_row(result, students[result.student]) for result in split_results(facts)[1]]
    return DISTRICT_FORM.text_of([_DISTRICT_COLUMNS, *rows]).encode(DISTRICT_FORM.encoding)


def _growth_row(facts: DistrictFacts, result: ResultFact, student: StudentFact) -> list[str]:
    scores = {method: text for method, _, text in result.scores}
    return [
        f"Fall {result.year - 1}-{result.year}",
        facts.name,
        "",
        student.id,
        _state_number(student),
        student.last,
        _american(student.birth),
        _grade_code(result.grade),
        result.assessment.subject,
        "Survey With Goals",
        f"Growth: {result.assessment.subject} 2-12",
        result.id,
        _american(result.at),
        f"{result.at:%H:%M:%S}",
        scores.get("RIT scale score", ""),
        "3.2",
        scores.get("Percentile", ""),
        result.level[1] if result.level else "",
        "2020",
    ]


def _district_row(result: ResultFact, student: StudentFact) -> list[str]:
    scores = {method: text for method, _, text in result.scores}
    parts = [text for part in result.objectives[:_PART_COLUMNS] for text in part]
    return [
        student.id,
        _state_number(student),
        student.last,
        f"{student.birth:%d.%m.%Y}",
        result.assessment.id,
        result.assessment.title,
        result.assessment.subject,
        str(result.year),
        _grade_code(result.grade),
        f"{result.at:%d.%m.%Y %H:%M}",
        "Y" if result.retest else "N",
        scores.get("Raw score", ""),
        scores.get("Scale score") or scores.get("Composite Score", ""),
        result.level[1] if result.level else "",
        *parts,
        *[""] * (2 * _PART_COLUMNS - len(parts)),
    ]


def _american(day: date | datetime) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _grade_code(grade: str) -> str:
    """A grade as exports write it: `K`, or its number without a leading zero."""
    position = GRADES.index(grade) if grade in GRADES else None
    return grade if position is None else "K" if position == 0 else str(position)


def _state_number(student: StudentFact) -> str:
    return next((code for system, code in student.codes if system == "State"), "")
