"""Lookups of the accounts of students, which say in which courses a student is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError
from student_graph.adapters.google_classroom.adapter.base import ClassroomAdapter, read_of_course
from student_graph.adapters.google_classroom.api import Student
from student_graph.adapters.google_classroom.mapping.accounts import keyed_by_course, lms_account
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import DistrictId, LmsAccount, StudentId

MAX_COURSES = 1500
"""Maximum number of active courses to read students of; in a larger district accounts are read one by one."""
REFUSAL_SECONDS = 3600.0
"""Seconds for which the lists of a district count as too long, or as refused."""


class AccountLookups(ClassroomAdapter):
    """Lookups of accounts."""

    _no_lists_until = 0.0

    async def lms_accounts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, LmsAccount]:
        """The account of each student, in two calls for each: the courses, and the user."""
        memberships = await self._memberships(ids)
        return {
            student_id: answer
            if isinstance(answer, AdapterError)
            else lms_account(answer.student, (course.id for course in answer.courses))
            for student_id, answer in memberships.items()
        }

    async def lms_accounts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[LmsAccount]]:
        """
        The accounts of all students of active courses, in a call for each course.

        Not offered for more than 1,500 active courses. A user in no course is not listed; one whose e-mail address
        is not shown has Google's number as key.
        """
        accounts = await self._accounts()
        return {district: [*accounts] for district in ids}

    async def _accounts(self) -> list[LmsAccount]:
        if time.monotonic() < self._no_lists_until:
            raise NotOfferedError("accounts are read one by one")
        try:
            courses = await self._client.active_courses(MAX_COURSES)
            rosters = await gather_in_order(
                [course.id for course in courses],
                lambda course_id: read_of_course(course_id, lambda: self._client.students(course_id)),
                self.settings.concurrency,
            )
        except (NotOfferedError, RefusedError):
            self._no_lists_until = time.monotonic() + REFUSAL_SECONDS
            raise
        course_ids: dict[str, list[str]] = {}
        rows: dict[str, Student] = {}
        for course, roster in zip(courses, rosters, strict=True):
            for row in roster or ():
                course_ids.setdefault(row.userId, []).append(course.id)
                if row.userId not in rows or rows[row.userId].profile is None:
                    rows[row.userId] = row
        return [
            lms_account(keyed_by_course(row, self.settings.student_domain), course_ids[user_id])
            for user_id, row in rows.items()
        ]
