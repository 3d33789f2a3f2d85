"""
Which ways to its rows a server offers, found out by asking it.

Servers refuse a filter with 400, ignore it, or answer it with no rows at all, and leave routes out. So nothing
counts as offered but what was seen to work, with values of rows that the server itself sent.

An adapter keeps no state between calls, and this is the exception: like a token, what a server offers belongs to
the connection. It is asked once for all who need it, again after an hour, and again after a failure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.oneroster.api.payload import Resource
from student_graph.adapters.oneroster.client.filters import Field, literal, one_of

KEPT = 3600.0
"""Seconds for which a finding is good."""
ABSENT = frozenset({404, 405, 501})
"""Statuses of a route that is not there."""
REFUSED = ABSENT | {400, 422}
"""Statuses of a question that the server does not take."""


@dataclass(slots=True)
class _Finding:
    """What was found, and when; or how the last attempt failed."""

    offered: bool | None = None
    at: float = 0.0
    attempts: int = 0
    failure: AdapterError | httpx.HTTPError | ValidationError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Probe:
    """What one server offers."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: Callable[[Resource[Any]], str],
        page_size: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._url, self._page_size, self._clock = http, url, page_size, clock
        self._findings: dict[Hashable, _Finding] = {}

    async def offers(self, resource: Resource[Any]) -> bool:
        """Whether a collection is there at all."""
        return await self._found((resource.path,), lambda: self._there(resource))

    async def filters(self, resource: Resource[Any], by: Field, *, either: bool = False) -> bool:
        """Whether a collection can be filtered by a field, and by two values of it at once."""
        return await self._found((resource.path, by, either), lambda: self._filters(resource, by, 1 + either))

    async def nests(self, resource: Resource[Any], inside: str, sample: Resource[Any], *by: str) -> bool:
        """Whether rows inside another object have a route; its ids are the fields `by` of a row of `sample`."""
        return await self._found((resource.path, inside), lambda: self._nests(resource, inside, sample, by))

    async def _there(self, resource: Resource[Any]) -> bool:
        response = await self._get(resource, limit=1)
        if response.status_code in ABSENT:
            return False
        resource.read(response)
        return True

    async def _filters(self, resource: Resource[Any], by: Field, values: int) -> bool:
        told = (value for row in await self._sample(resource) for value in row.values(by) if _sendable(value))
        wanted = list(dict.fromkeys(told))[:values]
        if len(wanted) < values:
            return False  # too few rows to tell: reading them all costs as little
        response = await self._get(resource, limit=self._page_size, filter=str(one_of(by, wanted)))
        if response.status_code in REFUSED:
            return False
        found = {value for row in resource.read(response) for value in row.values(by)}
        return set(wanted) <= found and {each.casefold() for each in found} == {each.casefold() for each in wanted}

    async def _nests(
        self, resource: Resource[Any], inside: str, sample: Resource[Any], by: tuple[str, ...]
    ) -> bool:
        for row in await self._sample(sample):
            ids = [next(filter(_sendable, row.values(field)), None) for field in by]
            if None not in ids:
                return await self._there(resource.under(inside.format(*ids)))
        return False

    async def _sample(self, resource: Resource[Any]) -> list[Any]:
        """The first rows of a collection that are not on their way out."""
        response = await self._get(resource, limit=self._page_size)
        if response.status_code in ABSENT:
            return []
        return [row for row in resource.read(response) if row.live]

    async def _get(self, resource: Resource[Any], **params: str | int) -> httpx.Response:
        return await self._http.get(self._url(resource), params={**params, "offset": 0})

    async def _found(self, question: Hashable, ask: Callable[[], Awaitable[bool]]) -> bool:
        """What was found; whoever asks while it is being found out waits for that attempt, also when it fails."""
        finding = self._findings.setdefault(question, _Finding())
        if (known := self._known(finding)) is not None:
            return known
        attempts = finding.attempts
        async with finding.lock:
            if (known := self._known(finding)) is not None:
                return known
            if attempts != finding.attempts and finding.failure is not None:
                raise finding.failure
            return await self._attempt(finding, ask)

    def _known(self, finding: _Finding) -> bool | None:
        return finding.offered if self._clock() - finding.at < KEPT else None

    async def _attempt(self, finding: _Finding, ask: Callable[[], Awaitable[bool]]) -> bool:
        try:
            finding.offered, finding.failure = await ask(), None
        except (AdapterError, httpx.HTTPError, ValidationError) as failure:
            finding.offered, finding.failure = None, failure
            raise
        finally:
            finding.attempts += 1
        finding.at = self._clock()
        return finding.offered


def _sendable(value: str) -> bool:
    """Whether a value of a row can be asked for in a filter and in a path."""
    try:
        return "/" not in literal(value)
    except AdapterError:
        return False
