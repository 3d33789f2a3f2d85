"""The base of the adapter's lookup classes: connection, credentials and the check of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import httpx

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.interface import Interface
from student_graph.adapters.oneroster.adapter.credentials import credentials
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.api.gradebook import ASSESSMENT_LINE_ITEMS, LINE_ITEMS
from student_graph.adapters.oneroster.api.rostering import STUDENTS
from student_graph.adapters.oneroster.client.addresses import Addresses
from student_graph.adapters.oneroster.client.requests import OneRosterClient
from student_graph.adapters.reading import report_unreadable_row

S = TypeVar("S")
V = TypeVar("V")


class OneRosterLookups(Adapter):
    """An adapter of one OneRoster server without lookups; each subclass adds the lookups of one domain."""

    settings: OneRosterSettings

    def __init__(self, name: str, settings: OneRosterSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.client = OneRosterClient(
            http,
            Addresses(settings.base_url, version=settings.version, unused_parts=settings.unused_parts),
            page_size=settings.page_size,
            concurrency=settings.concurrency,
        )

    def auth(self) -> httpx.Auth:
        """The credentials that `auth` says, for the configured origin only."""
        return credentials(self.settings)

    @property
    def interface(self) -> Interface:
        """The version in the settings: a server of the standard does not state its own."""
        return Interface(
            standard="OneRoster",
            version=self.settings.version,
            is_published_standard=True,
            is_declared=False,
            paging="limit and offset",
            page_rows=self.client.page_rows,
            states_changes=False,
        )

    async def check(self) -> str:
        """Read one student to test the credentials; returns the version and the services that they may read."""
        await self.client.read_sample(STUDENTS)
        services = ["rostering"]
        services += ["gradebook"] if await self.client.may_read(LINE_ITEMS) else []
        services += ["assessments"] if await self.client.may_read(ASSESSMENT_LINE_ITEMS) else []
        return f"OneRoster {self.settings.version}, {' + '.join(services)}"


def records_of(sources: Iterable[S], to_record: Callable[[S], V], id_of: Callable[[S], str]) -> list[V]:
    """
    The record of each row or student of a list.

    One whose values make no record is left out and reported: it hides no other.
    """
    records: list[V] = []
    for source in sources:
        try:
            records.append(to_record(source))
        except PayloadError as error:
            report_unreadable_row(id_of(source).encode(), error)
    return records
