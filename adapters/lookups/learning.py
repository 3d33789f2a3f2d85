"""Lookups of the learning management system (LMS)."""

from collections.abc import Sequence
from datetime import date

from student_graph.adapters.lookup import Batch, hours, lookup, minutes, nobody, students
from student_graph.adapters.model import AssignmentWork, CourseEngagement, LmsCourse, SectionId, StudentId


class LearningLookups:
    """Courses, assigned work and engagement."""

    @lookup(fresh=hours(1), stale=hours(24), about=nobody)
    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """LMS courses that teach each section."""
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
