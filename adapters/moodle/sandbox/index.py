"""An index of a district's LMS facts by the ids that Moodle has for them."""

from __future__ import annotations

from collections import defaultdict

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)

ACTIVE = "active"


class Index:
    """Users, courses and work by id, and the enrollments of both."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.accounts = {account.id: account for account in facts.accounts}
        self.courses = {course.id: course for course in facts.lms_courses}
        self.assignments = {assignment.id: assignment for assignment in facts.assignments}
        self.assignments_of: dict[int, list[AssignmentFact]] = defaultdict(list)
        """By course."""
        for assignment in facts.assignments:
            self.assignments_of[assignment.course].append(assignment)
        self.submissions: dict[int, list[SubmissionFact]] = defaultdict(list)
        """By assignment."""
        for submission in facts.submissions:
            self.submissions[submission.assignment].append(submission)
        self.last_access = {
            (fact.course, fact.account): int(max(hour for hour, _ in fact.views).timestamp())
            for fact in facts.engagement
            if fact.views
        }
        """When a user last opened a course, in seconds since 1970."""
        self.courses_of: dict[int, list[LmsCourseFact]] = defaultdict(list)
        """The courses in which a user has an active enrollment."""
        for course in facts.lms_courses:
            for account in (*course.members, *course.teachers):
                self.courses_of[account].append(course)

    def suspended(self, course: LmsCourseFact) -> list[LmsAccountFact]:
        """The students whose enrollment in a course is not active, and who have no active one."""
        others = {
            enrollment.account
            for enrollment in course.other_enrollments
            if enrollment.kind == "StudentEnrollment" and enrollment.state != ACTIVE
        }
        return [self.accounts[id] for id in sorted(others - {*course.members, *course.teachers})]

    def active(self, course: LmsCourseFact) -> list[LmsAccountFact]:
        """The students and teachers of a course, by id."""
        return [self.accounts[id] for id in sorted({*course.members, *course.teachers})]
