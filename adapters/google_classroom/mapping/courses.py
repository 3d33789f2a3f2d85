"""Converts Google Classroom courses to records."""

from __future__ import annotations

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.google_classroom.api import Course
from student_graph.adapters.model import LmsCourse, LmsCourseId, SectionId


def lms_course(course: Course, section_id: SectionId) -> LmsCourse:
    """
    The course in which a section is taught.

    Raises:
        PayloadError: The course has no name.
    """
    if not course.name:
        raise PayloadError("a course without a name", code="SOURCE_SCHEMA")
    return LmsCourse(
        vendor_id=course.id,
        section_id=section_id,
        lms_course_id=LmsCourseId(course.id),
        name=course.name,
        state=course.courseState,
    )
