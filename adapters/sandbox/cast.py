"""Who has to do with a student: whom a demonstration should let ask, beside the superintendent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.derived import Payload
from student_graph.adapters.sandbox.records.folder import EdFiRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """People by their numbers; None where the district has none."""

    student: str | None
    teacher: str | None
    principal: str | None
    counselor: str | None
    parent: str | None
    """A contact with a parent's rights in a child under age: of the student, or else of another."""


def cast(facts: DistrictFacts, student: str | None) -> Cast:
    """The people around a student, as the system of record has them on the day of the facts."""
    schools = set(_schools(facts, student))
    return Cast(
        student=student,
        teacher=next(_teachers(facts, student), None) or _employed(facts, "Teacher", schools),
        principal=_employed(facts, "Principal", schools),
        counselor=_employed(facts, "Counselor", schools),
        parent=_parent(facts, student),
    )


def _employed(facts: DistrictFacts, classification: str, schools: set[int]) -> str | None:
    """Somebody employed as that: at one of the schools, or else anywhere."""
    staff = [member for member in facts.staff if member.classification == classification]
    return next((m.id for m in staff if m.organization in schools), staff[0].id if staff else None)


def _schools(facts: DistrictFacts, student: str | None) -> Iterator[int]:
    """Schools at which the student is enrolled on the day."""
    today = facts.now.date()
    if isinstance(facts, EdFiRecords):
        for row in _of(facts, "studentSchoolAssociations", student):
            if row["entryDate"] <= today.isoformat() < row.get("exitWithdrawDate", "9999"):
                yield row["schoolReference"]["schoolId"]
        return
    for stay in facts.enrollments:
        if stay.student == student and stay.entry <= today and (stay.exit is None or today < stay.exit):
            yield stay.school


def _teachers(facts: DistrictFacts, student: str | None) -> Iterator[str]:
    """Staff in front of the student on the day, those of the student's first section first."""
    today = facts.now.date()
    if isinstance(facts, EdFiRecords):
        yield from _recorded_teachers(facts, student, today.isoformat())
        return
    for place in facts.section_enrollments:
        if place.student == student and _during(place.begin, place.end, today):
            for staff_id, _, begin, end in place.section.staff:
                if _during(begin, end, today):
                    yield staff_id


def _recorded_teachers(facts: EdFiRecords, student: str | None, today: str) -> Iterator[str]:
    mine = [
        row["sectionReference"]
        for row in _of(facts, "studentSectionAssociations", student)
        if row.get("beginDate", "") <= today <= row.get("endDate", "9999")
    ]
    for row in facts.resources.get("staffSectionAssociations", []):
        if row["sectionReference"] in mine and row.get("beginDate", "") <= today <= row.get("endDate", "9999"):
            yield row["staffReference"]["staffUniqueId"]


def _of(facts: EdFiRecords, resource: str, student: str | None) -> Iterator[Payload]:
    for row in facts.resources.get(resource, []):
        if row["studentReference"]["studentUniqueId"] == student:
            yield row


def _during(begin: date, end: date | None, today: date) -> bool:
    return begin <= today and (end is None or today <= end)


def _parent(facts: DistrictFacts, student: str | None) -> str | None:
    """A contact with rights: of the student where the student is under age, or else of whoever is first."""
    now = facts.now.date()
    day = (now.year, now.month, now.day)
    minors = {one.id for one in facts.students if (one.birth.year + 18, one.birth.month, one.birth.day) > day}
    able = [c for c in facts.contacts if c.legal_guardian and not c.restrictions and c.student in minors]
    return next((c.id for c in able if c.student == student), able[0].id if able else None)
