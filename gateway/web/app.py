"""The gateway as one ASGI application: it checks the host name, sheds load and routes the request."""

from __future__ import annotations

import math
from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from student_graph.gateway.concurrency.loop_time import use_budget
from student_graph.gateway.concurrency.observation import note_errors, note_page
from student_graph.gateway.disclosure.address import note_address
from student_graph.gateway.web import media_types
from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
from student_graph.gateway.web.request import RequestHead, repeated_header
from student_graph.gateway.web.response import encode_error, send_response
from student_graph.resolvers.fields.errors import INTERNAL

OVERLOAD_BODY = encode_error("There is too much to do at the moment; try again soon.", "OVERLOADED")
UNKNOWN_ADDRESS_MESSAGE = "There is nothing at this address: send queries to /graphql."


class GatewayApp:
    """Sends GraphQL requests to `graphql` and all others to `routes`, and refuses those for another host name."""

    def __init__(
        self,
        graphql: ASGIApp,
        routes: ASGIApp,
        allowed_hosts: Collection[str],
        load_shedder: LoadShedder,
        *,
        graphiql: bool,
    ) -> None:
        """
        Answer requests for the host names `allowed_hosts`, or for all names if `*` is among them.

        With `graphiql`, `routes` answers the browsers that open `/graphql`.
        """
        self._graphql = graphql
        self._routes = routes
        self._allowed_hosts = None if "*" in allowed_hosts else frozenset(allowed_hosts)
        self._load_shedder = load_shedder
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the application's startup and shutdown."""
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        note_address(scope)
        # Until the viewer is known. The task may have been started by the request before it, and has its budget.
        use_budget(self._load_shedder.budgets.strangers)
        if self._allowed_hosts is not None and _host_name(scope) not in self._allowed_hosts:
            # DNS rebinding: a page of another site must not reach us under its own host name.
            note_errors(["UNKNOWN_HOST"])
            body = encode_error(
                "The gateway does not accept this name in the header Host.",
                "UNKNOWN_HOST",
            )
            await send_response(send, body, media_types.JSON, 400)
        elif (name := repeated_header(scope)) is not None:
            note_errors(["BAD_REQUEST"])
            body = encode_error(
                f"Send the header {name} once: readers disagree which of two counts.", "BAD_REQUEST"
            )
            await send_response(send, body, media_types.JSON, 400)
        elif scope["path"] != "/graphql" or (self._graphiql and _is_from_browser(scope)):
            note_page()
            await self._routes(scope, receive, send)  # never shed: health checks are among them
        else:
            try:
                self._load_shedder.check()
                await self._graphql(scope, receive, send)
            except OverloadError as error:
                retry_after = error.retry_after
            else:
                return
            # The response may have to wait. What the error refers to, such as the body, is freed before.
            note_errors(["OVERLOADED"])
            headers = {"Retry-After": str(math.ceil(retry_after))}
            await send_response(send, OVERLOAD_BODY, media_types.JSON, 503, headers)


def _is_from_browser(scope: Scope) -> bool:
    """Whether a browser opens the URL as a page."""
    return scope["method"] == "GET" and "text/html" in RequestHead.of(scope).headers[b"accept"]


def _host_name(scope: Scope) -> str:
    """Return the host name of the `Host` header, without the port."""
    header = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    name, colon, port = header.rpartition(":")
    return name if colon and port.isdecimal() else header


async def http_error(_: Request, error: Exception) -> Response:
    """Return the response to a request that no route answers, or whose route failed, which the server logs."""
    if not isinstance(error, HTTPException):
        return Response(encode_error(INTERNAL, "INTERNAL"), 500, media_type=media_types.JSON)
    message = UNKNOWN_ADDRESS_MESSAGE if error.status_code == 404 else f"{error.detail}."
    return Response(encode_error(message, "BAD_REQUEST"), error.status_code, error.headers, media_types.JSON)
