"""
The adapter for Moodle, by its web services (REST).

It reads courses, work, grades and hand-ins with the token of a service that only reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.interface import Interface
from student_graph.adapters.moodle.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.moodle.adapter.accounts import AccountLookups
from student_graph.adapters.moodle.adapter.courses import CourseLookups
from student_graph.adapters.moodle.adapter.settings import MoodleSettings
from student_graph.adapters.moodle.adapter.students import StudentLookups
from student_graph.adapters.moodle.client.functions import FUNCTIONS
from student_graph.adapters.moodle.client.requests import USERS_PER_PAGE
from student_graph.adapters.moodle.client.token import ServiceToken

__all__ = ["Moodle", "MoodleSettings"]

_RELEASE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}")


class Moodle(AccountLookups, CourseLookups, StudentLookups):
    """A Moodle, whose users have the numbers of the student information system."""

    recorded_properties = frozenset({
        "format", "visible", "enddate", "duedate", "nosubmissions", "teamsubmission", "timemodified", "status",
        "extensionduedate", "itemtype", "itemmodule", "itemnumber", "gradedategraded", "gradeishidden",
        "gradehiddenbydate", "grademin", "grademax", "errorcode", "exception", "warningcode", "item",
        "onlyactive", "includenotenrolledcourses", "limitfrom", "limitnumber",
    })  # fmt: skip
    recorded_settings = frozenset({"student_roles"})
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="idnumber"),),
        sections=(IdentityRule(field="sis_section", system="sectionIdentifier"),),
        confirm=("email", "family_name"),
    )

    _release: str | None = None
    """The release of the server, once `check` has asked for it."""

    def auth(self) -> httpx.Auth:
        """The token of the service, sent in the body of requests to the configured origin only."""
        return ServiceToken(self.settings.token, origin=self.settings.base_url)

    @property
    def interface(self) -> Interface:
        """Moodle's own functions, whose version is the release of the server."""
        return Interface(
            standard="Moodle web services",
            version=self._release,
            is_published_standard=False,
            is_declared=self._release is not None,
            product="Moodle",
            paging="limit and offset",
            page_rows=USERS_PER_PAGE,
            states_changes=False,
        )

    async def check(self) -> str:
        """
        Request the site's description.

        The result says which functions the service of the token lacks, and whether the account may do too much.
        """
        site = await self._client.site_info()
        release = _RELEASE.match(site.release or "")
        self._release = release[0] if release else None
        parts = [f"Moodle {self._release}" if self._release else "Moodle"]
        allowed = {function.name for function in site.functions}
        if lacking := [name for name in FUNCTIONS if name not in allowed]:
            parts.append(f"add to the service of the token: {', '.join(lacking)}")
        if site.userissiteadmin:
            parts.append("the token belongs to a site administrator: use an account that only reads")
        return "; ".join(parts)
