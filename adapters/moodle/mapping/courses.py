"""Converts Moodle's courses and their totals to records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import (
    CourseGrade,
    GradeSource,
    GradeType,
    LmsCourse,
    LmsCourseId,
    SectionId,
)
from student_graph.adapters.moodle.api import Assignment, Course, EnrolledUser, GradeItem, Submission, UserGrades
from student_graph.adapters.moodle.client.keys import SectionNames
from student_graph.adapters.moodle.mapping.accounts import KeyedStudent
from student_graph.adapters.moodle.mapping.values import grade_text, moment


@dataclass(frozen=True, slots=True)
class CourseContents:
    """A course with its students, and with the work and grades that were requested."""

    course: Course
    students: dict[int, EnrolledUser]
    """Students with an active enrollment, by user id."""
    assignments: list[Assignment] = field(default_factory=list)
    """Assignments that students see."""
    submissions: dict[int, dict[int, Submission]] = field(default_factory=dict)
    """The latest submissions by assignment and user; an assignment that cannot be read is left out."""
    extensions: dict[int, dict[int, int]] = field(default_factory=dict)
    """Due times of single users, in seconds since 1970, by assignment and user."""
    grades: dict[int, UserGrades] = field(default_factory=dict)
    """The gradebook by user id."""

    def section_id(self, names: SectionNames, user_id: int) -> SectionId | None:
        """The section that the course teaches: the gradebook names it also where the course does not show it."""
        if names.link == "shortname":
            return names.section_id(self.course.shortname)
        report = self.grades.get(user_id)
        return names.section_id(self.course.idnumber or (report.courseidnumber if report else None))


def is_current(course: Course, now_seconds: float) -> bool:
    """Whether students see a course and it has not ended."""
    return course.visible is not False and not 0 < (course.enddate or 0) <= now_seconds


def lms_course(course: Course, section_id: SectionId) -> LmsCourse:
    """
    The course in which a section is taught.

    Raises:
        PayloadError: The course has no name.
    """
    if not (name := course_name(course)):
        raise PayloadError("a course without a name", code="SOURCE_SCHEMA")
    return LmsCourse(
        vendor_id=str(course.id),
        section_id=section_id,
        lms_course_id=LmsCourseId(str(course.id)),
        name=name,
        course_code=course.shortname or None,
        state=None if course.visible is None else "visible" if course.visible else "hidden",
    )


def course_name(course: Course) -> str | None:
    """The name of a course, or its short name; None without either."""
    return course.fullname or course.shortname or None


def course_grade(
    contents: CourseContents, student: KeyedStudent, section_id: SectionId | None
) -> CourseGrade | None:
    """
    The total of a course as a percentage, computed as in `grade_format_gradevalue_percentage` of Moodle.

    None if there is no total yet, or if it is hidden from students.
    """
    report = contents.grades.get(student.user_id)
    total = next((item for item in report.gradeitems if item.itemtype == "course"), None) if report else None
    if total is None or is_hidden(total) or total.graderaw is None:
        return None
    letter = grade_text(total.lettergradeformatted if total.scaleid is None else total.gradeformatted)
    course_id = contents.course.id
    return CourseGrade(
        vendor_id=f"{course_id}:{student.user_id}",
        subject=student.subject,
        student_id=student.student_id,
        section_id=section_id,
        lms_course_id=LmsCourseId(str(course_id)),
        source=GradeSource.LMS,
        grade_type=GradeType.COMPUTED_CURRENT,
        course_name=course_name(contents.course),
        letter=letter,
        numeric=_percentage(total) if total.scaleid is None else None,
        as_of=graded.date() if (graded := moment(total.gradedategraded)) else None,
    )


def _percentage(item: GradeItem) -> float | None:
    low, high = item.grademin or 0.0, item.grademax
    if item.graderaw is None or high is None or high <= low:
        return None
    return round((item.graderaw - low) * 100 / (high - low), 2)


def is_hidden(item: GradeItem) -> bool:
    """Whether the student does not see the grade, or not yet."""
    return bool(item.gradeishidden or item.gradehiddenbydate)


def sort_grades(grades: Iterable[CourseGrade]) -> list[CourseGrade]:
    """Grades by course and user."""
    return sorted(grades, key=grade_order)


def grade_order(grade: CourseGrade) -> tuple[int, int]:
    """The position of a grade in the order of `sort_grades`."""
    course_id, _, user_id = grade.vendor_id.partition(":")
    return int(course_id), int(user_id)
