"""
The adapter for Canvas LMS: REST API v1, and GraphQL for the contents of many courses.

It reads courses, assigned work, computed grades and engagement with the access token of a service account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from student_graph.adapters.auth import Bearer
from student_graph.adapters.canvas.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.canvas.adapter.accounts import AccountLookups
from student_graph.adapters.canvas.adapter.courses import CourseLookups
from student_graph.adapters.canvas.adapter.sections import SectionLookups
from student_graph.adapters.canvas.adapter.settings import CanvasSettings
from student_graph.adapters.canvas.adapter.students import StudentLookups
from student_graph.adapters.canvas.client.requests import MAX_ROWS_PER_PAGE
from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.interface import Interface

__all__ = ["Canvas", "CanvasSettings"]


class Canvas(AccountLookups, CourseLookups, SectionLookups, StudentLookups):
    """A Canvas that is hosted by Instructure or by the district."""

    recorded_properties = frozenset({
        "workflow_state", "type", "enrollment_state", "state", "due_at", "posted_at", "submitted_at", "missing",
        "late", "workflowState", "dueAt", "postedAt", "submittedAt", "hasNextPage", "grouped", "cached_due_date",
        "cachedDueDate",
    })  # fmt: skip
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="sis_user_id"),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
        confirm=("birth_date", "email"),
    )

    def auth(self) -> httpx.Auth:
        """The access token as a bearer token, sent to the configured origin only."""
        return Bearer(self.settings.token, origin=self.settings.base_url)

    @property
    def interface(self) -> Interface:
        """The APIs of Canvas that are used: each is Instructure's own and has no version but its path."""
        return Interface(
            standard="Canvas REST API" + (" and GraphQL API" if self.settings.graphql else ""),
            version="v1",
            is_published_standard=False,
            is_declared=False,
            paging="numbered pages" + ("; cursors in GraphQL" if self.settings.graphql else ""),
            page_rows=MAX_ROWS_PER_PAGE,
            states_changes=False,
        )

    async def check(self) -> str:
        """
        Request the owner of the token, and a student of the account's first course that has one.

        The result names no person. It says which permissions the role of the token lacks.
        """
        await self._client.token_owner()
        missing = [f"{absence} (the role needs {permission!r})" for absence, permission in await self._missing()]
        return "; ".join(["Canvas, token of a service account", *missing])

    async def _missing(self) -> list[tuple[str, str]]:
        """What Canvas does not show to the token, each with the permission for it; empty without students."""
        try:
            enrollment = await self._client.sample_enrollment()
        except RefusedError:
            return [("courses are not shown", "Courses - view list")]
        if enrollment is None:
            return []
        sent = enrollment.model_fields_set
        grades = enrollment.grades.model_fields_set if enrollment.grades else set()
        can_see_analytics = await self._client.student_summaries(enrollment.course_id) is not None
        shown = {
            ("no SIS ids", "SIS Data - read"): "sis_user_id" in sent,
            ("no grades", "Grades - view all grades"): "current_score" in grades,
            ("no last activity and no time in courses", "Courses - view usage reports"): "last_activity_at"
            in sent,
            ("no page views and participations", "Analytics - view pages"): can_see_analytics,
        }
        return [key for key, is_shown in shown.items() if not is_shown]
