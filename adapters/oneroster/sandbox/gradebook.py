"""
Rows of the gradebook, which has two categories.

`Assignments` has the published assignments of the LMS courses that teach a section, with the submissions of the
section's own students. `Posted grades` has a line item for each grade type and grading period of a section.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import (
    Reference,
    Row,
    class_of,
    org,
    period,
    session,
    sourced_id,
)
from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    GradeFact,
    LmsCourseFact,
    SectionFact,
    SessionFact,
    SubmissionFact,
)

ASSIGNMENTS = Reference("category", sourced_id("CAT", "Assignments"))
POSTED_GRADES_TITLE = "Posted grades"
POSTED_GRADES = Reference("category", sourced_id("CAT", POSTED_GRADES_TITLE))

_STATUSES = {
    "graded": "fully graded",
    "submitted": "submitted",
    "pending_review": "partially graded",
    "unsubmitted": "not submitted",
}


class Gradebook:
    """The line items and results of a district."""

    def __init__(self, facts: DistrictFacts, people: People, quirks: Quirks, version: str) -> None:
        self._facts = facts
        self._people = people
        self._swapped_dates = quirks.swapped_dates
        self._version = version
        self._sessions = {(term.school, term.name): term for term in facts.sessions}
        courses = {course.id: course for course in facts.lms_courses if course.section}
        self._assignments: dict[int, tuple[AssignmentFact, SectionFact, LmsCourseFact]] = {
            assignment.id: (assignment, section, course)
            for assignment in facts.assignments
            if assignment.published and (course := courses.get(assignment.course)) and (section := course.section)
        }

    def categories(self) -> Iterator[Row]:
        """The two categories."""
        for reference, title in ((ASSIGNMENTS, "Assignments"), (POSTED_GRADES, POSTED_GRADES_TITLE)):
            yield {"sourcedId": reference.id, "title": title, "weight": None, "metadata": None}

    def line_items(self) -> Iterator[Row]:
        """The line items of assignments and of posted grades."""
        for assignment, section, _ in self._assignments.values():
            term = self._term(section)
            due = assignment.due.date() if assignment.due else term.end
            yield self._line_item(
                sourced_id("ASG", assignment.id), section, assignment.title, ASSIGNMENTS, (term.begin, due)
            ) | {"resultValueMin": 0.0, "resultValueMax": assignment.points}
        grades_by_item = {_grade_item_id(grade): grade for grade in self._facts.grades}
        for item_id, grade in grades_by_item.items():
            section, term = grade.enrollment.section, self._term(grade.enrollment.section)
            name, code, _, begin, end = grade.period or ("", "", 0, term.begin, term.end)
            title = f"{grade.kind}: {code or section.session}"
            dates = (begin, end)
            yield self._line_item(item_id, section, title, POSTED_GRADES, dates) | {
                "gradingPeriod": period(section.school, name) if name else None,
                "resultValueMin": 0.0,
                "resultValueMax": 100.0,
            }

    def results(self) -> Iterator[Row]:
        """The submissions of students who are in the class, and the posted grades."""
        owners = {account.id: account.owner for account in self._facts.accounts}
        members = {(enrollment.student, enrollment.section.key) for enrollment in self._facts.section_enrollments}
        for submission in self._facts.submissions:
            assignment, section, _ = self._assignments.get(submission.assignment, (None, None, None))
            student = owners[submission.account]
            if assignment and section and (student, section.key) in members:
                yield self._submission(submission, assignment, section, student)
        for grade in self._facts.grades:
            yield self._grade(grade)

    def _term(self, section: SectionFact) -> SessionFact:
        return self._sessions[section.school, section.session]

    def _line_item(
        self, item_id: str, section: SectionFact, title: str, category: Reference, dates: tuple[date, date]
    ) -> Row:
        assigned, due = dates
        return {
            "sourcedId": item_id,
            "title": title,
            "description": None,
            "assignDate": self._day(assigned, instant=not self._swapped_dates),
            "dueDate": self._day(due, instant=not self._swapped_dates),
            "class": class_of(section.key),
            "school": org(section.school),
            "category": category,
            "gradingPeriod": None,
            "academicSession": session(section.school, section.session),
            "resultValueMin": None,
            "resultValueMax": None,
            "metadata": None,
        }

    def _submission(self, work: SubmissionFact, item: AssignmentFact, section: SectionFact, student: str) -> Row:
        at = work.graded or work.submitted or item.due or self._facts.now
        status = "exempt" if work.excused else _STATUSES[work.state]
        return {
            "sourcedId": sourced_id("SUB", work.id),
            "lineItem": Reference("lineItem", sourced_id("ASG", work.assignment)),
            "student": self._people.student(student, section.school),
            "class": class_of(section.key),
            "scoreStatus": status,
            "score": work.score,
            "textScore": None,
            "scoreDate": self._day(at.date(), instant=self._swapped_dates),
            "comment": None,
            "late": work.late,
            "missing": work.missing,
            "metadata": None,
        }

    def _grade(self, grade: GradeFact) -> Row:
        """A posted grade; in 1.1 only the comment can have the letter."""
        section = grade.enrollment.section
        end = grade.period[4] if grade.period else self._term(section).end
        return {
            "sourcedId": sourced_id(
                "GRD", grade.enrollment.student, _grade_item_id(grade), grade.enrollment.begin
            ),
            "lineItem": Reference("lineItem", _grade_item_id(grade)),
            "student": self._people.student(grade.enrollment.student, section.school),
            "class": class_of(section.key),
            "scoreStatus": "fully graded",
            "score": grade.numeric,
            "textScore": grade.letter,
            "scoreDate": self._day(min(end, self._facts.now.date()), instant=self._swapped_dates),
            "comment": grade.letter if self._version == "1.1" else None,
            "late": None,
            "missing": None,
            "metadata": None,
        }

    @staticmethod
    def _day(day: date, *, instant: bool) -> str:
        return f"{datetime.combine(day, time()).isoformat()}.000Z" if instant else day.isoformat()


def _grade_item_id(grade: GradeFact) -> str:
    """The id of the line item of a posted grade."""
    return sourced_id("PST", *grade.enrollment.section.key, grade.kind, grade.period[0] if grade.period else "")
