"""
Refusals under overload at the end of a request's head, before a task and objects for the request exist.

Under ten times the load, nine of ten requests are refused, and what that takes is missing for the tenth. So these
requests get their response from the connection itself. It is the response that the application sends, and the same
limits decide: those of `LoadShedder` and of `RefusalPacing`. Every request that may need another response is left
to the application.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.server.clients.client_connection import MAX_HEADERS, ClientConnection
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.web import media_types
from student_graph.gateway.web.app import OVERLOAD_BODY
from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
from student_graph.gateway.web.observing import RequestObserver
from student_graph.gateway.web.observing.outcome import SHED
from student_graph.gateway.web.refusal_pacing import OVERLOAD_STATUS, RefusalPacing
from student_graph.gateway.web.request import MAX_BODY_BYTES
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS
from student_graph.resolvers.context import Viewer, ViewerRole

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

REFUSAL_SECONDS = 0.000_05
"""Loop time that a refusal is charged with: about what reading the head and writing the response take."""
OVERLOADED = frozenset({"OVERLOADED"})


class EarlyRefusals:
    """Decides which requests an application refuses by their heads under overload."""

    def __init__(
        self,
        load_shedder: LoadShedder,
        authenticator: Authenticator,
        pacing: RefusalPacing,
        observer: RequestObserver | None,
        *,
        has_other_origins: bool,
    ) -> None:
        """
        Refuse what `load_shedder` refuses, unless `pacing` delays it.

        `observer` counts the requests; None if nobody does. With `has_other_origins`, responses to browsers depend
        on the page that sends the request.
        """
        self._load_shedder, self._authenticator, self._pacing = load_shedder, authenticator, pacing
        self._observer, self._has_other_origins = observer, has_other_origins

    def refuses(self, host: str, headers: Headers) -> bool:
        """Whether a query with these headers from a client at `host` is refused now. It is counted then."""
        if not self._load_shedder.refuses_requests:
            return False
        authorization = b""
        for name, value in headers:
            if name == b"authorization":
                if authorization:
                    return False
                authorization = value
            elif name == b"content-length":
                if int(value) > MAX_BODY_BYTES:
                    return False
            elif name == b"origin" and self._has_other_origins:
                return False
        return not self._pacing.delays_overload(host) and self._is_refused(host, authorization)

    def _is_refused(self, host: str, authorization: bytes) -> bool:
        shedder, viewer = self._load_shedder, None
        try:
            shedder.check()
            viewer = self._authenticator.known_viewer(authorization.decode("latin-1"))
            if viewer is None:
                return False
            is_service = viewer.role is ViewerRole.SERVICE
            shedder.check_viewer(viewer.person, bulk=is_service, districts=viewer.districts)
        except OverloadError:
            self._count(host, viewer)
            return True
        return False

    def _count(self, host: str, viewer: Viewer | None) -> None:
        """Count a refusal as the application would; a viewer pays for it, if it was necessary to look for one."""
        self._pacing.delay(host, is_overload=True)
        budgets = self._load_shedder.budgets
        if viewer is None:
            budgets.strangers.charge(REFUSAL_SECONDS)
        else:
            group = self._load_shedder.districts.group(viewer.districts)
            budgets.of(viewer.person, group).charge(REFUSAL_SECONDS)
        if self._observer is not None:
            districts = () if viewer is None else viewer.districts
            self._observer.count_request(districts, SHED, OVERLOADED, REFUSAL_SECONDS)


class RefusingConnection(ClientConnection):
    """A connection that answers the requests which are refused by their heads under overload."""

    def __init__(self, table: ConnectionTable, refuses: Callable[[str, Headers], bool], **options: Any) -> None:
        """Ask `refuses` about each query with the client's host and the headers; see `ClientConnection`."""
        super().__init__(table, **options)
        self._refuses = refuses
        self._is_refused = False
        """Whether the request that is being received is refused."""

    def on_headers_complete(self) -> None:
        """
        Start the request, unless it is refused.

        Raises:
            RequestLimitError: it has too many headers, or too many requests wait.
        """
        if not self._may_refuse():
            return super().on_headers_complete()
        host = self.client[0] if self.client else ""
        client = self._table.client_of(host, self.headers)
        if not self._refuses(client or host, self.headers):
            return super().on_headers_complete()
        self._client, self._is_in_head, self._is_refused = client, False, True
        self.headers = []  # as after every head, for trailers
        return None

    def _may_refuse(self) -> bool:
        """Whether the request is a query that can be answered at once, and as the only one on the connection."""
        return (
            self.url == b"/graphql"
            and self.cycle is None
            and not self.flow.write_paused
            and not self.expect_100_continue
            and len(self.headers) <= MAX_HEADERS
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
        )

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, unless the request is refused."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a request that is refused, and wait for the next one."""
        is_refused, self._is_refused = self._is_refused, False
        super().on_message_complete()
        if is_refused and not self.transport.is_closing():
            self.server_state.total_requests += 1
            self._idle_since = self._table.clock()
            self.transport.write(overload_response(tuple(self.server_state.default_headers)))


@lru_cache(maxsize=2)
def overload_response(default_headers: Headers) -> bytes:
    """The response of the application to a request that it refuses, with the headers that the server adds."""
    headers = [
        *default_headers,
        (b"content-length", str(len(OVERLOAD_BODY)).encode()),
        (b"content-type", f"{media_types.JSON}; charset=utf-8".encode()),
        *ENCODED_SECURITY_HEADERS,
        (b"retry-after", str(math.ceil(OverloadError().retry_after)).encode()),
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[OVERLOAD_STATUS], *lines, b"\r\n", OVERLOAD_BODY])
