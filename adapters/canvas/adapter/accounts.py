"""Lookups of the accounts of students, which say in which courses a student is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from student_graph.adapters.canvas.adapter.base import CanvasAdapter
from student_graph.adapters.canvas.api import Course, User
from student_graph.adapters.canvas.mapping.enrollments import lms_account, names_another, subject, user_subject
from student_graph.adapters.concurrency import answer_by_key, gather_in_order
from student_graph.adapters.errors import NotOfferedError, RefusedError, another_object
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import DistrictId, LmsAccount, StudentId

MAX_USER_PAGES = 60
"""Maximum number of pages of 100 users for a district; in a larger one accounts are read one by one."""
MAX_COURSE_PAGES = 15
"""Maximum number of pages of 100 courses for a district; each has five calls for the members of its courses."""
REFUSAL_SECONDS = 3600.0
"""Seconds for which the lists of a district count as too long, or as refused."""


class AccountLookups(CanvasAdapter):
    """Lookups of accounts."""

    _no_lists_until = 0.0

    async def lms_accounts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, LmsAccount]:
        """The account of each student, in one call for each, or two if the student is in no course."""
        return await answer_by_key(ids, self._account, self.settings.concurrency)

    async def lms_accounts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[LmsAccount]]:
        """
        All accounts, in a call for each 100 users, each 100 courses and each 20 courses.

        Not offered for more than 6,000 users or 1,500 courses, or if Canvas cannot be asked about many courses in
        one call. A user without a SIS id has another id as key.
        """
        accounts = await self._accounts()
        return {district: [*accounts] for district in ids}

    async def _account(self, student_id: StudentId) -> LmsAccount | None:
        """
        The account of a student; None if Canvas does not know the student.

        Raises:
            PayloadError: It is another student's. With the courses of that student, lists would lack records.
        """
        enrollments = await self._client.student_enrollments(student_id)
        if enrollments is None:
            return None
        if enrollments:
            subjects, user_id = list(map(subject, enrollments)), enrollments[0].user_id
            course_ids = [enrollment.course_id for enrollment in enrollments]
        else:
            user = await self._client.user(student_id)
            if user is None:
                return None
            subjects, user_id, course_ids = [user_subject(user)], user.id, []
        if any(names_another(student_id, person) for person in subjects):
            raise another_object()
        return lms_account(subjects[0], user_id, course_ids, student_id)

    async def _accounts(self) -> list[LmsAccount]:
        if not self._courses.can_ask or time.monotonic() < self._no_lists_until:
            raise NotOfferedError("accounts are read one by one")
        try:
            users, courses = await self._lists()
        except (NotOfferedError, RefusedError):
            self._no_lists_until = time.monotonic() + REFUSAL_SECONDS
            raise
        members = await self._courses.members([course.id for course in courses])
        course_ids: dict[int, list[int]] = {user.id: [] for user in users}
        for course_id, user_ids in members.items():
            for user_id in user_ids:
                if user_id in course_ids:
                    course_ids[user_id].append(course_id)
        return [lms_account(user_subject(user), user.id, course_ids[user.id]) for user in users]

    async def _lists(self) -> tuple[list[User], list[Course]]:
        """The users and the courses of the account."""
        users: list[User] = []
        courses: list[Course] = []

        async def read_users() -> None:
            users.extend(await self._client.account_users(MAX_USER_PAGES))

        async def read_courses() -> None:
            courses.extend(await self._client.account_courses(MAX_COURSE_PAGES))

        await gather_in_order((read_users, read_courses), lambda read: read(), 2)
        return users, courses
