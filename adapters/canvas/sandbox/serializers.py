"""Converts facts to the JSON objects that Canvas sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from student_graph.adapters.canvas.sandbox.gradebook import course_scores, letter_grade
from student_graph.adapters.canvas.sandbox.index import CourseEnrollment, CourseSection, Index
from student_graph.adapters.sandbox.facts import AssignmentFact, LmsAccountFact, LmsCourseFact, SubmissionFact

Json = dict[str, Any]

SUBMISSION_FIELDS = (
    "id",
    "assignment_id",
    "user_id",
    "workflow_state",
    "score",
    "grade",
    "late",
    "missing",
    "excused",
    "submitted_at",
    "graded_at",
    "posted_at",
    "cached_due_date",
    "attempt",
    "body",
    "submission_type",
)


class Serializer:
    """Builds Canvas's JSON objects from the facts of an index; grades of `unposted` submissions are hidden."""

    def __init__(
        self,
        index: Index,
        unposted: frozenset[int] = frozenset(),
        *,
        overrides: Mapping[int, float] | None = None,
        usage_reports: bool = True,
    ) -> None:
        """Serve `overrides`, the scores that teachers entered, and activity only with `usage_reports`."""
        self._index = index
        self._unposted = unposted
        self._overrides = overrides or {}
        self._usage_reports = usage_reports

    def user(self, account: LmsAccountFact, *, email: bool = False) -> Json:
        """A user, as a token with an administrator's permissions sees it."""
        user: Json = {
            "id": account.id,
            "name": account.name,
            "sortable_name": account.sortable_name,
            "short_name": account.name,
            "sis_user_id": account.sis_id,
            "integration_id": None,
            "login_id": account.login,
        }
        return user | ({"email": account.email} if email else {})

    def course(self, course: LmsCourseFact) -> Json:
        """A course."""
        return {
            "id": course.id,
            "name": course.name,
            "course_code": course.code,
            "workflow_state": "available",
            "sis_course_id": course.sis_section,
            "account_id": 1,
            "time_zone": "America/Chicago",
        }

    def section(self, section: CourseSection) -> Json:
        """A section of a course."""
        return {
            "id": section.id,
            "course_id": section.course.id,
            "name": section.course.name,
            "sis_section_id": section.sis_id,
            "sis_course_id": section.course.sis_section,
        }

    def assignment(self, assignment: AssignmentFact) -> Json:
        """An assignment."""
        return {
            "id": assignment.id,
            "course_id": assignment.course,
            "name": assignment.title,
            "due_at": instant_text(assignment.due),
            "points_possible": assignment.points,
            "published": assignment.published,
            "description": "",
        }

    def enrollment(self, enrollment: CourseEnrollment, include: Collection[str] = ()) -> Json:
        """An enrollment with its user and, for a student, the computed grades."""
        account, course = enrollment.account, enrollment.course
        fact = self._index.engagement.get((course.id, account.id))
        row: Json = {
            "id": enrollment.id,
            "user_id": account.id,
            "course_id": course.id,
            "course_section_id": enrollment.section.id,
            "type": enrollment.kind,
            "role": enrollment.kind,
            "enrollment_state": enrollment.state,
            "sis_user_id": account.sis_id,
            "sis_section_id": enrollment.section.sis_id,
            "sis_course_id": course.sis_section,
            "user": self.user(account, email="email" in include),
        }
        if self._usage_reports:
            last = last_activity(fact.views, fact.participations) if fact else None
            row |= {"last_activity_at": instant_text(last), "total_activity_time": fact.seconds if fact else 0}
        return row | ({"grades": self.grades(enrollment)} if enrollment.kind == "StudentEnrollment" else {})

    def submission(self, submission: SubmissionFact, assignment: AssignmentFact, fields: Collection[str]) -> Json:
        """A submission with the requested fields, or with all of them if none is requested."""
        values = {
            "id": submission.id,
            "assignment_id": submission.assignment,
            "user_id": submission.account,
            "workflow_state": submission.state,
            "score": submission.score,
            "grade": submission.grade,
            "late": submission.late,
            "missing": submission.missing,
            "excused": submission.excused,
            "submitted_at": instant_text(submission.submitted),
            "graded_at": instant_text(submission.graded),
            "posted_at": None if submission.id in self._unposted else instant_text(submission.graded),
            "cached_due_date": instant_text(submission.due or assignment.due),
            "attempt": 1 if submission.submitted else None,
            "body": None,
            "submission_type": "online_upload" if submission.submitted else None,
        }
        return {name: values[name] for name in SUBMISSION_FIELDS if not fields or name in fields}

    def summary(self, course: LmsCourseFact, account: LmsAccountFact) -> Json:
        """The analytics of a student in a course."""
        fact = self._index.engagement.get((course.id, account.id))
        submissions = self._index.submissions[course.id, account.id]
        counts = Counter(map(tardiness, submissions))
        return {
            "id": account.id,
            "page_views": sum(count for _, count in fact.views) if fact else 0,
            "participations": len(fact.participations) if fact else 0,
            "tardiness_breakdown": {
                "total": len(submissions),
                "on_time": counts["on_time"],
                "late": counts["late"],
                "missing": counts["missing"],
                "floating": counts["floating"],
            },
        }

    def activity(self, course: LmsCourseFact, account: LmsAccountFact) -> Json:
        """A student's page views by hour and single participations in a course."""
        fact = self._index.engagement.get((course.id, account.id))
        return {
            "page_views": {instant_text(hour): count for hour, count in fact.views} if fact else {},
            "participations": [{"created_at": instant_text(at)} for at in fact.participations] if fact else [],
        }

    def grades(self, enrollment: CourseEnrollment) -> Json:
        """The computed grades of a student's enrollment, over all grading periods."""
        course, account = enrollment.course, enrollment.account
        assignments = self._index.assignments[course.id]
        submissions = {row.assignment: row for row in self._index.submissions[course.id, account.id]}
        posted = course_scores(assignments, submissions, self._unposted)
        complete = course_scores(assignments, submissions, frozenset())
        return {
            "current_score": posted.current,
            "current_grade": letter_grade(posted.current),
            "final_score": posted.final,
            "final_grade": letter_grade(posted.final),
            "unposted_current_score": complete.current,
            "unposted_current_grade": letter_grade(complete.current),
            "unposted_final_score": complete.final,
            "unposted_final_grade": letter_grade(complete.final),
            **self._override(account),
        }

    def _override(self, account: LmsAccountFact) -> Json:
        """The score that a teacher entered for a student; Canvas leaves both properties out if there is none."""
        score = self._overrides.get(account.id)
        return {} if score is None else {"override_score": score, "override_grade": letter_grade(score)}


def instant_text(at: datetime | None) -> str | None:
    """An instant as Canvas writes it: in UTC, to the second, with a `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def tardiness(submission: SubmissionFact) -> str:
    """The part of the tardiness breakdown that counts a submission; `floating` is neither submitted nor due."""
    if submission.missing:
        return "missing"
    if submission.late:
        return "late"
    return "on_time" if submission.submitted else "floating"


def last_activity(
    views: tuple[tuple[datetime, int], ...], participations: tuple[datetime, ...]
) -> datetime | None:
    """The time of the latest page view or participation; None if there is none."""
    return max((*(hour for hour, _ in views), *participations), default=None)
