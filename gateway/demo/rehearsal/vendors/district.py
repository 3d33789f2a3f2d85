"""Builds a district of a rehearsal: its facts, its sandboxes, and the people who look at pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.assessment_takers import own_users
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.gateway.demo.districts import DemoDistrict, make_sandbox
from student_graph.gateway.demo.links import LINK_BY_TWO_NUMBERS
from student_graph.gateway.demo.rehearsal.vendors.canaries import add_canaries, spoil_links
from student_graph.gateway.demo.rehearsal.vendors.plan import DistrictPlan

FIRST_AGENCY = 391_000
"""Agency number of the first district; school numbers begin with it."""
FIRST_STUDENT = 401_001
"""Number of the first student of each district: all districts have the same numbers."""
MAX_PRINCIPALS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Somebody who looks at pages of one district; can be sent to another process as JSON."""

    name: str
    """Subject at the issuer, such as `teacher-1.otter-bend-school-district`."""
    district: str
    role: str
    claim: str
    """Claim with the person's number in the information system."""
    number: str
    reach: tuple[str, ...] | None
    """Canaries of the students that this person may see; None for all students of the district."""
    student: str | None
    """Number of a student whose page this person opens; None if there is none."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Viewer:
        """The person that another process has sent."""
        reach = values["reach"]
        return cls(**{**values, "reach": None if reach is None else tuple(reach)})


@dataclass(frozen=True, slots=True)
class RehearsedDistrict:
    """A district with its sandboxes, which need not be running."""

    plan: DistrictPlan
    demo: DemoDistrict
    viewers: Sequence[Viewer]

    def description(self) -> dict[str, Any]:
        """What the rest of the rehearsal needs to know, as JSON; the sandboxes must be running."""
        return {
            "plan": {**asdict(self.plan), "id": self.plan.id, "grants": self.plan.grants},
            "first_school": self.demo.facts.schools[0].id,
            "sources": self.demo.description()["sources"],
            "viewers": [asdict(viewer) for viewer in self.viewers],
        }


def build_district(plan: DistrictPlan) -> RehearsedDistrict:
    """The district of a plan; equal plans give equal districts."""
    facts = make_district(plan.students, plan.seed, plan.name, FIRST_AGENCY + plan.number)
    words = add_canaries(facts, plan.number)
    viewers = list(_viewers(facts, plan, words))
    if plan.has_poor_links:
        spoil_links(facts)
    sandboxes, rules = _sandboxes(facts, plan)
    return RehearsedDistrict(plan, DemoDistrict(facts=facts, sandboxes=sandboxes, identity_rules=rules), viewers)


def _sandboxes(facts: DistrictFacts, plan: DistrictPlan) -> tuple[dict[str, Sandbox], dict[str, IdentityRules]]:
    """A sandbox for each vendor, by the name of its source, and the rules that link assessment vendors' users."""
    roster = replace(facts, assessments=[], results=[], assignments=[], submissions=[])
    sandboxes: dict[str, Sandbox] = {}
    rules = {}
    for kind in plan.vendors:
        if kind == "edfi":
            sandboxes[kind] = make_sandbox(kind, facts, data_standard=plan.data_standard)
        elif kind in ("oneroster", "oneroster_files"):
            sandboxes[kind] = make_sandbox(kind, roster)
        elif kind == "assessments":
            sandboxes[kind], rules[kind] = make_sandbox("oneroster", own_users(facts)), LINK_BY_TWO_NUMBERS
        elif kind == "schoology" and "aeries" in sandboxes:
            sandboxes[kind] = make_sandbox(kind, _with_sections_of(sandboxes["aeries"], facts))
        else:
            sandboxes[kind] = make_sandbox(kind, facts)
    return sandboxes, rules


def _with_sections_of(aeries: Any, facts: DistrictFacts) -> DistrictFacts:
    """The facts with courses that name their sections as Aeries does."""
    courses = [
        replace(course, sis_section=aeries.section_identifier(course.section))
        if course.section is not None and course.sis_section is not None
        else course
        for course in facts.lms_courses
    ]
    return replace(facts, lms_courses=courses)


def attendance_taker(facts: DistrictFacts, sandbox: Any) -> Callable[[], int]:
    """A function that adds absences of a third of the students at an Ed-Fi sandbox, and returns how many."""
    last = next(event for event in reversed(facts.attendance) if event.section is None)
    away = {event.student for event in facts.attendance if event.day == last.day}

    def take() -> int:
        enrolled = [e for e in facts.enrollments if e.exit is None and e.student not in away][::3]
        for enrollment in enrolled:
            own = replace(last, student=enrollment.student, school=enrollment.school)
            absence = replace(own, category="Unexcused Absence", reason=None)
            sandbox.insert("studentSchoolAttendanceEvents", absence)
        return len(enrolled)

    return take


def _viewers(facts: DistrictFacts, plan: DistrictPlan, words: Mapping[str, str]) -> Iterator[Viewer]:
    """The superintendent, principals, the teachers with the most students, and a parent."""
    today = datetime.now(ZoneInfo(plan.time_zone)).date()
    enrolled = [e for e in facts.enrollments if _during(e.entry, e.exit, today)]
    everybody = sorted({enrollment.student for enrollment in enrolled})

    def viewer(name: str, role: str, claim: str, number: str, students: Sequence[str], *, all_: bool) -> Viewer:
        return Viewer(
            name=f"{name}.{plan.id}",
            district=plan.id,
            role=role,
            claim=claim,
            number=number,
            reach=None if all_ else tuple(words[student] for student in students),
            student=students[len(students) // 2] if students else None,
        )

    head = next(member.id for member in facts.staff if member.classification == "Superintendent")
    yield viewer("superintendent", "superintendent", "staff_id", head, everybody, all_=True)
    principals = [member for member in facts.staff if member.classification == "Principal"]
    for number, member in enumerate(principals[: min(plan.teachers, MAX_PRINCIPALS)], 1):
        own = sorted({e.student for e in enrolled if e.school == member.organization})
        yield viewer(f"principal-{number}", "principal", "staff_id", member.id, own, all_=False)
    taught = _students_by_teacher(facts, today)
    busiest = sorted(taught, key=lambda staff: (-len(taught[staff]), staff))[: plan.teachers]
    for number, staff in enumerate(busiest, 1):
        yield viewer(f"teacher-{number}", "teacher", "staff_id", staff, sorted(taught[staff]), all_=False)
    yield from _parent(facts, today, viewer)


def _parent(facts: DistrictFacts, today: date, viewer: Any) -> Iterator[Viewer]:
    """A parent of a minor, who has no other child in the district and no restrictions."""
    rows = Counter(contact.id for contact in facts.contacts)
    minors = {student.id for student in facts.students if (today - student.birth).days < 17 * 365}
    for contact in facts.contacts:
        if (
            contact.legal_guardian
            and not contact.restrictions
            and rows[contact.id] == 1
            and contact.student in minors
        ):
            yield viewer("parent", "parent", "contact_id", contact.id, [contact.student], all_=False)
            return


def _students_by_teacher(facts: DistrictFacts, today: date) -> dict[str, set[str]]:
    """The students of each teacher today."""
    students: dict[tuple[Any, ...], set[str]] = {}
    for enrollment in facts.section_enrollments:
        if _during(enrollment.begin, enrollment.end, today):
            students.setdefault(enrollment.section.key, set()).add(enrollment.student)
    taught: dict[str, set[str]] = {}
    for section in facts.sections:
        for staff, _, begin, end in section.staff:
            if _during(begin, end, today):
                taught.setdefault(staff, set()).update(students.get(section.key, ()))
    return {staff: own for staff, own in taught.items() if own}


def _during(begin: date, end: date | None, day: date) -> bool:
    return begin <= day and (end is None or day <= end)
