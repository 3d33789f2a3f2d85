"""
`POST /hooks/{district}/{source}`: a vendor says that something changed, and what is kept of it is forgotten.

A call is signed: `X-Student-Graph-Signature: sha256=HEX` is the HMAC-SHA256, under the source's secret, of what
`X-Student-Graph-Timestamp` says (seconds since 1970), a full stop and the body. It holds no record and shows none:
everything refused looks the same, whether there is such a source or not.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from student_graph.adapters.model import DistrictId
from student_graph.gateway.cache import Purge
from student_graph.gateway.web.purge import Forget, Wanted, bounded_body, wanted_in
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.token_bucket import TokenBucket

WINDOW = 300
"""Seconds by which a call's time may differ from ours; within it the same call counts once."""
REMEMBERED = 100_000
"""Calls of the window that are remembered; more than the rate lets through."""
RATE, BURST = 10.0, 60
"""Calls a second that a source may make, and how many at once after a silence."""

Secrets: TypeAlias = Mapping[tuple[str, str], bytes]
"""By district and source."""


class Webhooks:
    """The vendors' way to the cache."""

    def __init__(self, keys: Secrets, forget: Forget, clock: Callable[[], float] = time.time) -> None:
        """Take calls signed with a source's key; `clock` tells seconds since 1970."""
        self._keys = keys
        self._forget = forget
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._decoy = secrets.token_bytes(32)
        """Stands in for the key of a source that takes no calls, so that refusing it takes as long."""
        self._buckets = {name: TokenBucket(RATE, BURST) for name in keys}
        self._others = TokenBucket(RATE, BURST)

    def routes(self) -> list[Route]:
        """`/hooks/{district}/{source}`."""
        return [Route("/hooks/{district}/{source}", self._call, methods=["POST"])]

    async def _call(self, request: Request) -> Response:
        name = (request.path_params["district"], request.path_params["source"])
        if not self._buckets.get(name, self._others).take(time.monotonic()):
            return JSONResponse({"error": "too many calls"}, 429, {"Retry-After": "1"})
        try:
            body = await bounded_body(request)
            if not self._genuine(name, request, body):
                return JSONResponse({"error": "not signed as it must be"}, 401)
            wanted = _wanted(body)
        except BadRequestError as refused:
            return JSONResponse({"error": refused.message}, refused.status)
        await self._forget(
            Purge(
                district=DistrictId(name[0]),
                source=name[1],
                records=wanted.records,
                students=wanted.students,
                own=True,
            )
        )
        return Response(status_code=204)

    def _genuine(self, name: tuple[str, str], request: Request, body: bytes) -> bool:
        """Whether the source's holder of the key made the call, now, and not before."""
        told = request.headers.get("x-student-graph-timestamp", "")
        given = request.headers.get("x-student-graph-signature", "").encode("latin-1", "replace")
        right = signature(self._keys.get(name, self._decoy), told, body)
        signed = hmac.compare_digest(given, right.encode())
        now = self._clock()
        current = told.isascii() and told.isdecimal() and len(told) < 12 and abs(now - int(told)) <= WINDOW
        return signed and current and name in self._keys and self._first(right, now)

    def _first(self, call: str, now: float) -> bool:
        """Whether a call was not made before, within the window."""
        while self._seen and (next(iter(self._seen.values())) < now - 2 * WINDOW or len(self._seen) > REMEMBERED):
            self._seen.popitem(last=False)
        if call in self._seen:
            return False
        self._seen[call] = now
        return True


def _wanted(body: bytes) -> Wanted:
    """
    What a call says is to be forgotten.

    Raises:
        RefusedError: it cannot be read, or says whose it is: the address does.
    """
    wanted = wanted_in(body)
    if wanted.district or wanted.source:
        raise BadRequestError(400, "district, source: they stand in the address; leave them out")
    return wanted


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """How a call made at that time is signed."""
    return (
        "sha256=" + hmac.new(key, timestamp.encode("latin-1", "replace") + b"." + body, hashlib.sha256).hexdigest()
    )
