"""An index of a district's LMS facts by the ids that Canvas accepts in addresses."""

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
class CourseEnrollment:
    """The enrollment of an account in a course."""

    id: int
    account: LmsAccountFact
    course: LmsCourseFact
    kind: str
    """`StudentEnrollment` or `TeacherEnrollment`"""


class Index:
    """Accounts, courses and enrollments by every id that Canvas has for them."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.accounts = {account.id: account for account in facts.accounts}
        self.courses = {course.id: course for course in facts.lms_courses}
        self._users = self._accounts_by_name()
        self._courses = {f"sis_course_id:{c.sis_section}": c for c in facts.lms_courses if c.sis_section}
        self._sections = {str(c.lms_section): c for c in facts.lms_courses}
        self._sections |= {f"sis_section_id:{c.sis_section}": c for c in facts.lms_courses if c.sis_section}
        self.user_enrollments: dict[int, list[CourseEnrollment]] = defaultdict(list)
        """By account id."""
        self.course_enrollments: dict[int, list[CourseEnrollment]] = defaultdict(list)
        """By course id."""
        for enrollment in self._enrollments():
            self.user_enrollments[enrollment.account.id].append(enrollment)
            self.course_enrollments[enrollment.course.id].append(enrollment)
        self.assignments: dict[int, list[AssignmentFact]] = defaultdict(list)
        for assignment in facts.assignments:
            self.assignments[assignment.course].append(assignment)
        self.submissions: dict[tuple[int, int], list[SubmissionFact]] = defaultdict(list)
        """By course id and account id."""
        courses = {assignment.id: assignment.course for assignment in facts.assignments}
        for submission in facts.submissions:
            self.submissions[courses[submission.assignment], submission.account].append(submission)
        self.engagement: dict[tuple[int, int], EngagementFact] = {
            (fact.course, fact.account): fact for fact in facts.engagement
        }

    def user(self, name: str) -> LmsAccountFact | None:
        """The account named `7`, `sis_user_id:604822` or `sis_login_id:ada`."""
        return self._users.get(name)

    def course(self, name: str) -> LmsCourseFact | None:
        """The course named `23` or `sis_course_id:ALG-1`."""
        return self.courses.get(int(name)) if name.isascii() and name.isdigit() else self._courses.get(name)

    def section(self, name: str) -> LmsCourseFact | None:
        """The course of the section named `31` or `sis_section_id:ALG-1`; each course here has one section."""
        return self._sections.get(name)

    def students(self, course: LmsCourseFact) -> list[LmsAccountFact]:
        """The student accounts of a course, ordered by id."""
        return [self.accounts[member] for member in sorted(course.members)]

    def _accounts_by_name(self) -> dict[str, LmsAccountFact]:
        names = {}
        for account in self.accounts.values():
            names[str(account.id)] = names[f"sis_login_id:{account.login}"] = account
            if account.sis_id:
                names[f"sis_user_id:{account.sis_id}"] = account
        return names

    def _enrollments(self) -> Iterable[CourseEnrollment]:
        number = 0
        for course in self.courses.values():
            for kind, members in (("StudentEnrollment", course.members), ("TeacherEnrollment", course.teachers)):
                for member in members:
                    number += 1
                    yield CourseEnrollment(number, self.accounts[member], course, kind)
