"""An index of a district's LMS facts by the ids that Google Classroom accepts in addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)

ID_PREFIX = 100_000_000_000_000_000_000
"""Google's number of a user, less that of the account in the facts."""
COURSE_ID_PREFIX = 600_000_000_000
WITHOUT_ADDRESS_DOMAIN = "unlisted.cedarhollow.example"
"""Domain of the addresses of accounts that have none in the facts: each user of a domain has one."""


class Index:
    """Users, courses and work by every id that Google Classroom has for them."""

    def __init__(self, facts: DistrictFacts, co_taught: Mapping[int, str]) -> None:
        """Index the facts; `co_taught` are second sections of courses, by the number of the course."""
        self._co_taught = co_taught
        self.accounts = {account.id: account for account in facts.accounts}
        self.users = {user_id(account): account for account in facts.accounts}
        self._by_email = {email(account): account for account in facts.accounts}
        self.courses = {course_id(course): course for course in facts.lms_courses}
        self._by_alias = {alias: course for course in facts.lms_courses for alias in self.aliases(course)}
        self.courses_of: dict[int, list[LmsCourseFact]] = defaultdict(list)
        self.courses_taught: dict[int, list[LmsCourseFact]] = defaultdict(list)
        for course in facts.lms_courses:
            for member in course.members:
                self.courses_of[member].append(course)
            for teacher in course.teachers:
                self.courses_taught[teacher].append(course)
        self.assignments: dict[int, list[AssignmentFact]] = defaultdict(list)
        for assignment in facts.assignments:
            self.assignments[assignment.course].append(assignment)
        self.submissions: dict[int, list[SubmissionFact]] = defaultdict(list)
        """By assignment id."""
        for submission in facts.submissions:
            self.submissions[submission.assignment].append(submission)

    def user(self, text: str) -> LmsAccountFact | None:
        """A user by Google's number or by e-mail address, whose letter case does not matter."""
        return self.users.get(text) or self._by_email.get(text.lower())

    def aliases(self, course: LmsCourseFact) -> list[str]:
        """The aliases of a course: its sections in the domain, and in the project of whoever made the courses."""
        sections = (course.sis_section, self._co_taught.get(course.id))
        return [f"{scope}:{section}" for section in sections if section for scope in "dp"]

    def course(self, text: str) -> LmsCourseFact | None:
        """A course by its id or by an alias."""
        return self.courses.get(text) or self._by_alias.get(text)


def user_id(account: LmsAccountFact) -> str:
    """Google's number of a user."""
    return str(ID_PREFIX + account.id)


def email(account: LmsAccountFact) -> str:
    """A user's e-mail address, in small letters as Google keeps it."""
    return (account.email or f"{account.login}@{WITHOUT_ADDRESS_DOMAIN}").lower()


def course_id(course: LmsCourseFact) -> str:
    """Classroom's id of a course."""
    return str(COURSE_ID_PREFIX + course.id)
