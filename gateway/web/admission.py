"""Admission: which viewer sends a request, for which purpose, and whether it is handled at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web import media_types
from student_graph.gateway.web.load_shedding import LoadShedder, ViewerLimitError
from student_graph.gateway.web.request import (
    BREAK_GLASS_HEADER,
    EXPLAIN_HEADER,
    PURPOSE_HEADER,
    BadRequestError,
    GraphQLRequest,
    RequestHead,
    check_content_type,
    parse_body,
    parse_max_age,
    parse_query_string,
)
from student_graph.gateway.web.token_bucket import TokenBuckets
from student_graph.resolvers.context import Viewer, ViewerRole

MAX_AGE_REQUESTS_PER_SECOND, MAX_AGE_REQUESTS_BURST = 1.0, 20
"""Rate and burst at which a viewer may limit the age of cached data: each such request costs vendor calls."""
MAX_PURPOSE_CHARACTERS = 64


CheckBody = Callable[[Sequence[bytes]], None]
"""Checks the parts of a response's body; raises BadRequestError if the response is not to be sent."""


@dataclass(slots=True)
class AdmittedRequest:
    """A request of a known viewer, its payload not yet parsed."""

    head: RequestHead
    viewer: Viewer
    payload: bytes
    """The body, or the URL's query string for a GET request."""
    media_type: str
    """Media type of the response."""
    max_age: timedelta | None
    """Greatest age of cached data that the client accepts; None for any."""
    check_body: CheckBody | None = None
    """Refuses a response before its disclosures are recorded; None to send any response."""

    @property
    def cache_key(self) -> Hashable:
        """Key of the cached response: equal for requests that have the same response."""
        return (self.viewer, self.head.method, blake2b(self.payload, digest_size=20).digest())

    @property
    def explain(self) -> bool:
        """Whether the response explains how the operation is executed."""
        return self.head.headers[EXPLAIN_HEADER] != ""

    def parse(self) -> GraphQLRequest:
        """
        Parse the payload.

        Raises:
            BadRequestError: it is not a GraphQL request.
        """
        return parse_query_string(self.payload) if self.head.method == "GET" else parse_body(self.payload)


@dataclass(frozen=True, slots=True)
class Purposes:
    """Which purposes requests may or must state."""

    known: frozenset[str] = frozenset()
    """Purposes that a request may state; empty for any."""
    required: bool = False
    """Whether every request must state a purpose."""


class Admission:
    """Authenticates viewers, and refuses requests that are not handled."""

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        get: bool = False,
        purposes: Purposes | None = None,
        load_shedder: LoadShedder | None = None,
        use_ticket: Callable[[Viewer, str], Viewer] | None = None,
    ) -> None:
        """
        Admit viewers of `authenticator`; `get` also admits GET requests, which have their variables in the URL.

        `use_ticket` returns a viewer with the rights of a break-glass ticket; None if break-glass is not set up.
        """
        self._authenticator = authenticator
        self._get = get
        self._purposes = purposes or Purposes()
        self._load_shedder = load_shedder or LoadShedder()
        self._use_ticket = use_ticket
        self._max_age_buckets = TokenBuckets(MAX_AGE_REQUESTS_PER_SECOND, MAX_AGE_REQUESTS_BURST)

    async def viewer(self, head: RequestHead, *, acceptable: bool) -> Viewer:
        """
        Return the viewer who sends a request, with the request's purpose and break-glass rights.

        `acceptable` says whether the client accepts a media type that the gateway offers.

        Raises:
            BadRequestError: the request is refused by its head.
        """
        if head.method != "POST" and not (self._get and head.method == "GET"):
            allowed = ("GET", "POST") if self._get else ("POST",)
            message = f"Send queries by {' or '.join(allowed)}."
            raise BadRequestError(405, message, headers={"Allow": ", ".join(allowed)})
        check_content_type(head)
        if not acceptable:
            raise BadRequestError(406, f"Accept {media_types.GRAPHQL} or {media_types.JSON}.")
        authorization = head.headers[b"authorization"]
        viewer = await self._authenticator.viewer(authorization)
        if viewer is None:
            raise _unauthenticated(authorization)
        if head.headers[EXPLAIN_HEADER] and not viewer.operator:
            raise BadRequestError(403, "Only operators may see how an operation is executed.", "FORBIDDEN")
        purpose = self._purpose(head.headers[PURPOSE_HEADER])
        if ticket := head.headers[BREAK_GLASS_HEADER]:
            viewer = self._viewer_with_ticket(viewer, ticket)
        return viewer if purpose is None else replace(viewer, purpose=purpose)

    def _viewer_with_ticket(self, viewer: Viewer, ticket: str) -> Viewer:
        """
        Return the viewer with the rights of a break-glass ticket.

        Raises:
            BadRequestError: the ticket is not valid.
        """
        if self._use_ticket is None:
            message = "Student-Graph-Break-Glass: break-glass is not set up on this gateway."
            raise BadRequestError(403, message, "FORBIDDEN")
        return self._use_ticket(viewer, ticket)

    def admit_head(self, viewer: Viewer) -> AbstractContextManager[None]:
        """
        Admit one more request of a viewer, whose body may still have to come.

        Raises:
            BadRequestError: the viewer sends too many requests.
            OverloadError: the process has too much to do.
        """
        try:
            is_service = viewer.role is ViewerRole.SERVICE
            return self._load_shedder.admit_viewer(viewer.person, bulk=is_service, districts=viewer.districts)
        except ViewerLimitError as error:
            message = "You send too many requests; try again soon."
            headers = {"Retry-After": str(math.ceil(error.retry_after))}
            raise BadRequestError(429, message, "RATE_LIMITED", headers) from None

    def admit(self, viewer: Viewer) -> AbstractContextManager[object]:
        """
        Admit a viewer's request that was received completely; it is in flight inside the returned context.

        Raises:
            OverloadError: the process has too much to do.
        """
        is_service = viewer.role is ViewerRole.SERVICE
        return self._load_shedder.admit(viewer.person, bulk=is_service, districts=viewer.districts)

    @contextmanager
    def admit_again(self, viewer: Viewer) -> Iterator[None]:
        """
        Admit work that goes on for a viewer who is served already; it is in flight inside the context.

        It counts against the viewer's limits, and is refused before all requests of people.

        Raises:
            OverloadError: the viewer has too many requests, or the process has too much to do.
        """
        shedder, person, districts = self._load_shedder, viewer.person, viewer.districts
        with (
            shedder.admit_viewer(person, bulk=True, districts=districts),
            shedder.admit(person, bulk=True, districts=districts),
        ):
            yield

    def _purpose(self, header: str) -> str | None:
        """
        Return the purpose that a request states in a header; None if it states none and need not.

        Raises:
            BadRequestError: the purpose is missing, unknown, too long or cannot be shown on a terminal.
        """
        if not header and not self._purposes.required:
            return None
        stated = _decode_utf8(header)
        is_text = 0 < len(stated) <= MAX_PURPOSE_CHARACTERS and stated.isprintable()
        if is_text and stated in (self._purposes.known or {stated}):
            return stated
        choices = f"one of {', '.join(sorted(self._purposes.known))}, " if self._purposes.known else ""
        message = (
            "State the purpose of the request as 'Student-Graph-Purpose: PURPOSE', "
            f"{choices}in at most {MAX_PURPOSE_CHARACTERS} characters that can be printed."
        )
        raise BadRequestError(403, message, "FORBIDDEN")

    def request(self, head: RequestHead, viewer: Viewer, payload: bytes, media_type: str) -> AdmittedRequest:
        """
        Return the request that a viewer sends.

        Raises:
            BadRequestError: the `Cache-Control` header cannot be parsed.
        """
        return AdmittedRequest(head, viewer, payload, media_type, self._max_age(head, viewer))

    def _max_age(self, head: RequestHead, viewer: Viewer) -> timedelta | None:
        """Return the age limit that a client sets for cached data; None if it sets none, or sets one too often."""
        max_age = parse_max_age(head.headers[b"cache-control"])
        if max_age is None or not self._max_age_buckets.take(viewer.person, time.monotonic()):
            return None
        return max_age


def _decode_utf8(header: str) -> str:
    """The text of a header's value as clients mean it: UTF-8, or else Latin-1, as which all headers are read."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return header


def _unauthenticated(authorization: str) -> BadRequestError:
    """The error for a request without a viewer; it tells a token that is not accepted from none (RFC 6750 §3)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        message, challenge = "This token is not accepted: get a new one.", 'Bearer error="invalid_token"'
    else:
        message, challenge = "Send the token of a viewer as 'Authorization: Bearer TOKEN'.", "Bearer"
    return BadRequestError(401, message, "UNAUTHENTICATED", {"WWW-Authenticate": challenge})
