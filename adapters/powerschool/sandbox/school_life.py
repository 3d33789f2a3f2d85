"""The rows of attendance, grades and buses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TypeAlias

from student_graph.adapters.sandbox.facts import DistrictFacts

Row: TypeAlias = dict[str, str | None]
SectionKey: TypeAlias = tuple[int, int, str, str, str]

_CODES = {
    "In Attendance": ("P", "Present"),
    "Early departure": ("ED", "Present"),
    "Tardy": ("T", "Tardy"),
    "Excused Absence": ("AE", "Absent excused"),
    "Unexcused Absence": ("AU", "Absent unexcused"),
}
"""Attendance codes of the district, and what the query makes of their presence status and categories."""
_NO_CATEGORY = "TL"
"""An attendance code without a category that the query knows."""
_STORE_CODES = {"Grading Period": "Q", "Progress Report": "P", "Semester": "S", "Final": "F"}
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def attendance(facts: DistrictFacts, sections: Mapping[SectionKey, str], *, in_sections: bool) -> Iterator[Row]:
    """Daily attendance, or attendance in the meetings of sections."""
    for position, fact in enumerate(facts.attendance):
        if (fact.section is not None) is not in_sections:
            continue
        code, kind = _CODES.get(fact.category, (_NO_CATEGORY, _NO_CATEGORY))
        row: Row = {
            "dcid": str(100001 + position),
            "student_number": fact.student,
            "school_number": str(fact.school),
            "day": fact.day.isoformat(),
            "code": code,
            "kind": kind,
            "comment_text": fact.reason,
            "term_name": fact.session,
            "school_year": str(fact.year),
        }
        if fact.section is not None:
            periods = fact.periods or fact.section.periods
            row |= {"section_dcid": sections[fact.section.key], "period_name": next(iter(periods), None)}
        yield row


def grades(facts: DistrictFacts, sections: Mapping[SectionKey, str]) -> Iterator[Row]:
    """Stored grades; the latest of a student and section is marked."""
    rows = []
    for position, fact in enumerate(facts.grades):
        section, period = fact.enrollment.section, fact.period
        code = _STORE_CODES[fact.kind]
        stored = facts.now.date() if period is None else min(period[4], facts.now.date())
        rows.append({
            "dcid": str(200001 + position),
            "student_number": fact.enrollment.student,
            "school_number": str(section.school),
            "section_dcid": sections[section.key],
            "store_code": f"{code}{period[2] if period else 1}",
            "store_kind": code,
            "store_number": str(period[2] if period else 1),
            "letter": fact.letter,
            "percent": None if fact.numeric is None else f"{fact.numeric:g}",
            "stored_day": stored.isoformat(),
            "course_name": section.name,
            "is_latest": "0",
            "school_year": str(section.year),
                    })  # fmt: skip
    by_class = sorted(rows, key=_class)
    for _, of_class in groupby(by_class, key=_class):
        max(of_class, key=lambda row: (str(row["stored_day"]), str(row["dcid"])))["is_latest"] = "1"
    yield from rows


def _class(row: Row) -> tuple[str, str]:
    return str(row["student_number"]), str(row["section_dcid"])


def transportation(facts: DistrictFacts) -> Iterator[Row]:
    """School buses."""
    for position, fact in enumerate(facts.buses):
        yield {
            "dcid": str(300001 + position),
            "student_number": fact.student,
            "kind": "Bus",
            "bus_number": fact.bus,
            "route_number": fact.route,
            "distance": f"{fact.miles:g}",
            "direction": fact.direction,
            **{day.lower(): day if day in fact.days else None for day in _WEEK},
        }
