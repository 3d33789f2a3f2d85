"""
Finds out which filters and routes a server supports, by trying them.

Servers refuse a filter with a 400, ignore it, or answer it with no rows, and leave routes out. A filter or route
therefore counts as supported only after it has worked with values of rows that the server itself sent.

Adapters keep no state between calls, except for what belongs to the connection, such as a token. What a server
supports belongs to the connection, too: it is probed once for all callers, again after an hour, and again after a
failure.
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

RESULT_LIFETIME_SECONDS = 3600.0
"""How long the result of a probe is valid."""
MISSING_ROUTE_STATUSES = frozenset({404, 405, 501})
"""HTTP statuses that mean that the server does not have a route."""
UNSUPPORTED_FILTER_STATUSES = MISSING_ROUTE_STATUSES | {400, 422}
"""HTTP statuses that mean that the server does not support a filter."""


@dataclass(slots=True)
class _Result:
    """The result of one probe, or the error of the last attempt."""

    supported: bool | None = None
    finished_at: float = 0.0
    attempts: int = 0
    error: AdapterError | httpx.HTTPError | ValidationError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Probe:
    """What one server supports."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: Callable[[Resource[Any]], str],
        page_size: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._url, self._page_size, self._clock = http, url, page_size, clock
        self._results: dict[Hashable, _Result] = {}

    async def has_collection(self, resource: Resource[Any]) -> bool:
        """Whether the server has a collection."""
        return await self._result((resource.path,), lambda: self._probe_route(resource))

    async def supports_filter(self, resource: Resource[Any], by: Field, *, two_values: bool = False) -> bool:
        """Whether the server can filter a collection by a field, with one value or with two joined by `OR`."""
        return await self._result(
            (resource.path, by, two_values), lambda: self._probe_filter(resource, by, 1 + two_values)
        )

    async def has_nested_route(
        self, resource: Resource[Any], path: str, samples: Resource[Any], *id_fields: str
    ) -> bool:
        """
        Whether the server has the route `path` for rows of `resource` below another object.

        The ids in the path are taken from the `id_fields` of a row of `samples`.
        """
        return await self._result(
            (resource.path, path), lambda: self._probe_nested_route(resource, path, samples, id_fields)
        )

    async def _probe_route(self, resource: Resource[Any]) -> bool:
        response = await self._get(resource, limit=1)
        if response.status_code in MISSING_ROUTE_STATUSES:
            return False
        resource.read(response)
        return True

    async def _probe_filter(self, resource: Resource[Any], by: Field, value_count: int) -> bool:
        """Filter by values of the first rows. The filter works if it returns exactly rows of these values."""
        rows = await self._first_rows(resource)
        usable = (value for row in rows for value in row.values(by) if _is_usable(value))
        values = list(dict.fromkeys(usable))[:value_count]
        if len(values) < value_count:
            return False  # too few rows to find out; reading all of them costs as little
        response = await self._get(resource, limit=self._page_size, filter=str(one_of(by, values)))
        if response.status_code in UNSUPPORTED_FILTER_STATUSES:
            return False
        returned = {value for row in resource.read(response) for value in row.values(by)}
        return set(values) <= returned and {v.casefold() for v in returned} == {v.casefold() for v in values}

    async def _probe_nested_route(
        self, resource: Resource[Any], path: str, samples: Resource[Any], id_fields: tuple[str, ...]
    ) -> bool:
        for row in await self._first_rows(samples):
            ids = [next(filter(_is_usable, row.values(name)), None) for name in id_fields]
            if None not in ids:
                return await self._probe_route(resource.at(path.format(*ids)))
        return False

    async def _first_rows(self, resource: Resource[Any]) -> list[Any]:
        """The rows of the first page that are not deleted; empty if the server does not have the collection."""
        response = await self._get(resource, limit=self._page_size)
        if response.status_code in MISSING_ROUTE_STATUSES:
            return []
        return [row for row in resource.read(response) if not row.deleted]

    async def _get(self, resource: Resource[Any], **params: str | int) -> httpx.Response:
        return await self._http.get(self._url(resource), params={**params, "offset": 0})

    async def _result(self, key: Hashable, probe: Callable[[], Awaitable[bool]]) -> bool:
        """The valid result of a probe. Callers during an attempt wait for it and share its result or error."""
        result = self._results.setdefault(key, _Result())
        if (supported := self._valid(result)) is not None:
            return supported
        attempts = result.attempts
        async with result.lock:
            if (supported := self._valid(result)) is not None:
                return supported
            if attempts != result.attempts and result.error is not None:
                raise result.error
            return await self._attempt(result, probe)

    def _valid(self, result: _Result) -> bool | None:
        """The result if it has not expired; None if there is none."""
        return result.supported if self._clock() - result.finished_at < RESULT_LIFETIME_SECONDS else None

    async def _attempt(self, result: _Result, probe: Callable[[], Awaitable[bool]]) -> bool:
        try:
            result.supported, result.error = await probe(), None
        except (AdapterError, httpx.HTTPError, ValidationError) as error:
            result.supported, result.error = None, error
            raise
        finally:
            result.attempts += 1
        result.finished_at = self._clock()
        return result.supported


def _is_usable(value: str) -> bool:
    """Whether a value of a row can be sent in a filter and in a path."""
    try:
        return "/" not in literal(value)
    except AdapterError:
        return False
