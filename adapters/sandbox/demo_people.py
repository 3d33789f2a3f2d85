"""The people around a student who can sign in to a demo, in addition to the superintendent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.derived_enrollments import Payload
from student_graph.adapters.sandbox.records.folder import EdFiRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPeople:
    """Numbers of people in a district; None if the district has no such person."""

    student: str | None
    teacher: str | None
    principal: str | None
    counselor: str | None
    parent: str | None
    """A contact with a parent's rights: of this student if the student is a minor, otherwise of another minor."""


def demo_people(facts: DistrictFacts, student: str | None) -> DemoPeople:
    """Return the people around a student on the date of the facts (`DistrictFacts.now`)."""
    schools = set(_schools(facts, student))
    return DemoPeople(
        student=student,
        teacher=next(_teachers(facts, student), None) or _employed(facts, "Teacher", schools),
        principal=_employed(facts, "Principal", schools),
        counselor=_employed(facts, "Counselor", schools),
        parent=_parent(facts, student),
    )


def _employed(facts: DistrictFacts, classification: str, schools: set[int]) -> str | None:
    """A staff member in that position, at one of the schools if possible."""
    staff = [member for member in facts.staff if member.classification == classification]
    return next((m.id for m in staff if m.organization in schools), staff[0].id if staff else None)


def _schools(facts: DistrictFacts, student: str | None) -> Iterator[int]:
    """The schools at which the student is enrolled on the date of the facts."""
    today = facts.now.date()
    if isinstance(facts, EdFiRecords):
        for row in _rows_of(facts, "studentSchoolAssociations", student):
            if row["entryDate"] <= today.isoformat() < row.get("exitWithdrawDate", "9999"):
                yield row["schoolReference"]["schoolId"]
        return
    for enrollment in facts.enrollments:
        if (
            enrollment.student == student
            and enrollment.entry <= today
            and (enrollment.exit is None or today < enrollment.exit)
        ):
            yield enrollment.school


def _teachers(facts: DistrictFacts, student: str | None) -> Iterator[str]:
    """Staff who teach the student on the date of the facts, those of the first section first."""
    today = facts.now.date()
    if isinstance(facts, EdFiRecords):
        yield from _recorded_teachers(facts, student, today.isoformat())
        return
    for section_enrollment in facts.section_enrollments:
        if section_enrollment.student == student and _during(
            section_enrollment.begin, section_enrollment.end, today
        ):
            for staff_id, _, begin, end in section_enrollment.section.staff:
                if _during(begin, end, today):
                    yield staff_id


def _recorded_teachers(facts: EdFiRecords, student: str | None, today: str) -> Iterator[str]:
    sections = [
        row["sectionReference"]
        for row in _rows_of(facts, "studentSectionAssociations", student)
        if row.get("beginDate", "") <= today <= row.get("endDate", "9999")
    ]
    for row in facts.resources.get("staffSectionAssociations", []):
        if row["sectionReference"] in sections and row.get("beginDate", "") <= today <= row.get("endDate", "9999"):
            yield row["staffReference"]["staffUniqueId"]


def _rows_of(facts: EdFiRecords, resource: str, student: str | None) -> Iterator[Payload]:
    for row in facts.resources.get(resource, []):
        if row["studentReference"]["studentUniqueId"] == student:
            yield row


def _during(begin: date, end: date | None, today: date) -> bool:
    return begin <= today and (end is None or today <= end)


def _parent(facts: DistrictFacts, student: str | None) -> str | None:
    """
    A contact with a parent's rights: of this student if the student is a minor, otherwise of the first minor.
    """
    now = facts.now.date()
    day = (now.year, now.month, now.day)
    minors = {s.id for s in facts.students if (s.birth.year + 18, s.birth.month, s.birth.day) > day}
    guardians = [c for c in facts.contacts if c.legal_guardian and not c.restrictions and c.student in minors]
    return next((c.id for c in guardians if c.student == student), guardians[0].id if guardians else None)
