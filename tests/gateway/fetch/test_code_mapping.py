"""What a district says about codes: records get its meanings before they are cached, whatever the adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.changes import EarlierAnswer, earlier_answers
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    AcademicSubject,
    AttendanceCategory,
    AttendanceEvent,
    Course,
    CourseGrade,
    Descriptor,
    Excusal,
    GradeLevel,
    GradeSource,
    GradeType,
    ProgramParticipation,
    ProgramType,
    SchoolEnrollment,
    StaffAssignment,
    StaffClassification,
    StaffId,
    StudentId,
)
from student_graph.adapters.model.code_mapping import CodeMapping
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.fleet.codec import answer_digests
from student_graph.gateway.concurrency.arrivals import receiving_arrivals
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import YEAR, Ledger, Sis, enrollment, event, source

EVENTS = lookup_of(Adapter.attendance_events_by_student)
UNMAPPED = AttendanceCategory.UNMAPPED


def coded_event(code: str, namespace: str | None = None, student: str = "s1") -> AttendanceEvent:
    """Return an attendance event with a code that no adapter knows."""
    return replace(event(student, "1", 3, UNMAPPED), raw=Descriptor(code_value=code, namespace=namespace))


def mapped(record: Any, names: Mapping[str, Mapping[str, str]]) -> Any:
    """Return a record after a mapping of codes."""
    CodeMapping(names).apply(record)
    return record


def district_source(events: list[AttendanceEvent], **codes: dict[str, str]) -> Source:
    """Return a source with some events, whose district says what codes mean."""
    return replace(source(Sis, Ledger(events=events), "sis"), codes=CodeMapping(codes) if codes else None)


async def categories(sis: Source) -> list[tuple[AttendanceCategory, Excusal | None]]:
    """Return categories and excusals of the events of the student `s1`, through the innermost fetch."""
    answers = await fetch_from_vendor(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
    rows: Any = answers["s1"].value
    return [(row.category, row.excusal) for row in rows]


@pytest.mark.parametrize(
    ("means", "excusal"),
    [
        ("EXCUSED_ABSENCE", Excusal.EXCUSED),
        ("UNEXCUSED_ABSENCE", Excusal.UNEXCUSED),
        ("IN_ATTENDANCE", None),
        ("TARDY", None),
    ],
)
async def test_a_code_has_the_meaning_that_the_district_gives_it(means: str, excusal: Excusal | None) -> None:
    """The excusal follows from the meaning; case and surrounding spaces of a code do not count."""
    sis = district_source([coded_event(" quarantine")], attendance={"Quarantine": means})

    assert await categories(sis) == [(AttendanceCategory[means], excusal)]


async def test_a_district_without_codes_keeps_what_the_adapter_says() -> None:
    """A code that nobody knows stays unmapped: it is neither a presence nor an absence."""
    assert await categories(district_source([coded_event("Quarantine")])) == [(UNMAPPED, None)]
    assert await categories(district_source([coded_event("Other")], attendance={"X": "TARDY"})) == [
        (UNMAPPED, None)
    ]


async def test_the_district_counts_before_the_adapter() -> None:
    """An adapter that knows a code, and a district that says something else about it: the district is right."""
    tardy = event("s1", "1", 3, AttendanceCategory.TARDY)

    sis = district_source([tardy], attendance={"tardy": "UNEXCUSED_ABSENCE"})

    assert await categories(sis) == [(AttendanceCategory.UNEXCUSED_ABSENCE, Excusal.UNEXCUSED)]


async def test_a_meaning_for_a_namespace_counts_before_one_for_all() -> None:
    """The same code may mean two things in two namespaces."""
    rows = [coded_event("Q", "uri://hill/A"), coded_event("Q", "uri://state/A"), coded_event("Q")]
    sis = district_source(rows, attendance={"uri://hill/A#q": "EXCUSED_ABSENCE", "Q": "TARDY"})

    assert [category for category, _ in await categories(sis)] == [
        AttendanceCategory.EXCUSED_ABSENCE,
        AttendanceCategory.TARDY,
        AttendanceCategory.TARDY,
    ]


async def test_records_that_arrive_early_are_mapped_too() -> None:
    """An answer that is passed on before its batch ends has the meanings of the district."""

    class ReportingSis(Sis):
        async def attendance_events_by_student(self, ids: Any, *, school_year: Any) -> Any:
            async def read(key: str) -> list[AttendanceEvent]:
                return [coded_event("Quarantine", student=key)]

            return await answer_by_key(ids, read, 1)

    arrived: dict[str, Any] = {}
    sis = replace(
        source(ReportingSis, Ledger(), "sis"), codes=CodeMapping({"attendance": {"Quarantine": "TARDY"}})
    )
    with receiving_arrivals(arrived.update):
        await fetch_from_vendor(sis, Ask(EVENTS, ("s1", "s2"), {"school_year": YEAR}))

    assert [answer.value[0].category for answer in arrived.values()] == [AttendanceCategory.TARDY] * 2


async def test_records_that_operations_share_are_not_written_again() -> None:
    """A list that is brought up to date keeps its unchanged records; only the new ones are mapped."""
    codes = CodeMapping({"attendance": {"Quarantine": "TARDY"}})
    shared, new = coded_event("Quarantine"), coded_event("Quarantine")
    sis = district_source([shared], attendance={"Quarantine": "TARDY"})
    await categories(sis)
    shared.category = AttendanceCategory.PARTIAL  # stands for any other value: it must stay

    sis.adapter.ledger.events = [shared, new]  # type: ignore[attr-defined]
    with earlier_answers({"s1": EarlierAnswer([shared], "1")}):
        seen = await categories(replace(sis, codes=codes))

    assert [category for category, _ in seen] == [AttendanceCategory.PARTIAL, AttendanceCategory.TARDY]


def test_every_coded_attribute_with_a_vendor_code_can_be_mapped() -> None:
    """Grade levels, grade types, programs and subjects, one by one or in lists."""
    level: SchoolEnrollment = mapped(
        replace(enrollment("s1", "1"), grade_level_descriptor=Descriptor(code_value="Freshman")),
        {"grade_level": {"freshman": "NINTH"}},
    )
    grade: CourseGrade = mapped(
        CourseGrade(
            vendor_id="g",
            student_id=StudentId("s1"),
            source=GradeSource.SIS,
            grade_type=GradeType.UNMAPPED,
            grade_type_descriptor=Descriptor(code_value="Q1"),
        ),
        {"grade_type": {"Q1": "GRADING_PERIOD"}},
    )
    program: ProgramParticipation = mapped(
        ProgramParticipation(
            vendor_id="p",
            student_id=StudentId("s1"),
            program_name="Dual",
            program_type=ProgramType.UNMAPPED,
            program_type_descriptor=Descriptor(code_value="Dual Language"),
            begin_date=level.entry_date,
            services=[],
        ),
        {"program": {"Dual Language": "LANGUAGE_INSTRUCTION"}},
    )
    course: Course = mapped(
        Course(
            vendor_id="c",
            course_code="c",
            course_title="Course",
            section_id=None,  # type: ignore[arg-type]
            subjects=[AcademicSubject.SCIENCE, AcademicSubject.UNMAPPED],
            subject_descriptors=[Descriptor(code_value="Science"), Descriptor(code_value="Robotics")],
        ),
        {"subject": {"Robotics": "COMPUTER_SCIENCE"}},
    )

    assert level.grade_level is GradeLevel.NINTH
    assert grade.grade_type is GradeType.GRADING_PERIOD
    assert program.program_type is ProgramType.LANGUAGE_INSTRUCTION
    assert course.subjects == [AcademicSubject.SCIENCE, AcademicSubject.COMPUTER_SCIENCE]


def test_a_grade_without_a_vendor_code_is_not_mapped() -> None:
    """There is nothing to map."""
    grade = CourseGrade(
        vendor_id="g", student_id=StudentId("s1"), source=GradeSource.LMS, grade_type=GradeType.COMPUTED_CURRENT
    )

    assert mapped(grade, {"grade_type": {"Q1": "FINAL"}}).grade_type is GradeType.COMPUTED_CURRENT


def test_a_district_cannot_map_staff_classifications() -> None:
    """They decide who is a principal, and so who may see what: only the adapter's own setting does that."""
    assignment = StaffAssignment(
        vendor_id="a",
        staff_id=StaffId("t1"),
        education_organization_id="1",
        classification=StaffClassification.UNMAPPED,
        classification_descriptor=Descriptor(code_value="Teacher"),
        begin_date=event("s1", "1", 1).date,
    )

    with pytest.raises(KeyError):
        CodeMapping({"staff_classification": {"Teacher": "SUPERINTENDENT"}})
    assert mapped(assignment, {"program": {"Teacher": "TITLE_I"}}).classification is StaffClassification.UNMAPPED


def test_answers_in_a_shared_cache_depend_on_the_codes() -> None:
    """A process with other meanings does not take the answers of its neighbor."""
    ask = Ask(EVENTS, ("s1",), {"school_year": YEAR})
    sources = [
        district_source([]),
        district_source([], attendance={"Q": "TARDY"}),
        district_source([], attendance={"Q": "PARTIAL"}),
    ]

    assert len({answer_digests(b"secret", sis, ask)["s1"] for sis in sources}) == 3
