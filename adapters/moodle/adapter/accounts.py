"""Lookups of the accounts of students, which say in which courses a student is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import DistrictId, LmsAccount, StudentId
from student_graph.adapters.moodle.adapter.base import MoodleAdapter
from student_graph.adapters.moodle.api import EnrolledUser
from student_graph.adapters.moodle.mapping.accounts import ambiguous_keys, keyed, lms_account, students_of

MAX_COURSES = 1500
"""Maximum number of courses to read students of; in a larger district accounts are read one by one."""
REFUSAL_SECONDS = 3600.0
"""Seconds for which the lists of a district count as too long, or as refused."""


class AccountLookups(MoodleAdapter):
    """Lookups of accounts."""

    _no_lists_until = 0.0

    async def lms_accounts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, LmsAccount]:
        """The account of each student: a call for all users, and one for the courses of each."""
        memberships = await self._memberships(ids)
        return {
            student_id: answer if isinstance(answer, AdapterError) else lms_account(answer.student, answer.courses)
            for student_id, answer in memberships.items()
        }

    async def lms_accounts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[LmsAccount]]:
        """
        The accounts of all students of current courses, in a call for each course and one for their list.

        Not offered for more than 1,500 courses. A user in no course is not listed; one without an idnumber has
        another field as key. Of users with one number none is listed: it has an error where it is requested.
        """
        accounts = await self._accounts()
        return {district: [*accounts] for district in ids}

    async def _accounts(self) -> list[LmsAccount]:
        if time.monotonic() < self._no_lists_until:
            raise NotOfferedError("accounts are read one by one")
        try:
            courses = self._current(await self._client.all_courses(MAX_COURSES))
            rosters = await gather_in_order(courses, self._client.roster, self.settings.concurrency)
        except (NotOfferedError, RefusedError):
            self._no_lists_until = time.monotonic() + REFUSAL_SECONDS
            raise
        course_ids: dict[int, list[int]] = {}
        users: dict[int, EnrolledUser] = {}
        for course_id, roster in zip(courses, rosters, strict=True):
            for user in students_of(roster or (), self.settings.student_roles).values():
                course_ids.setdefault(user.id, []).append(course_id)
                users[user.id] = user
        students = [keyed(user) for user in users.values()]
        ambiguous = ambiguous_keys(students)
        return [
            lms_account(student, course_ids[student.user_id])
            for student in students
            if student.student_id not in ambiguous
        ]
