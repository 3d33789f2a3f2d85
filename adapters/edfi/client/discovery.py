"""
Where an Ed-Fi API has its parts, told by the API itself.

An adapter keeps no state between calls, and this is the exception: like a token, the document belongs to the
connection and not to any question. It is read once for all who need it, again after an hour, and again after
a failure.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from student_graph.adapters.edfi.api.discovery import DOCUMENT, Document
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.origins import resolve_link
from student_graph.adapters.reading import read

KEPT = 3600.0
"""Seconds for which a document is good."""


class Discovery:
    """The discovery document of one API."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: object, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http, self._clock = http, clock
        self._home = httpx.URL(str(base_url).rstrip("/") + "/")
        self._document: Document | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()
        self._attempts = 0
        self._failure: AdapterError | httpx.HTTPError | ValidationError | None = None

    async def document(self) -> Document:
        """
        The document; whoever asks while it is being read waits for that reading, also when it fails.

        Raises:
            PayloadError: it is none, or it names an address on another origin.
        """
        if (known := self._known()) is not None:
            return known
        attempts = self._attempts
        async with self._lock:
            if (known := self._known()) is not None:
                return known
            if attempts != self._attempts and self._failure is not None:
                raise self._failure
            return await self._read()

    async def token_url(self) -> str:
        """Where tokens are given out."""
        return str(resolve_link(self._home, (await self.document()).urls.oauth))

    async def resource_url(self, resource: str) -> str:
        """Where a resource is listed; the data root need not contain `data/v3`."""
        root = resolve_link(self._home, (await self.document()).urls.dataManagementApi)
        return f"{str(root).rstrip('/')}/ed-fi/{resource}"

    async def change_versions_url(self) -> str | None:
        """Where the number of the last change is told; None when it is not."""
        root = (await self.document()).urls.changeQueries
        return (
            None if root is None else f"{str(resolve_link(self._home, root)).rstrip('/')}/availableChangeVersions"
        )

    async def standard(self) -> tuple[int, int]:
        """
        Major and minor version of the Data Standard, as declared; 5.0 when nothing is.

        It is good for choosing the name of a resource and for nothing else: servers declare one and speak another.
        """
        found = re.match(r"(\d{1,4})(?:\.(\d{1,4}))?", (await self.document()).standard or "5")
        return (int(found[1]), int(found[2] or 0)) if found else (5, 0)

    def _known(self) -> Document | None:
        fresh = self._document is not None and self._clock() - self._read_at < KEPT
        return self._document if fresh else None

    async def _read(self) -> Document:
        """Read the document without credentials, and refuse one that leads elsewhere."""
        try:
            document = read(await self._http.get(self._home, auth=None), DOCUMENT)
            for address in (document.urls.oauth, document.urls.dataManagementApi):
                resolve_link(self._home, address)
        except (AdapterError, httpx.HTTPError, ValidationError) as failure:
            self._attempts, self._failure = self._attempts + 1, failure
            raise
        self._attempts, self._failure = self._attempts + 1, None
        self._document, self._read_at = document, self._clock()
        return document
