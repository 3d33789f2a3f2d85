"""The adapter for OneRoster CSV: people, schools, classes, enrollments, gradebook and assessment results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import httpx
from pydantic import SecretStr

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.files.adapter.settings import FileSettings
from student_graph.adapters.interface import Interface, SourceFile
from student_graph.adapters.oneroster.adapter import OneRoster, OneRosterSettings
from student_graph.adapters.oneroster.api.gradebook import ASSESSMENT_LINE_ITEMS, LINE_ITEMS

if TYPE_CHECKING:
    from student_graph.adapters.files.client.roster_client import RosterClient


class RosterFileSettings(FileSettings, OneRosterSettings):
    """Where the exports are, and which of their columns hold the district's numbers."""

    client_id: str = "files need no client"
    """Not used: files need no client. Leave it out."""
    client_secret: SecretStr = SecretStr("files need no secret")
    """Not used: files need no client. Leave it out."""


class RosterFiles(OneRoster):
    """
    OneRoster CSV of a student information system, which uses the district's own ids.

    The rows are mapped as the OneRoster adapter maps the answers of a server, so that both give equal records.
    """

    settings: RosterFileSettings
    uses_http: ClassVar[bool] = False
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = {}
    """None: every row is in memory, so that a list saves nothing."""

    def __init__(self, name: str, settings: RosterFileSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        from student_graph.adapters.files.client.roster_client import RosterClient  # noqa: PLC0415 - an extra
        from student_graph.adapters.files.client.rosters import RosterIndex  # noqa: PLC0415 - pyarrow is an extra

        self._index = RosterIndex(settings)
        self.client = RosterClient(self._index, http, concurrency=settings.concurrency)

    def auth(self) -> httpx.Auth:
        """Return an authentication that adds nothing: files need none."""
        return httpx.Auth()

    @property
    def interface(self) -> Interface:
        """OneRoster CSV; the version is the one of the settings."""
        return Interface(
            standard="OneRoster CSV",
            version=self.settings.version,
            is_published_standard=True,
            is_declared=False,
            states_changes=True,
        )

    @property
    def source_files(self) -> Sequence[SourceFile]:
        """The files of the export that is served, and newer exports that are not complete."""
        return self._index.roster.files

    async def version(self) -> str | None:
        """Return a digest of the names, sizes and times of the files that are served."""
        return (await cast("RosterClient", self.client).roster()).version

    async def check(self) -> str:
        """List the location and read the newest complete export; says which services it has."""
        roster = await cast("RosterClient", self.client).roster()
        services = ["rostering"]
        services += ["gradebook"] if await self.client.may_read(LINE_ITEMS) else []
        services += ["assessments"] if await self.client.may_read(ASSESSMENT_LINE_ITEMS) else []
        problems = [f"{file.name}: {file.problem}" for file in roster.files if file.problem]
        return "; ".join([f"OneRoster CSV {self.settings.version}, {' + '.join(services)}", *problems])
