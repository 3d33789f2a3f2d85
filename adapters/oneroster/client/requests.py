"""How the lookups of this adapter read a server: every page, live rows only, the cheapest way that it offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from student_graph.adapters.auth import ClientCredentials
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.keys import path_id
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.api.gradebook import ASSESSMENT_LINE_ITEMS, LINE_ITEMS
from student_graph.adapters.oneroster.api.payload import Item, Resource
from student_graph.adapters.oneroster.api.rostering import STUDENTS
from student_graph.adapters.oneroster.client.filters import Field, Filter, Predicate, literal
from student_graph.adapters.oneroster.client.probe import Probe
from student_graph.adapters.paging import collect_pages, offset_pages

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Item)


@dataclass(frozen=True, slots=True)
class Related(Generic[R]):
    """Rows that belong to another object, and where a server may have them."""

    resource: Resource[R]
    field: Field
    """The field that names the other object."""
    inside: str = ""
    """Their route inside the other object, such as `classes/{}/results`; empty where the standard has none."""


class OneRosterAccess(Adapter):
    """A connection to one OneRoster server."""

    settings: OneRosterSettings

    def __init__(self, name: str, settings: OneRosterSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.probe = Probe(http, self.url, settings.page_size)

    def auth(self) -> httpx.Auth:
        """OAuth 2.0 client credentials, or a signature over each request."""
        known = self.settings
        if known.auth == "oauth1":
            return OAuth1(known.client_id, known.client_secret, origin=known.base_url, method=known.signature)
        return ClientCredentials(
            known.client_id,
            known.client_secret,
            token_url=str(known.token_url or f"{str(known.base_url).rstrip('/')}/oauth/token"),
            origin=known.base_url,
            scope=known.wanted_scopes or None,
        )

    async def check(self) -> str:
        """Ask for one student, and say which services answer these credentials."""
        response = await self.http.get(self.url(STUDENTS), params={"limit": 1, "offset": 0})
        STUDENTS.read(response)
        services = ["rostering"]
        services += ["gradebook"] if await self._granted(LINE_ITEMS) else []
        services += ["assessments"] if await self._granted(ASSESSMENT_LINE_ITEMS) else []
        return f"OneRoster {self.settings.version}, {' + '.join(services)}"

    def url(self, resource: Resource[Any]) -> str:
        """Where a collection is: version 1.1 has one root, 1.2 one for each service."""
        service = "v1p1" if self.settings.version == "1.1" else f"{resource.service}/v1p2"
        return f"{str(self.settings.base_url).rstrip('/')}/ims/oneroster/{service}/{resource.path}"

    async def rows(self, resource: Resource[R], asked: Filter | None = None) -> list[R]:
        """All live rows, each once; servers clamp pages and leave out totals, so they end with an empty page."""
        params = {} if asked is None else {"filter": str(asked)}
        pages = offset_pages(self.http, self.url(resource), params, resource.read, limit=self.settings.page_size)
        return [row for row in await collect_pages(pages, key=lambda row: row.sourcedId) if row.live]

    async def one(self, resource: Resource[R], sourced_id: str) -> R | None:
        """The object of an id; None where there is none, or one on its way out."""
        response = await self.http.get(f"{self.url(resource)}/{path_id(sourced_id)}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        row = resource.read_one(response)
        return row if row.live and row.sourcedId == sourced_id else None

    async def by_ids(self, resource: Resource[R], ids: Iterable[str], rows: float) -> dict[str, R]:
        """Objects by id: one by one, or all where that takes fewer calls; about so many `rows` there are."""
        wanted = set(ids)
        if len(wanted) > self.settings.pages(rows):
            return {row.sourcedId: row for row in await self.rows(resource) if row.sourcedId in wanted}
        order = sorted(wanted)

        async def read(each: str) -> R | None:
            return await self.one(resource, each)

        # The first alone: a server that refuses us is not asked for all the others.
        return whole(await self.gather_by_key(order[:1], read)) | whole(await self.gather_by_key(order[1:], read))

    async def related(self, kind: Related[R], ids: Iterable[str]) -> dict[str, list[R] | AdapterError]:
        """
        For each object the rows that belong to it.

        By a filter that was seen to work, by a route inside the object, or by reading everything once.
        """
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        if await self.probe.filters(kind.resource, kind.field):
            return await self.gather_by_key(wanted, lambda one: self.equal(kind.resource, kind.field, one))
        if kind.inside and await self.probe.nests(kind.resource, kind.inside, kind.resource, kind.field):
            return await self.gather_by_key(
                wanted, lambda one: self.nested(kind.resource, kind.inside, one, field=kind.field)
            )
        found: dict[str, list[R] | AdapterError] = {one: [] for one in wanted}
        for row in await self.rows(kind.resource):
            for value in row.values(kind.field):
                if isinstance(rows := found.get(value), list):
                    rows.append(row)
        return found

    async def equal(self, resource: Resource[R], field: Field, value: str) -> list[R]:
        """Rows whose field has the value: servers match without regard to case, or ignore a filter."""
        rows = await self.rows(resource, Predicate(field, "=", literal(value)))
        return [row for row in rows if value in row.values(field)]

    async def nested(self, resource: Resource[R], inside: str, *ids: str, field: str = "") -> list[R]:
        """
        Rows at their route inside another object; none where that is not there.

        Rows that name another object than the last of the ids in `field` are left out.
        """
        try:
            rows = await self.rows(resource.under(inside.format(*map(path_id, ids))))
        except httpx.HTTPStatusError as refused:
            if refused.response.status_code == httpx.codes.NOT_FOUND:
                return []
            raise
        return [row for row in rows if ids[-1] in (named := list(row.values(field))) or not named]

    async def gather_by_key(
        self, keys: Sequence[K], read: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """What `read` finds for each key, side by side."""
        return await gather_by_key(keys, read, self.settings.concurrency)

    async def _granted(self, resource: Resource[Any]) -> bool:
        """Whether a service is there and open to these credentials."""
        try:
            return await self.probe.offers(resource)
        except httpx.HTTPStatusError as refused:
            if refused.response.status_code == httpx.codes.FORBIDDEN:
                return False
            raise


def whole(batch: dict[K, V | AdapterError]) -> dict[K, V]:
    """
    A batch whose parts are needed all.

    Raises:
        AdapterError: one of them failed.
    """
    found: dict[K, V] = {}
    for key, answer in batch.items():
        if isinstance(answer, AdapterError):
            raise answer
        found[key] = answer
    return found
