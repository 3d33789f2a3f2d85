"""`POST /cache/purge`: an operator removes answers from the cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookups_of
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.cache import Purge
from student_graph.gateway.web.request import MAX_BODY, BadRequestError

Forget: TypeAlias = Callable[[Purge], Awaitable[int]]
"""Forgets what a purge takes, here and wherever else it is kept; how many answers were forgotten here."""

RECORDS = frozenset(lookup.record_type.__name__ for lookup in lookups_of(Adapter))
"""Names of the types of record that answers hold."""
MOST = 1000
"""Students that one purge may name."""


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be forgotten, as a request says it."""

    district: str = ""
    source: str | None = None
    records: frozenset[str] = frozenset()
    students: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PurgeRoutes:
    """The operators' way to the cache."""

    districts: Mapping[DistrictId, District]
    viewers: Authenticator
    forget: Forget

    def routes(self) -> list[Route]:
        """`/cache/purge`."""
        return [Route("/cache/purge", self._purge, methods=["POST"])]

    async def _purge(self, request: Request) -> JSONResponse:
        viewer = await self.viewers.viewer(request.headers.get("authorization", ""))
        if viewer is None or not viewer.operator:
            return JSONResponse({"error": "Send the token of an operator."}, 401 if viewer is None else 403)
        try:
            purge = self._told(await bounded_body(request))
        except BadRequestError as refused:
            return JSONResponse({"error": refused.message}, refused.status)
        if purge.district not in viewer.districts:
            return JSONResponse({"error": "district: it is none of this operator's"}, 403)
        return JSONResponse({"forgotten": await self.forget(purge)})

    def _told(self, body: bytes) -> Purge:
        """
        What is to be forgotten.

        Raises:
            RefusedError: it cannot be read, or names what is not there.
        """
        wanted = wanted_in(body)
        district = self.districts.get(DistrictId(wanted.district))
        if district is None:
            raise BadRequestError(400, "district: there is no such district")
        names = {source.name for source in district.sources}
        if wanted.source is not None and wanted.source not in names:
            raise BadRequestError(
                400, f"source: the district has no such source; it has {', '.join(sorted(names))}"
            )
        return Purge(district=district.id, source=wanted.source, records=wanted.records, students=wanted.students)


async def bounded_body(request: Request) -> bytes:
    """
    The body, read no further than it may be long.

    Raises:
        RefusedError: it is longer.
    """
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MAX_BODY:
            raise BadRequestError(413, f"The request is longer than {MAX_BODY // 1024} KiB.")
    return bytes(parts)


def wanted_in(body: bytes) -> Wanted:
    """
    What a body says is to be forgotten; an empty one says everything.

    Raises:
        RefusedError: it is no JSON object of that shape, or names a type of record that there is not.
    """
    try:
        wanted: Wanted = _decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = "Send one JSON object with at most 'district', 'source', 'records' and 'students'."
        raise BadRequestError(400, message) from None
    if unknown := sorted(wanted.records - RECORDS):
        raise BadRequestError(400, f"records: there is no type of record {unknown[0]!r:.60}")
    if len(wanted.students) > MOST:
        raise BadRequestError(400, f"students: more than {MOST}; leave them out to forget everybody's")
    return wanted


_decode: Callable[[bytes], Any] = msgspec.json.Decoder(Wanted).decode
