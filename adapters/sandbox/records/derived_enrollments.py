"""
Derives enrollments in schools and sections that a folder of records lacks from its other records.

A school enrollment is derived only if a record names both the student and the school; its entry type says that
it is derived. A section enrollment is derived only from a record about the student's work or attendance in the
section. No student is invented. Grade levels come from tests in the same school year, or from a school with a
single grade level; otherwise they are `Other`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

Payload: TypeAlias = dict[str, Any]
Resources: TypeAlias = dict[str, list[Payload]]

DERIVED = "uri://sandbox.student-graph/EntryTypeDescriptor#Derived from other records"
"""Entry type of an enrollment that was derived from other records."""
_OTHER = "uri://ed-fi.org/GradeLevelDescriptor#Other"
_SECTION_KEY = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")


class _Session(NamedTuple):
    """A term of one school."""

    school: int
    year: int
    name: str
    first: str
    last: str


def with_derived_enrollments(resources: Resources) -> Resources:
    """Return the records, with derived enrollments if the folder has no file of them."""
    complete = dict(resources)
    if "studentSchoolAssociations" not in complete:
        complete["studentSchoolAssociations"] = _school_enrollments(resources)
    if "studentSectionAssociations" not in complete:
        complete["studentSectionAssociations"] = _section_enrollments(resources)
    return complete


def _school_enrollments(resources: Resources) -> list[Payload]:
    """An enrollment for each student and school that a record names, from the first term of such a record."""
    sessions = _sessions(resources)
    levels = _grade_levels(resources)
    first: dict[tuple[str, int], _Session] = {}
    for student, session in _students_and_sessions(resources, sessions):
        known = first.setdefault((student, session.school), session)
        if session.first < known.first:
            first[student, session.school] = session
    return [
        _with_id(
            "studentSchoolAssociations",
            {
                "entryDate": session.first,
                "schoolReference": {"schoolId": school},
                "schoolYearTypeReference": {"schoolYear": session.year},
                "studentReference": {"studentUniqueId": student},
                "entryGradeLevelDescriptor": levels.get((student, school), _OTHER),
                "entryTypeDescriptor": DERIVED,
            },
        )
        for (student, school), session in sorted(first.items())
    ]


def _sessions(resources: Resources) -> list[_Session]:
    return [
        _Session(
            row["schoolReference"]["schoolId"],
            row["schoolYearTypeReference"]["schoolYear"],
            row["sessionName"],
            row["beginDate"],
            row["endDate"],
        )
        for row in resources.get("sessions", [])
    ]


def _students_and_sessions(resources: Resources, sessions: list[_Session]) -> Iterator[tuple[str, _Session]]:
    """Yield students of the roster with the term of each record that names them and a school."""
    roster = {row["studentUniqueId"] for row in resources.get("students", [])}
    named = {(s.school, s.year, s.name): s for s in sessions}
    incidents = {
        (row["schoolReference"]["schoolId"], row["incidentIdentifier"]): row["incidentDate"]
        for row in resources.get("disciplineIncidents", [])
    }

    def on(school: int, day: str | None) -> _Session | None:
        return next((s for s in sessions if s.school == school and day and s.first <= day <= s.last), None)

    for resource, reference in _IN_A_TERM.items():
        for row in resources.get(resource, []):
            key = row[reference]
            yield from _seen(roster, row, named.get((key["schoolId"], key["schoolYear"], key["sessionName"])))
    for row in resources.get("studentDisciplineIncidentBehaviorAssociations", []):
        key = row["disciplineIncidentReference"]
        yield from _seen(
            roster, row, on(key["schoolId"], incidents.get((key["schoolId"], key["incidentIdentifier"])))
        )
    for row in resources.get("disciplineActions", []):
        yield from _seen(roster, row, on(row["responsibilitySchoolReference"]["schoolId"], row["disciplineDate"]))


_IN_A_TERM = {
    "studentSchoolAttendanceEvents": "sessionReference",
    "studentSectionAttendanceEvents": "sectionReference",
}


def _seen(roster: set[str], row: Payload, session: _Session | None) -> Iterator[tuple[str, _Session]]:
    student = row["studentReference"]["studentUniqueId"]
    if session and student in roster:
        yield student, session


def _grade_levels(resources: Resources) -> dict[tuple[str, int], str]:
    """The grade level of a student at a school, where one is certain."""
    years = {row["schoolYearTypeReference"]["schoolYear"] for row in resources.get("sessions", [])}
    assessed: dict[str, set[str]] = defaultdict(set)
    for row in resources.get("studentAssessments", []):
        if (
            row.get("schoolYearTypeReference", {}).get("schoolYear") in years
            and "whenAssessedGradeLevelDescriptor" in row
        ):
            assessed[row["studentReference"]["studentUniqueId"]].add(row["whenAssessedGradeLevelDescriptor"])
    levels = {}
    for school in resources.get("schools", []):
        served = {level["gradeLevelDescriptor"] for level in school["gradeLevels"]}
        for student in (row["studentUniqueId"] for row in resources.get("students", [])):
            possible = assessed[student] & served if student in assessed else served
            if len(possible) == 1:
                levels[student, school["schoolId"]] = next(iter(possible))
    return levels


def _section_enrollments(resources: Resources) -> list[Payload]:
    """An enrollment for each student and section that attendance or graded work names together."""
    begins = {(s.school, s.year, s.name): s.first for s in _sessions(resources)}
    entries = {
        (row["gradebookEntryIdentifier"], row["namespace"]): row.get("sectionReference")
        for row in resources.get("gradebookEntries", [])
    }
    pairs: dict[tuple[Any, ...], None] = {}
    for row in resources.get("studentSectionAttendanceEvents", []):
        pairs[row["studentReference"]["studentUniqueId"], *_section(row["sectionReference"])] = None
    for row in resources.get("studentGradebookEntries", []):
        entry = row["gradebookEntryReference"]
        if section := entries.get((entry["gradebookEntryIdentifier"], entry["namespace"])):
            pairs[row["studentReference"]["studentUniqueId"], *_section(section)] = None
    associations = []
    for student, *section_key in sorted(pairs):
        section = dict(zip(_SECTION_KEY, section_key, strict=True))
        begin = begins.get((section["schoolId"], section["schoolYear"], section["sessionName"]))
        if begin:
            association = {
                "beginDate": begin,
                "sectionReference": section,
                "studentReference": {"studentUniqueId": student},
            }
            associations.append(_with_id("studentSectionAssociations", association))
    return associations


def _section(reference: Payload) -> tuple[Any, ...]:
    return tuple(reference[name] for name in _SECTION_KEY)


def _with_id(resource: str, row: Payload) -> Payload:
    """Add a server id to a derived row; equal rows have equal ids."""
    text = f"{resource} {sorted(row.items(), key=lambda item: item[0])}"
    return {"id": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), **row}
