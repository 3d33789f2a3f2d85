"""
`POST /hooks/{district}/{source}`: a vendor reports a change, and the changed data is removed from the cache.

A call is signed: `X-Student-Graph-Signature: sha256=HEX` is the HMAC-SHA256, under the source's secret, of the
header `X-Student-Graph-Timestamp` (seconds since 1970), a full stop and the body. A call contains no records, and
its response shows none. All refused calls get the same response, whether the source exists or not. They have a
rate of their own for each address, so that no stranger uses up the rate of a source.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from student_graph.adapters.model import DistrictId
from student_graph.gateway.cache import Purge
from student_graph.gateway.web.refusal_pacing import address_key
from student_graph.gateway.web.request import BadRequestError, read_body
from student_graph.gateway.web.response import error_response
from student_graph.gateway.web.routes.purge import PurgeCache, PurgeRequest, parse_purge_request
from student_graph.gateway.web.token_bucket import TokenBucket, TokenBuckets

MAX_CLOCK_DIFFERENCE_SECONDS = 300
"""Largest difference between a call's timestamp and the gateway's clock; within it, a repeated call is refused."""
CALL_VALID_SECONDS = 2 * MAX_CLOCK_DIFFERENCE_SECONDS
"""How long a call is valid: its timestamp may be ahead of our clock by the largest difference, or behind it."""
MAX_TIMESTAMP_DIGITS = 11
MAX_REMEMBERED_CALLS = 100_000
"""Accepted calls that are remembered to refuse their repetition; the rate limit admits fewer in that time."""
CALLS_PER_SECOND, CALLS_BURST = 10.0, 60
"""Rate and burst at which one source may call."""
REFUSED_CALLS_PER_SECOND, REFUSED_CALLS_BURST = 10.0, 60
"""Rate and burst at which refused calls of one address get the reason; beyond that they get 429."""

WebhookKeys: TypeAlias = Mapping[tuple[str, str], bytes]
"""HMAC key of each source that reports changes, by district and source."""


class Webhooks:
    """The route with which vendors report changes."""

    def __init__(
        self,
        keys: WebhookKeys,
        purge_cache: PurgeCache,
        claim: Callable[[str, int], Awaitable[bool]] | None = None,
        *,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Accept calls that are signed with a source's key.

        `claim` says whether no other process has accepted a call; None if there is no other. `wall_clock` is in
        Unix seconds, `clock` monotonic.
        """
        self._claim = claim
        self._keys, self._clock = keys, clock
        self._purge_cache = purge_cache
        self._wall_clock = wall_clock
        self._accepted: TTLCache[str, None] = TTLCache(
            MAX_REMEMBERED_CALLS, ttl=CALL_VALID_SECONDS, timer=wall_clock
        )
        """Signatures of accepted calls."""
        self._decoy_key = secrets.token_bytes(32)
        """Key for a source that has none, so that its calls take as long to refuse."""
        self._source_buckets = {source: TokenBucket(CALLS_PER_SECOND, CALLS_BURST) for source in keys}
        self._address_buckets = TokenBuckets(REFUSED_CALLS_PER_SECOND, REFUSED_CALLS_BURST)

    def routes(self) -> list[Route]:
        """Return the route `/hooks/{district}/{source}`."""
        return [Route("/hooks/{district}/{source}", self._handle, methods=["POST"])]

    async def _handle(self, request: Request) -> Response:
        district, source = request.path_params["district"], request.path_params["source"]
        try:
            body = await read_body(request.receive)
            signed = self._valid_signature((district, source), request, body)
            if signed is None:
                within_rate = self._address_buckets.take(_address(request), self._clock())
                if not within_rate:
                    return _too_many_calls()
                return error_response(401, "the signature is not valid", "UNAUTHENTICATED")
            if not self._source_buckets[district, source].take(self._clock()):
                return _too_many_calls()  # and it is not remembered: the source may send it again
            self._accepted[signed] = None
            if self._claim is not None and not await self._claim(f"webhook:{signed}", CALL_VALID_SECONDS):
                return error_response(401, "the signature is not valid", "UNAUTHENTICATED")
            change = _parse_change(body)
        except BadRequestError as error:
            return error_response(error.status, error.message, error.code)
        await self._purge_cache(
            Purge(
                district=DistrictId(district),
                source=source,
                records=change.records,
                students=change.students,
                own=True,
            )
        )
        return Response(status_code=204)

    def _valid_signature(self, source: tuple[str, str], request: Request, body: bytes) -> str | None:
        """The signature of a call that the source signed recently and that is no repetition, or None."""
        timestamp = request.headers.get("x-student-graph-timestamp", "")
        received = request.headers.get("x-student-graph-signature", "").encode("latin-1", "replace")
        expected = signature(self._keys.get(source, self._decoy_key), timestamp, body)
        is_signed = hmac.compare_digest(received, expected.encode())
        is_valid = is_signed and source in self._keys and self._is_recent(timestamp)
        return expected if is_valid and expected not in self._accepted else None

    def _is_recent(self, timestamp: str) -> bool:
        is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= MAX_TIMESTAMP_DIGITS
        return is_number and abs(self._wall_clock() - int(timestamp)) <= MAX_CLOCK_DIFFERENCE_SECONDS


def _too_many_calls() -> JSONResponse:
    return error_response(429, "too many calls", "RATE_LIMITED", {"Retry-After": "1"})


def _address(request: Request) -> object:
    return address_key(request.client.host if request.client else "")


def _parse_change(body: bytes) -> PurgeRequest:
    """
    Parse the body of a call: the records and students that changed.

    Raises:
        BadRequestError: it cannot be parsed, or names a district or source, which are in the URL.
    """
    change = parse_purge_request(body)
    if change.district or change.source:
        raise BadRequestError(400, "district, source: they are in the URL; leave them out")
    return change


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of a call with this timestamp and body."""
    content = timestamp.encode("latin-1", "replace") + b"." + body
    return f"sha256={hmac.new(key, content, hashlib.sha256).hexdigest()}"
