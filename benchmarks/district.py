"""
A district in memory: one class of any size, its students' grades, attendance and assessments.

What is measured is what the gateway does with records; a vendor takes no time here.
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
from student_graph.gateway.cache.store import SharedBatch
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode

HERE = DistrictId("memory")
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
VIEWER = Viewer("bench", ViewerRole.SUPERINTENDENT, frozenset({HERE}), unlimited_grants(*model.Sensitivity), operator=True)
SECTION = encode(GlobalId("Section", HERE, "101/S"))

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
"""A class with everything about each of its students that a dashboard's first page shows."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the district keeps, by lookup and key."""

    by_lookup: Mapping[str, Mapping[Any, Any]]

    def answers(self, source: Source) -> dict[str, dict[Any, Answer[Any]]]:
        """The same as the fetch chain hands it on."""
        fetched = Fetched(HERE, source.name, NOW)
        for by_key in self.by_lookup.values():
            for value in by_key.values():
                for record in value if isinstance(value, list) else [value]:
                    record.fetched = fetched
        return {
            lookup: SharedBatch({key: Answer(value, source.name, NOW) for key, value in by_key.items()})
            for lookup, by_key in self.by_lookup.items()
        }


def records(students: int) -> Records:
    """A class of so many students."""
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
            "section_enrollments_by_section": {section: [_place(one, section) for one in ids]},
            "students_by_id": {one: _student(one) for one in ids},
            "school_enrollments_by_student": {one: [_stay(one)] for one in ids},
            "course_grades_by_student": {one: [_grade(one, n) for n in range(6)] for one in ids},
            "assessment_results_by_student": {one: [_result(one, n) for n in range(4)] for one in ids},
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


def _place(one: StudentId, section: SectionId) -> model.SectionEnrollment:
    return model.SectionEnrollment(
        vendor_id=f"place-{one}", student_id=one, section_id=section, begin_date=date(2027, 1, 5)
    )


def _student(one: StudentId) -> model.Student:
    name = model.PersonName(first_name=f"Ada{one[-2:]}", last_name=f"Hill{one[-3:]}")
    return model.Student(vendor_id=f"row-{one}", student_id=one, name=name)


def _stay(one: StudentId) -> model.SchoolEnrollment:
    return model.SchoolEnrollment(
        vendor_id=f"stay-{one}",
        student_id=one,
        school_id=SchoolId("101"),
        school_year=2027,
        entry_date=date(2026, 8, 20),
        grade_level=model.GradeLevel.NINTH,
        grade_level_descriptor=model.Descriptor(code_value="Ninth grade"),
    )


def _grade(one: StudentId, n: int) -> model.CourseGrade:
    return model.CourseGrade(
        vendor_id=f"grade-{one}-{n}",
        student_id=one,
        source=model.GradeSource.SIS,
        grade_type=model.GradeType.GRADING_PERIOD,
        course_name=f"Course {n}",
        numeric=70.5 + n,
    )


def _result(one: StudentId, n: int) -> model.AssessmentResult:
    text = str(200 + n)
    return model.AssessmentResult(
        vendor_id=f"result-{one}-{n}",
        student_id=one,
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


class Memory(Adapter):
    """An adapter that answers from memory."""

    settings: AdapterSettings
    held: Mapping[str, Mapping[Any, Any]]


def _answering(lookup: str) -> Any:
    async def answer(self: Memory, ids: Sequence[Any], **_: Any) -> Batch[Any, Any]:
        held = self.held[lookup]
        return {key: held[key] for key in ids if key in held}

    return answer


def source(kept: Records, name: str = "memory") -> Source:
    """The one source of the district, which offers exactly what is kept."""
    made: Any = type("Kept", (Memory,), {lookup: _answering(lookup) for lookup in kept.by_lookup})
    adapter = made(name, AdapterSettings(base_url=AnyHttpUrl("http://127.0.0.1:9")), httpx.AsyncClient())
    adapter.held = kept.by_lookup
    return Source(name, "memory", HERE, adapter)


def district(*sources: Source) -> District:
    """The district, on a day of its own."""
    return District(HERE, "Memory", sources, frozen_on=NOW)


class Held:
    """A fetch that has every answer at hand."""

    def __init__(self, kept: Records, from_source: Source, down: str | None = None) -> None:
        """Hold what is kept; the lookup named by `down` fails for every key."""
        self._answers = kept.answers(from_source)
        if down is not None:
            error = UnavailableError("no answer in time")
            error.source = from_source.name
            failed: Answer[Any] = Answer(error, from_source.name, NOW)
            self._answers[down] = dict.fromkeys(self._answers[down], failed)

    async def __call__(self, _: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """More than was asked, as a fetch may answer."""
        return self._answers[ask.lookup.name]
