"""`POST /cache/purge`: an operator removes entries from the cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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
from student_graph.gateway.web.request import BadRequestError, read_body
from student_graph.gateway.web.response import error_response, operator_error
from student_graph.resolvers.context import Viewer

PurgeCache: TypeAlias = Callable[[Purge], Awaitable[int]]
"""Removes cache entries in all processes, and returns the number of entries removed in this one."""

RECORD_TYPES = frozenset(lookup.record_type.__name__ for lookup in lookups_of(Adapter))
"""Names of the record types that cache entries hold."""
MAX_STUDENTS_PER_PURGE = 1000


class PurgeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request to remove cache entries; an empty member selects everything."""

    district: str = ""
    source: str | None = None
    records: frozenset[str] = frozenset()
    students: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PurgeRoutes:
    """The route with which operators remove cache entries."""

    districts: Mapping[DistrictId, District]
    authenticator: Authenticator
    purge_cache: PurgeCache

    def routes(self) -> list[Route]:
        """Return the route `/cache/purge`."""
        return [Route("/cache/purge", self._handle, methods=["POST"])]

    async def _handle(self, request: Request) -> JSONResponse:
        viewer = await self.authenticator.viewer(request.headers.get("authorization", ""))
        if viewer is None or not viewer.operator:
            return operator_error(viewer)
        try:
            purge = self._purge(parse_purge_request(await read_body(request.receive)), viewer)
        except BadRequestError as error:
            return error_response(error.status, error.message, error.code)
        return JSONResponse({"forgotten": await self.purge_cache(purge)})

    def _purge(self, request: PurgeRequest, viewer: Viewer) -> Purge:
        """
        Return the purge that an operator asks for.

        Raises:
            BadRequestError: the operator has no such district, or it has no such source.
        """
        district = self.districts.get(DistrictId(request.district))
        if district is None or district.id not in viewer.districts:
            raise BadRequestError(400, "district: there is no such district")
        names = {source.name for source in district.sources}
        if request.source is not None and request.source not in names:
            message = f"source: the district has no such source; it has {', '.join(sorted(names))}"
            raise BadRequestError(400, message)
        return Purge(
            district=district.id, source=request.source, records=request.records, students=request.students
        )


def parse_purge_request(body: bytes) -> PurgeRequest:
    """
    Parse the body of a request to remove cache entries; an empty body selects everything.

    Raises:
        BadRequestError: a member is unknown or not allowed.
    """
    try:
        request: PurgeRequest = msgspec.json.decode(body or b"{}", type=PurgeRequest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = "Send one JSON object with at most 'district', 'source', 'records' and 'students'."
        raise BadRequestError(400, message) from None
    if unknown := sorted(request.records - RECORD_TYPES):
        raise BadRequestError(400, f"records: there is no record type {unknown[0]!r:.60}")
    if len(request.students) > MAX_STUDENTS_PER_PURGE:
        message = f"students: more than {MAX_STUDENTS_PER_PURGE}; leave them out to purge the data of all students"
        raise BadRequestError(400, message)
    return request
