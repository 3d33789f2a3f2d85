"""
A district in memory: one class of any size with its students' grades and assessments.

Benchmarks over it measure the gateway's own work, because its source responds at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
from pydantic import AnyHttpUrl

from student_graph.adapters import model
from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssessmentId, DistrictId, Fetched, SchoolId, SectionId, StudentId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode

DISTRICT = DistrictId("memory")
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
VIEWER = Viewer(
    "bench", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), unlimited_grants(*model.Sensitivity), operator=True
)
SECTION = encode(GlobalId("Section", DISTRICT, "101/S"))

PAGE = """
query Page($section: ID!) {
  section(id: $section) {
    id
    sectionIdentifier
    courseTitle
    provenance { source recordId fetchedAt stale }
    roster {
      beginDate
      student {
        id
        studentUniqueId
        name { firstName lastName }
        gradeLevel
        provenance { source recordId fetchedAt stale }
        courseGrades { courseName numeric gradeType provenance { source recordId fetchedAt stale } }
        assessments {
          administrationDate
          schoolYear
          scores { result numeric }
          provenance { source recordId fetchedAt stale }
        }
      }
    }
  }
}
"""
"""The query of a dashboard's first page: a class and its students, with provenance."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of the district, by lookup and key."""

    by_lookup: Mapping[str, Mapping[Any, Any]]

    def answers(self, source: Source) -> dict[str, dict[Any, Answer[Any]]]:
        """The answers of every lookup, by lookup and key, as the fetch pipeline returns them."""
        fetched = Fetched(DISTRICT, source.name, NOW)
        for by_key in self.by_lookup.values():
            for value in by_key.values():
                for record in value if isinstance(value, list) else [value]:
                    record.fetched = fetched
        return {
            lookup: SharedBatch({key: Answer(value, source.name, NOW) for key, value in by_key.items()})
            for lookup, by_key in self.by_lookup.items()
        }


def make_records(students: int) -> Records:
    """The records of one class with this number of students."""
    section = SectionId("101/S")
    ids = [StudentId(f"{600_000 + n}") for n in range(students)]
    return Records(
        {
            "sections_by_id": {
                section: model.Section(
                    vendor_id="row-s",
                    section_id=section,
                    section_identifier="S",
                    session_name="Spring",
                    school_id=SchoolId("101"),
                    school_year=2027,
                    local_course_code="ALG",
                )
            },
            "courses_by_section": {section: _course(section)},
            "section_enrollments_by_section": {section: [_enrollment(student, section) for student in ids]},
            "students_by_id": {student: _student(student) for student in ids},
            "school_enrollments_by_student": {student: [_school_enrollment(student)] for student in ids},
            "course_grades_by_student": {student: [_grade(student, n) for n in range(6)] for student in ids},
            "assessment_results_by_student": {student: [_result(student, n) for n in range(4)] for student in ids},
        }
    )


def _course(section: SectionId) -> model.Course:
    return model.Course(
        vendor_id="row-c",
        section_id=section,
        course_code="ALG",
        course_title="Algebra",
        subjects=[],
        subject_descriptors=[],
    )


def _enrollment(student: StudentId, section: SectionId) -> model.SectionEnrollment:
    return model.SectionEnrollment(
        vendor_id=f"enrollment-{student}", student_id=student, section_id=section, begin_date=date(2027, 1, 5)
    )


def _student(student: StudentId) -> model.Student:
    name = model.PersonName(first_name=f"Ada{student[-2:]}", last_name=f"Hill{student[-3:]}")
    return model.Student(vendor_id=f"row-{student}", student_id=student, name=name)


def _school_enrollment(student: StudentId) -> model.SchoolEnrollment:
    return model.SchoolEnrollment(
        vendor_id=f"school-enrollment-{student}",
        student_id=student,
        school_id=SchoolId("101"),
        school_year=2027,
        entry_date=date(2026, 8, 20),
        grade_level=model.GradeLevel.NINTH,
        grade_level_descriptor=model.Descriptor(code_value="Ninth grade"),
    )


def _grade(student: StudentId, n: int) -> model.CourseGrade:
    return model.CourseGrade(
        vendor_id=f"grade-{student}-{n}",
        student_id=student,
        source=model.GradeSource.SIS,
        grade_type=model.GradeType.GRADING_PERIOD,
        course_name=f"Course {n}",
        numeric=70.5 + n,
    )


def _result(student: StudentId, n: int) -> model.AssessmentResult:
    text = str(200 + n)
    return model.AssessmentResult(
        vendor_id=f"result-{student}-{n}",
        student_id=student,
        assessment_id=AssessmentId("map"),
        administration_date=datetime(2026, 9 + n % 3, 1 + n, 9, tzinfo=UTC),
        school_year=2027,
        scores=[
            model.Score(
                reporting_method=model.Descriptor(code_value="RIT"),
                result=text,
                numeric=float(text),
                datatype=model.ResultDatatype.INTEGER,
            )
        ],
        performance_levels=[],
        objectives=[],
    )


class MemoryAdapter(Adapter):
    """An adapter that reads its records from memory."""

    settings: AdapterSettings
    records: Mapping[str, Mapping[Any, Any]]
    """By lookup and key."""


def _memory_lookup(lookup: str) -> Any:
    async def read_records(self: MemoryAdapter, ids: Sequence[Any], **_: Any) -> Batch[Any, Any]:
        by_key = self.records[lookup]
        return {key: by_key[key] for key in ids if key in by_key}

    return read_records


def make_source(records: Records, name: str = "memory") -> Source:
    """A source that offers the lookups of these records."""
    adapter_type: Any = type(
        "DistrictAdapter", (MemoryAdapter,), {lookup: _memory_lookup(lookup) for lookup in records.by_lookup}
    )
    adapter = adapter_type(name, AdapterSettings(base_url=AnyHttpUrl("http://127.0.0.1:9")), httpx.AsyncClient())
    adapter.records = records.by_lookup
    return Source(name, "memory", DISTRICT, adapter)


def make_district(*sources: Source) -> District:
    """The district with these sources; its date is fixed."""
    return District(DISTRICT, "Memory", sources, frozen_on=NOW)


class MemoryFetch:
    """A fetch that returns prepared answers."""

    def __init__(self, records: Records, from_source: Source, down: str | None = None) -> None:
        """Prepare the answers of these records; the lookup named by `down` fails for every key."""
        self._answers = records.answers(from_source)
        if down is not None:
            error = UnavailableError("no answer in time")
            error.source = from_source.name
            failed: Answer[Any] = Answer(error, from_source.name, NOW)
            self._answers[down] = dict.fromkeys(self._answers[down], failed)

    async def __call__(self, _: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """All answers of the lookup: a fetch may return more keys than requested."""
        return self._answers[ask.lookup.name]
