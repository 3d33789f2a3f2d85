"""Lookups of the learning management system (LMS)."""

from collections.abc import Sequence
from datetime import date

from student_graph.adapters.lookup import Batch, hours, lookup, minutes, nobody, students
from student_graph.adapters.model import (
    AssignmentWork,
    CourseEngagement,
    CourseGrade,
    DistrictId,
    LmsAccount,
    LmsCourse,
    LmsCourseId,
    SectionId,
    StudentId,
)


class LearningLookups:
    """Courses, assigned work and engagement."""

    # Many sections have no course in the LMS, and every page of their teachers asks for it again.
    @lookup(fresh=hours(1), stale=hours(24), about=nobody, unknown=minutes(5))
    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """LMS courses that teach each section."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students)
    async def lms_accounts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, LmsAccount]:
        """LMS account of each student, with the ids of the student's current courses."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=5000)
    async def lms_accounts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[LmsAccount]]:
        """All LMS accounts of the district; the coarse lookup of `lms_accounts_by_student`."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=60)
    async def course_grades_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[CourseGrade]]:
        """Computed grades of all active students in each LMS course."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=300)
    async def assignment_work_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[AssignmentWork]]:
        """Work of all active students in each LMS course."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=60)
    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work of each student on published assignments of current courses, by due time; work without one last."""
        raise NotImplementedError

    @lookup(fresh=minutes(5), stale=hours(4), about=students, records_per_key=300)
    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """Work of all students in each section."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=hours(24), about=students, records_per_key=6)
    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """Activity of each student in each current course; page views and participations count from `since` on."""
        raise NotImplementedError
