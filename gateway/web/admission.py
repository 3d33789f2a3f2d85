"""Who may ask at all, and how: what a request must be before its body is read as GraphQL."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web import media_types
from student_graph.gateway.web.load_shedding import LoadShedder, ViewerBusyError
from student_graph.gateway.web.request import (
    BREAK_GLASS,
    EXPLAIN,
    PURPOSE,
    GraphQLRequest,
    RequestHead,
    BadRequestError,
    check_head,
    from_address,
    from_body,
    wanted_age,
)
from student_graph.gateway.web.token_bucket import TokenBuckets
from student_graph.resolvers.context import Viewer, ViewerRole

FRESHER, FRESHER_AT_ONCE = 1.0, 20
"""How often a second a viewer may ask for answers younger than those that are kept, and how often at once."""


LONGEST = 64
"""Letters of a purpose."""


@dataclass(slots=True)
class Request:
    """A request that is somebody's."""

    head: RequestHead
    viewer: Viewer
    sent: bytes
    """The body, or the query of the address."""
    media: str
    max_age: timedelta | None

    @property
    def key(self) -> Hashable:
        """What two requests must share to have the same answer."""
        return (self.viewer, self.head.method, blake2b(self.sent, digest_size=20).digest())

    @property
    def plain(self) -> bool:
        """Whether it asks for nothing but the answer."""
        return not self.head.headers[EXPLAIN]

    def asked(self) -> GraphQLRequest:
        """
        What is asked.

        Raises:
            RefusedError: it cannot be read.
        """
        return from_address(self.sent) if self.head.method == "GET" else from_body(self.sent)


@dataclass(frozen=True, slots=True)
class Purposes:
    """What requests may say that they are for."""

    known: frozenset[str] = frozenset()
    """Purposes that may be stated; empty for any."""
    required: bool = False
    """Whether every request must state one."""


class Admission:
    """Tells who asks, and refuses what cannot be a question of theirs."""

    def __init__(
        self,
        viewers: Authenticator,
        *,
        get: bool = False,
        purposes: Purposes | None = None,
        load: LoadShedder | None = None,
        emergency: Callable[[Viewer, str], Viewer] | None = None,
    ) -> None:
        """
        Let `viewers` ask; `get` allows queries by GET, whose variables stand in addresses.

        `emergency` makes a viewer what a ticket says; without it none counts.
        """
        self._emergency = emergency
        self._load = load or LoadShedder()
        self._viewers = viewers
        self._get = get
        self._purposes = purposes or Purposes()
        self._fresher = TokenBuckets(FRESHER, FRESHER_AT_ONCE)

    async def viewer(self, head: RequestHead) -> Viewer:
        """
        Who asks, and for what.

        Raises:
            RefusedError: the request is of the wrong kind, or nobody's.
        """
        if head.method != "POST" and not (self._get and head.method == "GET"):
            allowed = "GET, POST" if self._get else "POST"
            told = f"Send queries by {allowed.replace(', ', ' or ')}."
            raise BadRequestError(405, told, headers={"Allow": allowed})
        check_head(head)
        if media_types.wanted(head.headers[b"accept"]) is None:
            raise BadRequestError(406, f"Accept {media_types.GRAPHQL} or {media_types.JSON}.")
        viewer = await self._viewers.viewer(head.headers[b"authorization"])
        if viewer is None:
            message = "Send the token of a viewer as 'Authorization: Bearer TOKEN'."
            raise BadRequestError(401, message, "UNAUTHENTICATED", {"WWW-Authenticate": "Bearer"})
        if head.headers[EXPLAIN] and not viewer.operator:
            raise BadRequestError(403, "How an answer is made is for operators to see.", "FORBIDDEN")
        purpose = self._purpose(head.headers[PURPOSE])
        if ticket := head.headers[BREAK_GLASS]:
            viewer = self._opened(viewer, ticket)
        return viewer if purpose is None else replace(viewer, purpose=purpose)

    def _opened(self, viewer: Viewer, ticket: str) -> Viewer:
        """
        The viewer as a ticket makes them.

        Raises:
            RefusedError: it does not count.
        """
        if self._emergency is None:
            raise BadRequestError(403, "Student-Graph-Break-Glass: nothing can be opened here.", "FORBIDDEN")
        return self._emergency(viewer, ticket)

    def room(self, viewer: Viewer) -> AbstractContextManager[None]:
        """
        Room for one more question of a viewer, for as long as the block lasts.

        Raises:
            RefusedError: the viewer asks too much at once.
            BusyError: there is too much to do.
        """
        bulk = viewer.role is ViewerRole.SERVICE
        try:
            return self._load.of_viewer((viewer.issuer, viewer.subject), bulk=bulk)
        except ViewerBusyError as busy:
            message = "You ask too much at once; try again soon."
            raise BadRequestError(
                429, message, "RATE_LIMITED", {"Retry-After": str(math.ceil(busy.after))}
            ) from None

    def _purpose(self, stated: str) -> str | None:
        """
        What the request is for, where it says so.

        Raises:
            RefusedError: it must say so, or says what is no purpose here.
        """
        if not stated and not self._purposes.required:
            return None
        if stated and len(stated) <= LONGEST and stated in (self._purposes.known or {stated}):
            return stated
        known = f"one of {', '.join(sorted(self._purposes.known))}" if self._purposes.known else "what it is for"
        message = (
            f"Send with the request, as 'Student-Graph-Purpose: PURPOSE', {known}, in {LONGEST} letters at most."
        )
        raise BadRequestError(403, message, "FORBIDDEN")

    def request(self, head: RequestHead, viewer: Viewer, sent: bytes) -> Request:
        """
        The request that a viewer sent.

        Raises:
            RefusedError: a header is not what it must be.
        """
        as_media = media_types.wanted(head.headers[b"accept"]) or media_types.JSON
        return Request(head, viewer, sent, as_media, self._max_age(head, viewer))

    def _max_age(self, head: RequestHead, viewer: Viewer) -> timedelta | None:
        """How old the answer may be, where the client says so and not too often: each such wish costs calls."""
        wanted = wanted_age(head.headers[b"cache-control"])
        if wanted is None or not self._fresher.take((viewer.issuer, viewer.subject), time.monotonic()):
            return None
        return wanted
