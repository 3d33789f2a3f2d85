"""
What a folder of records lacks and its other records tell: who is enrolled where, and who sits in which section.

A stay is derived only where a record itself names a student and a school, and says so in its entry type; a place
in a section only where a record is about the student's work or attendance in it. Nobody is invented: grade
levels come from tests taken in the same school year, or from a school that has but one, else they are `Other`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

Payload: TypeAlias = dict[str, Any]
Resources: TypeAlias = dict[str, list[Payload]]

DERIVED = "uri://sandbox.student-graph/EntryTypeDescriptor#Derived from other records"
"""Entry type of a stay that no record tells of directly."""
_OTHER = "uri://ed-fi.org/GradeLevelDescriptor#Other"
_SECTION_KEY = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")


class _Session(NamedTuple):
    """A term of one school."""

    school: int
    year: int
    name: str
    first: str
    last: str


def completed(resources: Resources) -> Resources:
    """The same records, with stays and places derived where the folder has no file of them."""
    found = dict(resources)
    if "studentSchoolAssociations" not in found:
        found["studentSchoolAssociations"] = _stays(resources)
    if "studentSectionAssociations" not in found:
        found["studentSectionAssociations"] = _places(resources)
    return found


def _stays(resources: Resources) -> list[Payload]:
    """A stay for each student and school that a record names together, from the first term it falls in."""
    sessions = _sessions(resources)
    levels = _grade_levels(resources)
    first: dict[tuple[str, int], _Session] = {}
    for student, session in _sightings(resources, sessions):
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


def _sightings(resources: Resources, sessions: list[_Session]) -> Iterator[tuple[str, _Session]]:
    """Students of the roster, with the term of a record that names them and a school."""
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
    found = {}
    for school in resources.get("schools", []):
        served = {level["gradeLevelDescriptor"] for level in school["gradeLevels"]}
        for student in (row["studentUniqueId"] for row in resources.get("students", [])):
            possible = assessed[student] & served if student in assessed else served
            if len(possible) == 1:
                found[student, school["schoolId"]] = next(iter(possible))
    return found


def _places(resources: Resources) -> list[Payload]:
    """A place for each student and section that attendance or graded work names together."""
    begins = {(s.school, s.year, s.name): s.first for s in _sessions(resources)}
    entries = {
        (row["gradebookEntryIdentifier"], row["namespace"]): row.get("sectionReference")
        for row in resources.get("gradebookEntries", [])
    }
    seats: dict[tuple[Any, ...], None] = {}
    for row in resources.get("studentSectionAttendanceEvents", []):
        seats[row["studentReference"]["studentUniqueId"], *_section(row["sectionReference"])] = None
    for row in resources.get("studentGradebookEntries", []):
        entry = row["gradebookEntryReference"]
        if section := entries.get((entry["gradebookEntryIdentifier"], entry["namespace"])):
            seats[row["studentReference"]["studentUniqueId"], *_section(section)] = None
    places = []
    for student, *section_key in sorted(seats):
        section = dict(zip(_SECTION_KEY, section_key, strict=True))
        begin = begins.get((section["schoolId"], section["schoolYear"], section["sessionName"]))
        if begin:
            place = {
                "beginDate": begin,
                "sectionReference": section,
                "studentReference": {"studentUniqueId": student},
            }
            places.append(_with_id("studentSectionAssociations", place))
    return places


def _section(reference: Payload) -> tuple[Any, ...]:
    return tuple(reference[name] for name in _SECTION_KEY)


def _with_id(resource: str, row: Payload) -> Payload:
    """A derived row with the server's own id, the same each time."""
    text = f"{resource} {sorted(row.items(), key=lambda item: item[0])}"
    return {"id": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), **row}
