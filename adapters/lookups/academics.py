"""Lookups of grades, academic records and assessments."""

from collections.abc import Sequence

from student_graph.adapters.lookup import Batch, hours, lookup, minutes, nobody, students
from student_graph.adapters.model import (
    AcademicRecord,
    Assessment,
    AssessmentId,
    AssessmentResult,
    CourseGrade,
    DistrictId,
    SchoolId,
    SectionId,
    StudentId,
)


class AcademicLookups:
    """Grades, academic records and assessments."""

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=16)
    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Grades of each student in a school year: posted grades from an SIS, computed grades from an LMS."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=60)
    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Grades of all students in each section."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=10_000)
    async def course_grades_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int | None = None
    ) -> Batch[SchoolId, list[CourseGrade]]:
        """Grades of all students in the sections of each school in a school year, or in all of them."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=4)
    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """Credits and grade point averages of each student, ordered by school year and term."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=20_000)
    async def academic_records_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[AcademicRecord]]:
        """Credits and grade point averages of all students of the district, ordered by school year and term."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=6)
    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """Assessment results of each student, the latest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=30_000)
    async def assessment_results_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[AssessmentResult]]:
        """Assessment results of all students of the district, by student, the latest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=4000)
    async def assessment_results_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[AssessmentResult]]:
        """Assessment results that each school reported, by student, the latest first."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody)
    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """Assessments by id."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=300)
    async def assessments_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Assessment]]:
        """All assessments of the district, by id."""
        raise NotImplementedError
