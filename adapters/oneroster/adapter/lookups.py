"""The base of the adapter's lookup classes: connection, credentials and the check of a source."""

from __future__ import annotations

import httpx

from student_graph.adapters.auth import ClientCredentials
from student_graph.adapters.contract import Adapter
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.api.gradebook import ASSESSMENT_LINE_ITEMS, LINE_ITEMS
from student_graph.adapters.oneroster.api.rostering import STUDENTS
from student_graph.adapters.oneroster.client.requests import OneRosterClient


class OneRosterLookups(Adapter):
    """An adapter of one OneRoster server without lookups; each subclass adds the lookups of one domain."""

    settings: OneRosterSettings

    def __init__(self, name: str, settings: OneRosterSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.client = OneRosterClient(
            http,
            settings.base_url,
            version=settings.version,
            page_size=settings.page_size,
            concurrency=settings.concurrency,
        )

    def auth(self) -> httpx.Auth:
        """OAuth 2.0 client credentials, or OAuth 1.0a, which signs each request."""
        settings = self.settings
        if settings.auth == "oauth1":
            return OAuth1(
                settings.client_id, settings.client_secret, origin=settings.base_url, method=settings.signature
            )
        return ClientCredentials(
            settings.client_id,
            settings.client_secret,
            token_url=str(settings.token_url or f"{str(settings.base_url).rstrip('/')}/oauth/token"),
            origin=settings.base_url,
            scope=settings.requested_scopes or None,
        )

    async def check(self) -> str:
        """Read one student to test the credentials; returns the version and the services that they may read."""
        await self.client.read_sample(STUDENTS)
        services = ["rostering"]
        services += ["gradebook"] if await self.client.may_read(LINE_ITEMS) else []
        services += ["assessments"] if await self.client.may_read(ASSESSMENT_LINE_ITEMS) else []
        return f"OneRoster {self.settings.version}, {' + '.join(services)}"
