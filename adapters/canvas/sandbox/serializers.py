"""Facts as Canvas spells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from student_graph.adapters.canvas.sandbox.gradebook import computed, letter
from student_graph.adapters.canvas.sandbox.index import Enrolled, Register
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
    "attempt",
    "body",
    "submission_type",
)


class Spelling:
    """Canvas objects of a register, as JSON."""

    def __init__(self, register: Register, unposted: frozenset[int]) -> None:
        self._register = register
        self._unposted = unposted

    def user(self, account: LmsAccountFact, *, email: bool = False) -> Json:
        """A user as an administrator's token sees it."""
        told: Json = {
            "id": account.id,
            "name": account.name,
            "sortable_name": account.sortable_name,
            "short_name": account.name,
            "sis_user_id": account.sis_id,
            "integration_id": None,
            "login_id": account.login,
        }
        return told | ({"email": account.email} if email else {})

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

    def section(self, course: LmsCourseFact) -> Json:
        """The section of a course."""
        return {
            "id": course.lms_section,
            "course_id": course.id,
            "name": course.name,
            "sis_section_id": course.sis_section,
            "sis_course_id": course.sis_section,
        }

    def assignment(self, assignment: AssignmentFact) -> Json:
        """An assignment."""
        return {
            "id": assignment.id,
            "course_id": assignment.course,
            "name": assignment.title,
            "due_at": stamp(assignment.due),
            "points_possible": assignment.points,
            "published": assignment.published,
            "description": "",
        }

    def enrollment(self, enrolled: Enrolled, include: Collection[str] = ()) -> Json:
        """A place in a course, with the user and, for a student, what the gradebook computes."""
        account, course = enrolled.account, enrolled.course
        fact = self._register.engagement.get((course.id, account.id))
        told: Json = {
            "id": enrolled.id,
            "user_id": account.id,
            "course_id": course.id,
            "course_section_id": course.lms_section,
            "type": enrolled.kind,
            "role": enrolled.kind,
            "enrollment_state": "active",
            "sis_user_id": account.sis_id,
            "sis_section_id": course.sis_section,
            "sis_course_id": course.sis_section,
            "last_activity_at": stamp(last_activity(fact.views, fact.participations)) if fact else None,
            "total_activity_time": fact.seconds if fact else 0,
            "user": self.user(account, email="email" in include),
        }
        return told | ({"grades": self._grades(enrolled)} if enrolled.kind == "StudentEnrollment" else {})

    def submission(self, submission: SubmissionFact, fields: Collection[str]) -> Json:
        """A submission; the fields are those asked for, or all."""
        told = {
            "id": submission.id,
            "assignment_id": submission.assignment,
            "user_id": submission.account,
            "workflow_state": submission.state,
            "score": submission.score,
            "grade": submission.grade,
            "late": submission.late,
            "missing": submission.missing,
            "excused": submission.excused,
            "submitted_at": stamp(submission.submitted),
            "graded_at": stamp(submission.graded),
            "posted_at": None if submission.id in self._unposted else stamp(submission.graded),
            "attempt": 1 if submission.submitted else None,
            "body": None,
            "submission_type": "online_upload" if submission.submitted else None,
        }
        return {name: told[name] for name in SUBMISSION_FIELDS if not fields or name in fields}

    def summary(self, course: LmsCourseFact, account: LmsAccountFact) -> Json:
        """What analytics tells of a student in a course."""
        fact = self._register.engagement.get((course.id, account.id))
        work = self._register.submissions[course.id, account.id]
        kinds = Counter(map(tardiness, work))
        return {
            "id": account.id,
            "page_views": sum(count for _, count in fact.views) if fact else 0,
            "participations": len(fact.participations) if fact else 0,
            "tardiness_breakdown": {
                "total": len(work),
                "on_time": kinds["on_time"],
                "late": kinds["late"],
                "missing": kinds["missing"],
                "floating": kinds["floating"],
            },
        }

    def activity(self, course: LmsCourseFact, account: LmsAccountFact) -> Json:
        """Page views by the hour, and participations one by one."""
        fact = self._register.engagement.get((course.id, account.id))
        return {
            "page_views": {stamp(hour): count for hour, count in fact.views} if fact else {},
            "participations": [{"created_at": stamp(at)} for at in fact.participations] if fact else [],
        }

    def _grades(self, enrolled: Enrolled) -> Json:
        course, account = enrolled.course, enrolled.account
        assignments = self._register.assignments[course.id]
        work = {s.assignment: s for s in self._register.submissions[course.id, account.id]}
        posted = computed(assignments, work, self._unposted)
        whole = computed(assignments, work, frozenset())
        return {
            "current_score": posted.current,
            "current_grade": letter(posted.current),
            "final_score": posted.final,
            "final_grade": letter(posted.final),
            "unposted_current_score": whole.current,
            "unposted_current_grade": letter(whole.current),
            "unposted_final_score": whole.final,
            "unposted_final_grade": letter(whole.final),
        }


def stamp(at: datetime | None) -> str | None:
    """An instant as Canvas writes it: UTC, to the second, with `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def tardiness(submission: SubmissionFact) -> str:
    """In which part of the tardiness breakdown a submission is counted; `floating` is not handed in, nor due."""
    if submission.missing:
        return "missing"
    if submission.late:
        return "late"
    return "on_time" if submission.submitted else "floating"


def last_activity(
    views: tuple[tuple[datetime, int], ...], participations: tuple[datetime, ...]
) -> datetime | None:
    """The latest of all activity."""
    return max((*(hour for hour, _ in views), *participations), default=None)
