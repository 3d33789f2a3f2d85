"""
The JSON of Google Classroom for the facts of a district, with the properties of the published document.

As all of Google's JSON it leaves out what is false, zero or empty, and wraps neither dates nor grades.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from student_graph.adapters.google_classroom.sandbox.index import course_id, email, user_id
from student_graph.adapters.google_classroom.sandbox.responses import Json
from student_graph.adapters.sandbox.facts import AssignmentFact, LmsAccountFact, LmsCourseFact, SubmissionFact

_STATES = {"unsubmitted": "CREATED", "submitted": "TURNED_IN", "pending_review": "TURNED_IN", "graded": "RETURNED"}
"""Classroom's state by the state in the facts; work whose review is pending has a draft grade."""
DRAFT_GRADE = 3.25
"""The draft grade of work whose review is pending: no other grade in the facts has its two decimals."""


def course_json(course: LmsCourseFact, state: str) -> Json:
    """A course."""
    return _without_defaults(
        {
            "id": course_id(course),
            "name": course.name,
            "section": course.sis_section,
            "descriptionHeading": f"{course.name} {course.code}",
            "ownerId": str(course.teachers[0]) if course.teachers else None,
            "creationTime": "2026-08-01T15:04:05.123Z",
            "updateTime": "2026-08-20T15:04:05.123Z",
            "enrollmentCode": f"code{course.id}",
            "courseState": state,
            "alternateLink": f"https://classroom.example/c/{course.id}",
            "guardiansEnabled": False,
            "gradebookSettings": {"calculationType": "TOTAL_POINTS", "displaySetting": "HIDE_OVERALL_GRADE"},
        }
    )


def profile_json(account: LmsAccountFact, *, with_email: bool) -> Json:
    """A user."""
    last, _, first = account.sortable_name.partition(", ")
    return _without_defaults(
        {
            "id": user_id(account),
            "name": {"givenName": first, "familyName": last, "fullName": account.name},
            "emailAddress": email(account) if with_email else None,
        }
    )


def member_json(course: LmsCourseFact, account: LmsAccountFact, *, with_email: bool) -> Json:
    """A student or a teacher of a course."""
    return {
        "courseId": course_id(course),
        "userId": user_id(account),
        "profile": profile_json(account, with_email=with_email),
    }


def course_work_json(course: LmsCourseFact, work: AssignmentFact) -> Json:
    """A piece of course work; without a due date it has neither of the two properties."""
    due = work.due
    return _without_defaults(
        {
            "courseId": course_id(course),
            "id": str(work.id),
            "title": work.title,
            "description": "Read the chapter first.",
            "state": "PUBLISHED" if work.published else "DRAFT",
            "dueDate": {"year": due.year, "month": due.month, "day": due.day} if due else None,
            "dueTime": {n: v for n, v in (("hours", due.hour), ("minutes", due.minute)) if v} if due else None,
            "maxPoints": _number(work.points),
            "workType": "ASSIGNMENT",
            "assigneeMode": "ALL_STUDENTS",
            "creationTime": "2026-08-25T14:00:00Z",
            "updateTime": "2026-08-25T14:00:00Z",
        }
    )


def submission_json(course: LmsCourseFact, account: LmsAccountFact, work: SubmissionFact) -> Json:
    """A student's submission with its history, and with the draft grade that only teachers may see."""
    is_pending = work.state == "pending_review"
    return _without_defaults(
        {
            "courseId": course_id(course),
            "courseWorkId": str(work.assignment),
            "id": f"Cg{work.id}",
            "userId": user_id(account),
            "state": _STATES[work.state],
            "late": work.late or work.missing,
            "draftGrade": DRAFT_GRADE if is_pending else _number(work.score),
            "assignedGrade": _number(work.score),
            "courseWorkType": "ASSIGNMENT",
            "assignmentSubmission": {"attachments": [{"link": {"url": "https://files.example/essay"}}]},
            "creationTime": "2026-08-25T14:00:00Z",
            "updateTime": "2026-08-25T14:00:00Z",
            "submissionHistory": _history(account, work),
        }
    )


def _history(account: LmsAccountFact, work: SubmissionFact) -> list[Json]:
    """The changes of a submission, the earliest first."""
    student = user_id(account)
    entries: list[Json] = []
    if work.submitted is not None:
        created = work.submitted - timedelta(hours=3)
        for state, at in (("CREATED", created), ("TURNED_IN", work.submitted)):
            change = {"state": state, "stateTimestamp": instant_text(at), "actorUserId": student}
            entries.append({"stateHistory": change})
    if work.graded is not None:
        if work.score is not None:
            for kind in ("DRAFT_GRADE_POINTS_EARNED_CHANGE", "ASSIGNED_GRADE_POINTS_EARNED_CHANGE"):
                grade: Json = {
                    "pointsEarned": work.score,
                    "gradeTimestamp": instant_text(work.graded),
                    "actorUserId": "1",
                    "gradeChangeType": kind,
                }
                entries.append({"gradeHistory": grade})
        change = {"state": "RETURNED", "stateTimestamp": instant_text(work.graded), "actorUserId": "1"}
        entries.append({"stateHistory": change})
    return entries


def instant_text(at: datetime) -> str:
    """An instant as Google writes it: in UTC with a `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(value: float | None) -> float | int | None:
    """A number as JSON of Google's APIs has it: without decimals if it is whole."""
    return None if value is None else int(value) if value == int(value) else round(value, 2)


def _without_defaults(values: dict[str, Any]) -> Json:
    """The properties that have a value. A grade of 0 is one; false and empty texts and lists are not."""
    return {name: value for name, value in values.items() if value not in (None, False, "", []) or value == 0}
