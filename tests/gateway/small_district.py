"""A small district: an SIS and an LMS, which are real adapters that read lists of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from pydantic import AnyHttpUrl

from student_graph.adapters.contract import (
    AccessPath,
    Adapter,
    AdapterSettings,
    Batch,
    CallCost,
    Page,
    StudentFilter,
    Window,
)
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.model import (
    AssignmentWork,
    AttendanceCategory,
    AttendanceEvent,
    AttendanceScope,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    DistrictId,
    GradeLevel,
    PersonName,
    SchoolEnrollment,
    SchoolId,
    Section,
    SectionId,
    Student,
    StudentId,
    StudentIdentifier,
    StudentIdentity,
    Subject,
    SubmissionStatus,
)
from student_graph.adapters.sources import District, Source
from tests.clients import async_client

YEAR = 2027
DISTRICT = DistrictId("hill")


def student(number: str) -> Student:
    """A student of that number."""
    return Student(
        vendor_id=f"row-{number}",
        student_id=StudentId(number),
        name=PersonName(first_name="Ada", last_name="Hill"),
    )


def enrollment(number: str, school: str) -> SchoolEnrollment:
    """An enrollment of a student at a school."""
    return SchoolEnrollment(
        vendor_id=f"{number}@{school}",
        student_id=StudentId(number),
        school_id=SchoolId(school),
        entry_date=date(2026, 8, 20),
        grade_level=GradeLevel.THIRD,
        grade_level_descriptor=Descriptor(code_value="Third grade"),
    )


def event(
    number: str, school: str, day: int, category: AttendanceCategory = AttendanceCategory.TARDY
) -> AttendanceEvent:
    """An attendance event of a student at a school, on a day of September."""
    return AttendanceEvent(
        vendor_id=f"{number}@{school}#{day}",
        student_id=StudentId(number),
        school_id=SchoolId(school),
        date=date(2026, 9, day),
        scope=AttendanceScope.SCHOOL,
        category=category,
        raw=Descriptor(code_value=category.value),
        school_year=YEAR,
        session_name="Fall",
    )


class SisSettings(AdapterSettings):
    """Settings of the small SIS."""

    coarse_calls: int = 3
    """Vendor calls for the attendance of one school."""


@dataclass
class Ledger:
    """The records that the SIS and the LMS return, and the calls that they received."""

    students: list[str] = field(default_factory=list)
    enrollments: list[SchoolEnrollment] = field(default_factory=list)
    events: list[AttendanceEvent] = field(default_factory=list)
    identities: list[StudentIdentity] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    work: list[AssignmentWork] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    """Exceptions to raise, by lookup."""
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def record_call(self, name: str, keys: Sequence[Any]) -> None:
        """Record a call of a lookup; raises the exception in `failing` for it, if any."""
        self.calls.append((name, tuple(keys)))
        if name in self.failing:
            raise self.failing[name]


class Sis(Adapter):
    """A student information system that reads a ledger."""

    settings: SisSettings
    ledger: Ledger
    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: (
            AccessPath(
                coarse_lookup=Adapter.attendance_events_by_school,
                key_of=lambda e: e.student_id,
                cost=lambda s: CallCost(per_key=1, per_coarse_key=s.coarse_calls),
                coarse_keys_from=Adapter.school_enrollments_by_student,
                coarse_key_of=lambda e: e.school_id,
                sort_key=lambda e: e.date,
            ),
        ),
        Adapter.school_enrollments_by_student: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_district,
                key_of=lambda e: e.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
            ),
        ),
    }

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        self.ledger.record_call("students_by_id", ids)
        return {i: student(i) for i in ids if i in self.ledger.students}

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        self.ledger.record_call("students_by_district", ids)
        start = int(window.after or 0)
        rows = self.ledger.students[start : start + window.first]
        after = str(start + len(rows)) if start + len(rows) < len(self.ledger.students) else None
        return {ids[0]: Page([student(i) for i in rows], after, len(self.ledger.students))}

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        self.ledger.record_call("school_enrollments_by_student", ids)
        return {i: [e for e in self.ledger.enrollments if e.student_id == i] for i in ids}

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        self.ledger.record_call("school_enrollments_by_district", ids)
        return {ids[0]: list(self.ledger.enrollments)}

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        self.ledger.record_call("attendance_events_by_student", ids)
        return {i: sorted((e for e in self.ledger.events if e.student_id == i), key=lambda e: e.date) for i in ids}

    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        self.ledger.record_call("attendance_events_by_school", ids)
        return {i: sorted((e for e in self.ledger.events if e.school_id == i), key=lambda e: e.date) for i in ids}

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        self.ledger.record_call("student_identities_by_id", ids)
        return {i.student_id: i for i in self.ledger.identities if i.student_id in ids}

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        self.ledger.record_call("student_identities_by_district", ids)
        return {ids[0]: list(self.ledger.identities)}

    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        self.ledger.record_call("sections_by_id", ids)
        return {s.section_id: s for s in self.ledger.sections if s.section_id in ids}

    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        self.ledger.record_call("sections_by_school", ids)
        return {i: [s for s in self.ledger.sections if s.school_id == i] for i in ids}

    async def discipline_incidents_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineIncident]]:
        self.ledger.record_call("discipline_incidents_by_student", ids)
        return {i: [] for i in ids}

    async def discipline_actions_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineAction]]:
        self.ledger.record_call("discipline_actions_by_student", ids)
        return {i: [] for i in ids}


class Lms(Adapter):
    """A learning management system with ids of its own that reads a ledger."""

    ledger: Ledger
    identity = IdentityRules(
        students=(IdentityRule(field="sis_user_id"),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
        confirm=("birth_date", "email"),
    )

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        self.ledger.record_call("assignment_work_by_student", ids)
        known = {w.student_id for w in self.ledger.work}
        return {i: [_copy(w) for w in self.ledger.work if w.student_id == i] for i in ids if i in known}

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        self.ledger.record_call("assignment_work_by_section", ids)
        known = {w.section_id for w in self.ledger.work}
        return {i: [_copy(w) for w in self.ledger.work if w.section_id == i] for i in ids if i in known}


def _copy(work: AssignmentWork) -> AssignmentWork:
    """A new record without the gateway's stamp, as in a vendor's next response."""
    return replace(work, fetched=None)


def submitted(
    number: str,
    *,
    section: str = "ALG-1",
    email: str | None = None,
    birth: date | None = None,
    other_ids: tuple[tuple[str, str], ...] = (),
) -> AssignmentWork:
    """Submitted work in the LMS, of the login with this SIS id and the ids in `other_ids` (field and value)."""
    return AssignmentWork(
        vendor_id=f"s-{number}",
        subject=Subject(ids=(("sis_user_id", number), *other_ids), email=email, birth_date=birth),
        student_id=StudentId(f"sis_user_id:{number}"),
        section_id=SectionId(f"sis_section_id:{section}"),
        assignment_id="7",
        title="Essay",
        status=SubmissionStatus.SUBMITTED,
    )


def identity(number: str, *, email: str | None = None, birth: date | None = None, **codes: str) -> StudentIdentity:
    """The identity of a student in the SIS; `codes` are identifiers by system."""
    identifiers = [StudentIdentifier(system=system, value=code) for system, code in codes.items()]
    if email is not None:
        identifiers.append(StudentIdentifier(system="Email", value=email))
    return StudentIdentity(
        vendor_id=f"i-{number}", student_id=StudentId(number), identifiers=identifiers, birth_date=birth
    )


def section(identifier: str, session: str = "Fall") -> Section:
    """A section of school 1; its id holds the session and the identifier."""
    return Section(
        vendor_id=f"{identifier}-{session}",
        section_id=SectionId(f"1/{session}/{identifier}"),
        school_id=SchoolId("1"),
        section_identifier=identifier,
        session_name=session,
        school_year=YEAR,
        local_course_code="ALG",
    )


def source(
    kind: type[Adapter], ledger: Ledger, name: str, district: DistrictId = DISTRICT, **settings: Any
) -> Source:
    """A source whose adapter reads a ledger."""
    adapter_settings = kind.settings_type()(base_url=AnyHttpUrl("http://127.0.0.1:9"), **settings)
    adapter = kind(name, adapter_settings, async_client())
    adapter.ledger = ledger  # type: ignore[attr-defined]
    return Source(name, name, district, adapter, kind.identity)


def district(ledger: Ledger, **settings: Any) -> District:
    """A district whose SIS and LMS read the same ledger."""
    return District(DISTRICT, "Hill", (source(Sis, ledger, "sis", **settings), source(Lms, ledger, "lms")))


def error_code(answer: Any) -> str | None:
    """The code of an answer's error; None for an answer without an error."""
    return answer.value.code if isinstance(answer.value, AdapterError) else None
