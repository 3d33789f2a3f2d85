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
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.keys import is_path_segment, path_segment
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.oneroster.client.filters import (
    MAX_PREDICATES,
    STANDARD_PREDICATES,
    Field,
    is_literal,
    one_of,
)

RESULT_LIFETIME_SECONDS = 3600.0
"""How long the result of a probe is valid."""
MISSING_ROUTE_STATUSES = frozenset({404, 405, 501})
"""HTTP statuses that mean that the server does not have a route."""
UNSUPPORTED_FILTER_STATUSES = MISSING_ROUTE_STATUSES | {400, 422}
"""HTTP statuses that mean that the server does not support a filter."""


@dataclass(slots=True)
class _Result:
    """The result of one probe, or the error of the last attempt."""

    supported: int | None = None
    """A number, or a truth value as 0 or 1."""
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
        return bool(await self._result((resource.path,), lambda: self._probe_route(resource)))

    async def supports_filter(self, resource: Resource[Any], by: Field) -> bool:
        """Whether the server can filter a collection by one value of a field."""
        return bool(await self._result((resource.path, by, 1), lambda: self._probe_filter(resource, by, (1,))))

    async def max_filter_values(self, resource: Resource[Any], by: Field) -> int:
        """How many values of a field, joined by `OR`, a filter of a collection can have; 0 if it can have none."""
        sizes = (MAX_PREDICATES, STANDARD_PREDICATES, 1)
        return await self._result((resource.path, by, sizes), lambda: self._probe_filter(resource, by, sizes))

    async def has_nested_route(
        self, resource: Resource[Any], path: str, samples: Resource[Any], *id_fields: str
    ) -> bool:
        """
        Whether the server has the route `path` for rows of `resource` below another object.

        The ids in the path are taken from the `id_fields` of a row of `samples`.
        """
        return bool(
            await self._result(
                (resource.path, path), lambda: self._probe_nested_route(resource, path, samples, id_fields)
            )
        )

    async def _probe_route(self, resource: Resource[Any]) -> bool:
        response = await self._get(resource, limit=1)
        if response.status_code in MISSING_ROUTE_STATUSES:
            return False
        resource.read(response)
        return True

    async def _probe_filter(self, resource: Resource[Any], by: Field, sizes: Sequence[int]) -> int:
        """
        Filter by values of the first rows, as many as each of `sizes`; return the first number that works.

        A filter works if it returns exactly rows of these values. Returns 0 if none works, or if the rows have
        too few values to find out; reading all of so few rows costs as little.
        """
        rows = await self._first_rows(resource)
        usable = (value for row in rows for value in row.values(by) if is_literal(value))
        values = list(dict.fromkeys(usable))
        for size in sizes:
            if size <= len(values) and await self._returns_exactly(resource, by, values[:size]):
                return size
        return 0

    async def _returns_exactly(self, resource: Resource[Any], by: Field, values: list[str]) -> bool:
        """Whether a filter by the values returns rows with each of them, and with no other."""
        response = await self._get(resource, limit=self._page_size, filter=str(one_of(by, values)))
        if response.status_code in UNSUPPORTED_FILTER_STATUSES:
            return False
        returned = {value for row in resource.read(response) for value in row.values(by)}
        return set(values) <= returned and {v.casefold() for v in returned} == {v.casefold() for v in values}

    async def _probe_nested_route(
        self, resource: Resource[Any], path: str, samples: Resource[Any], id_fields: tuple[str, ...]
    ) -> bool:
        for row in await self._first_rows(samples):
            ids = [value for name in id_fields for value in row.values(name) if is_path_segment(value)]
            if len(ids) == len(id_fields):
                return await self._probe_route(resource.at(path.format(*map(path_segment, ids))))
        return False

    async def _first_rows(self, resource: Resource[Any]) -> list[Any]:
        """The active rows of the first page; empty if the server does not have the collection."""
        response = await self._get(resource, limit=self._page_size)
        if response.status_code in MISSING_ROUTE_STATUSES:
            return []
        return [row for row in resource.read(response) if row.is_active]

    async def _get(self, resource: Resource[Any], **params: str | int) -> httpx.Response:
        return await self._http.get(self._url(resource), params={**params, "offset": 0})

    async def _result(self, key: Hashable, probe: Callable[[], Awaitable[int]]) -> int:
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

    def _valid(self, result: _Result) -> int | None:
        """The result if it has not expired; None if there is none."""
        return result.supported if self._clock() - result.finished_at < RESULT_LIFETIME_SECONDS else None

    async def _attempt(self, result: _Result, probe: Callable[[], Awaitable[int]]) -> int:
        try:
            result.supported, result.error = await probe(), None
        except (AdapterError, httpx.HTTPError, ValidationError) as error:
            result.supported, result.error = None, error
            raise
        finally:
            result.attempts += 1
        result.finished_at = self._clock()
        return result.supported
