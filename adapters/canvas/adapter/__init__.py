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
from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.identity import IdentityRule, IdentityRules

__all__ = ["Canvas", "CanvasSettings"]


class Canvas(AccountLookups, CourseLookups, SectionLookups, StudentLookups):
    """A Canvas that is hosted by Instructure or by the district."""

    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="sis_user_id"),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
        confirm=("birth_date", "email"),
    )

    def auth(self) -> httpx.Auth:
        """The access token as a bearer token, sent to the configured origin only."""
        return Bearer(self.settings.token, origin=self.settings.base_url)

    async def check(self) -> str:
        """Request the owner of the token to test it; the result does not name the owner."""
        await self._client.token_owner()
        return "Canvas, token of a service account"
