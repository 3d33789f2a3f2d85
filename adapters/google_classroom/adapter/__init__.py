"""
The adapter for Google Classroom, API v1.

It reads courses and assigned work of a whole domain with a service account that acts for an administrator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.google_classroom.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.google_classroom.adapter.accounts import AccountLookups
from student_graph.adapters.google_classroom.adapter.courses import CourseLookups
from student_graph.adapters.google_classroom.adapter.settings import GoogleClassroomSettings
from student_graph.adapters.google_classroom.adapter.students import StudentLookups
from student_graph.adapters.google_classroom.client.responses import FORBIDDEN_CODE
from student_graph.adapters.identity import EMAIL_SYSTEM, IdentityRule, IdentityRules
from student_graph.adapters.interface import Interface

__all__ = ["GoogleClassroom", "GoogleClassroomSettings"]


class GoogleClassroom(AccountLookups, CourseLookups, StudentLookups):
    """The Google Classroom of a Google Workspace domain."""

    recorded_properties = frozenset({
        "courseState", "state", "late", "year", "month", "day", "hours", "minutes", "stateTimestamp",
        "gradeChangeType", "gradeTimestamp", "code", "status", "reason", "courseStates", "states",
    })  # fmt: skip
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="email", system=EMAIL_SYSTEM),),
        sections=(IdentityRule(field="sis_section", system="sectionIdentifier"),),
        confirm=("email", "family_name"),
    )

    @classmethod
    def files_of_source(cls, settings: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Return the file with the key of the service account."""
        file = settings.get("service_account_file")
        return (folder / file,) if isinstance(file, str) else ()

    def auth(self) -> httpx.Auth:
        """Tokens of the service account for the administrator, sent to the configured origin only."""
        return self.settings.service_account()

    @property
    def interface(self) -> Interface:
        """Google's own API, whose version is in its path."""
        return Interface(
            standard="Google Classroom API",
            version="v1",
            is_published_standard=False,
            is_declared=False,
            paging="page tokens",
            page_rows=self.settings.rows_per_page,
            states_changes=False,
        )

    async def check(self) -> str:
        """
        Request the active courses, and the lists of the first one.

        The result names no person. It says what the administrator may not see.
        """
        course = await self._client.sample_course()
        if course is None:
            return "Google Classroom, without an active course"
        missing = []
        try:
            students = await self._client.students(course.id)
            if any(student.profile is None or not student.profile.emailAddress for student in students or ()):
                missing.append("no e-mail addresses (grant classroom.profile.emails)")
        except RefusedError as error:
            missing.append(_refusal(error, "no students of courses (grant classroom.rosters.readonly)"))
        try:
            await self._coursework(course)
            await self._client.submissions(course.id)
        except RefusedError as error:
            missing.append(_refusal(error, "no work (grant classroom.coursework.students.readonly)"))
        return "; ".join(["Google Classroom, as an administrator of the domain", *missing])


def _refusal(error: RefusedError, absence: str) -> str:
    """
    What is missing after a refusal.

    Raises:
        RefusedError: The credentials were refused, and not one list.
    """
    if error.code != FORBIDDEN_CODE:
        raise error
    return absence
