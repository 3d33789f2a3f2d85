"""
Reads the discovery document of an Ed-Fi API, which has the addresses of its parts.

An adapter keeps no state between calls, with this exception: like a token, the document belongs to the connection
and not to a lookup. It is read once for all lookups, again after an hour, and again after a failure.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from student_graph.adapters.edfi.api.discovery import DOCUMENT, Document
from student_graph.adapters.edfi.api.standards import DataStandard, standard_of
from student_graph.adapters.edfi.client.addresses import AddressValues, names_a_school_year
from student_graph.adapters.errors import AdapterError, PayloadError
from student_graph.adapters.origins import resolve_link
from student_graph.adapters.reading import read

DOCUMENT_LIFETIME_SECONDS = 3600.0
DEFAULT_DATA_STANDARD = (5, 0)
"""The version that is assumed if an API declares no readable version."""

PAGE_TOKENS_SINCE = (7, 3)
"""The first version of ODS/API with page tokens; Ed-Fi API continues its numbers."""


class Discovery:
    """The discovery document of one API, cached for an hour."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: object,
        values: AddressValues | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the document at a root with a client; `values` are for what its addresses leave open."""
        self._http, self._clock = http, clock
        self._values = values or AddressValues()
        self.has_years = False
        """Whether the API has an address for each school year, as far as the document was read."""
        self._root = httpx.URL(str(base_url).rstrip("/") + "/")
        self._document: Document | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()
        self._attempts = 0
        self._failure: AdapterError | httpx.HTTPError | ValidationError | None = None

    async def document(self) -> Document:
        """
        The document; callers that arrive during a read wait for its result and share its failure.

        Raises:
            PayloadError: The response is no discovery document, or it names an address on another origin.
            MissingSettingError: Its addresses have a placeholder without a value.
            UnsupportedStandardError: The API serves a Data Standard that the adapter does not know.
        """
        if (document := self._fresh_document()) is not None:
            return document
        attempts = self._attempts
        async with self._lock:
            if (document := self._fresh_document()) is not None:
                return document
            if attempts != self._attempts and self._failure is not None:
                raise self._failure.with_traceback(None)  # else that of each caller is appended
            return await self._read()

    async def token_url(self) -> str:
        """
        The address of the token endpoint.

        Raises:
            PayloadError: It is on another origin; then the settings must name it.
        """
        try:
            return str(resolve_link(self._root, (await self.document()).urls.oauth))
        except PayloadError:
            raise PayloadError(
                "a token endpoint on another origin, which `token_url` of the source must name"
            ) from None

    async def resource_url(self, resource: str) -> str:
        """The address of a resource's list; the data root in it need not contain `data/v3`."""
        data_root = resolve_link(self._root, (await self.document()).urls.dataManagementApi)
        return f"{str(data_root).rstrip('/')}/ed-fi/{resource}"

    async def change_versions_url(self) -> str | None:
        """The address of the newest change version; None if the API has no change queries."""
        link = (await self.document()).urls.changeQueries
        return (
            None if link is None else f"{str(resolve_link(self._root, link)).rstrip('/')}/availableChangeVersions"
        )

    async def standard(self) -> DataStandard:
        """The entry of the declared Data Standard; the entry of 5.0 if none is declared."""
        return _standard_of(await self.document())

    async def offers_page_tokens(self) -> bool:
        """Whether the API should have page tokens, by its declared version; a server may still refuse them."""
        return has_page_tokens(await self.document())

    @property
    def known_document(self) -> Document | None:
        """The document as it was last read; None as long as it was not."""
        return self._document

    def _fresh_document(self) -> Document | None:
        fresh = self._document is not None and self._clock() - self._read_at < DOCUMENT_LIFETIME_SECONDS
        return self._document if fresh else None

    async def _read(self) -> Document:
        """
        Read the document without credentials.

        One whose addresses are on another origin, or whose Data Standard is not supported, is refused.
        """
        try:
            response = await self._http.get(self._root, auth=None, extensions={"needed_by_all": True})
            document = read(response, DOCUMENT)
            self.has_years = names_a_school_year(document.urls)
            document = document.model_copy(update={"urls": self._values.complete(document.urls)})
            resolve_link(self._root, document.urls.dataManagementApi)
            _standard_of(document)
        except (AdapterError, httpx.HTTPError, ValidationError) as failure:
            self._attempts, self._failure = self._attempts + 1, failure
            raise
        self._attempts, self._failure = self._attempts + 1, None
        self._document, self._read_at = document, self._clock()
        return document


def has_page_tokens(document: Document) -> bool:
    """Whether an API of this version should have page tokens."""
    return (_version(document.version) or (0, 0)) >= PAGE_TOKENS_SINCE


def _standard_of(document: Document) -> DataStandard:
    """
    The entry of the Data Standard that a document declares.

    Raises:
        UnsupportedStandardError: The adapter does not know it.
    """
    return standard_of(_version(document.data_standard or "") or DEFAULT_DATA_STANDARD)


def _version(text: str) -> tuple[int, int] | None:
    """The major and minor number at the start of a text; None if there is none."""
    version = re.match(r"(\d{1,4})(?:\.(\d{1,4}))?", text)
    return (int(version[1]), int(version[2] or 0)) if version else None
