"""Rows of users, sections, assignments and grades, as Schoology sends them: most numbers are texts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)

Row = dict[str, Any]
EXCUSED, MISSING = "1", "3"
"""Exceptions of a grade."""


class Index:
    """Users by their number and by the number of the school, and what each section has."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.users = {str(account.id): account for account in facts.accounts}
        self.sections = {str(course.id): course for course in facts.lms_courses}
        self.sections_of: dict[int, list[LmsCourseFact]] = defaultdict(list)
        for course in facts.lms_courses:
            for member in course.members:
                self.sections_of[member].append(course)
        self.assignments: dict[int, list[AssignmentFact]] = defaultdict(list)
        for assignment in facts.assignments:
            self.assignments[assignment.course].append(assignment)
        self.work: dict[tuple[int, int], SubmissionFact] = {
            (fact.assignment, fact.account): fact for fact in facts.submissions
        }

    def users_with(self, school_uids: list[str]) -> list[LmsAccountFact]:
        """The users that have one of the numbers of the school."""
        return [account for account in self.users.values() if account.sis_id and account.sis_id in school_uids]

    def sections_with(self, codes: list[str]) -> list[LmsCourseFact]:
        """The sections that have one of the codes of the school."""
        return [course for course in self.sections.values() if course.sis_section and course.sis_section in codes]


def user_row(account: LmsAccountFact) -> Row:
    """A user."""
    first, _, last = account.name.partition(" ")
    return {
        "id": account.id,
        "uid": str(account.id),
        "school_uid": account.sis_id or "",
        "name_first": first,
        "name_last": last,
        "username": account.login,
        "primary_email": account.email or None,
        "birthday_date": None if account.birth is None else account.birth.isoformat(),
        "gender": None,
        "parents": None,
    }


def section_row(course: LmsCourseFact) -> Row:
    """A section with the title and the code of its course."""
    return {
        "id": str(course.id),
        "course_id": str(course.id + 1_000_000),
        "course_title": course.name,
        "course_code": course.code,
        "section_title": "Section 1",
        "section_school_code": course.sis_section or "",
        "active": 1,
        "grading_periods": [13011],
        "admin": 0,
    }


def assignment_row(assignment: AssignmentFact) -> Row:
    """An assignment; one that is not due has a blank text."""
    return {
        "id": assignment.id,
        "title": assignment.title,
        "description": "A description that nobody else reads.",
        "due": "" if assignment.due is None else f"{assignment.due:%Y-%m-%d %H:%M:%S}",
        "max_points": "0" if assignment.points is None else f"{assignment.points:g}",
        "published": 1 if assignment.published else 0,
        "type": "assignment",
        "grading_period": "13011",
    }


def grades_row(index: Index, account: LmsAccountFact, course: LmsCourseFact) -> Row:
    """The grades of a user in a section, by grading period, and the final grade."""
    grades = [
        {
            "enrollment_id": account.id * 10_000 + course.id,
            "assignment_id": assignment.id,
            "grade": fact.score,
            "exception": EXCUSED if fact.excused else MISSING if fact.missing else "0",
            "max_points": assignment.points,
            "is_final": "0",
            "timestamp": 1_790_000_000,
            "comment": None,
            "type": "assignment",
        }
        for assignment in index.assignments[course.id]
        if (fact := index.work.get((assignment.id, account.id))) is not None
        and (fact.score is not None or fact.excused or fact.missing)
    ]
    scores = [
        (fact.score, assignment.points)
        for assignment in index.assignments[course.id]
        if (fact := index.work.get((assignment.id, account.id))) is not None
        and fact.score is not None
        and assignment.points
    ]
    earned, possible = sum(score for score, _ in scores), sum(points for _, points in scores)
    return {
        "section_id": str(course.id),
        "period": [{"period_id": "p13011", "period_title": "2026-2027", "assignment": grades}],
        "final_grade": [
            {"period_id": "p13011", "grade": None, "weight": None, "comment": None},
            {"period_id": "final", "grade": round(100 * earned / possible, 2) if possible else None},
        ],
        "grading_category": [],
    }
