"""The LMS facts of a district, found by the ids that Canvas accepts in addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account's place in a course."""

    id: int
    account: LmsAccountFact
    course: LmsCourseFact
    kind: str
    """`StudentEnrollment` or `TeacherEnrollment`"""


class Register:
    """Accounts, courses and enrollments by every id that Canvas knows them by."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.accounts = {account.id: account for account in facts.accounts}
        self.courses = {course.id: course for course in facts.lms_courses}
        self._users = self._names_of_users()
        self._courses = {f"sis_course_id:{c.sis_section}": c for c in facts.lms_courses if c.sis_section}
        self._sections = {str(c.lms_section): c for c in facts.lms_courses}
        self._sections |= {f"sis_section_id:{c.sis_section}": c for c in facts.lms_courses if c.sis_section}
        self.enrollments_of: dict[int, list[Enrolled]] = defaultdict(list)
        """By account."""
        self.enrollments_in: dict[int, list[Enrolled]] = defaultdict(list)
        """By course."""
        for enrolled in self._enroll():
            self.enrollments_of[enrolled.account.id].append(enrolled)
            self.enrollments_in[enrolled.course.id].append(enrolled)
        self.assignments: dict[int, list[AssignmentFact]] = defaultdict(list)
        for assignment in facts.assignments:
            self.assignments[assignment.course].append(assignment)
        self.submissions: dict[tuple[int, int], list[SubmissionFact]] = defaultdict(list)
        """By course and account."""
        courses = {assignment.id: assignment.course for assignment in facts.assignments}
        for submission in facts.submissions:
            self.submissions[courses[submission.assignment], submission.account].append(submission)
        self.engagement: dict[tuple[int, int], EngagementFact] = {
            (fact.course, fact.account): fact for fact in facts.engagement
        }

    def user(self, name: str) -> LmsAccountFact | None:
        """By `7`, `sis_user_id:604822` or `sis_login_id:ada`."""
        return self._users.get(name)

    def course(self, name: str) -> LmsCourseFact | None:
        """By `23` or `sis_course_id:ALG-1`."""
        return self.courses.get(int(name)) if _is_number(name) else self._courses.get(name)

    def section(self, name: str) -> LmsCourseFact | None:
        """The course of a section, by `31` or `sis_section_id:ALG-1`; a course here has one section."""
        return self._sections.get(name)

    def students(self, course: LmsCourseFact) -> list[LmsAccountFact]:
        """Student accounts of a course, by id."""
        return [self.accounts[member] for member in sorted(course.members)]

    def _names_of_users(self) -> dict[str, LmsAccountFact]:
        names = {}
        for account in self.accounts.values():
            names[str(account.id)] = names[f"sis_login_id:{account.login}"] = account
            if account.sis_id:
                names[f"sis_user_id:{account.sis_id}"] = account
        return names

    def _enroll(self) -> Iterable[Enrolled]:
        number = 0
        for course in self.courses.values():
            for kind, members in (("StudentEnrollment", course.members), ("TeacherEnrollment", course.teachers)):
                for member in members:
                    number += 1
                    yield Enrolled(number, self.accounts[member], course, kind)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
