"""The outermost layer: which host a request is meant for, whether there is room for it, and who answers it."""

from __future__ import annotations

import math
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from student_graph.gateway.web import media_types
from student_graph.gateway.web.load_shedding import BusyError, LoadShedder
from student_graph.gateway.web.request import RequestHead
from student_graph.gateway.web.response import refusal, reply

BUSY = refusal("There is too much to do at the moment; try again soon.")


class GatewayApp:
    """Sends questions to the view and everything else to the pages; refuses what is meant for another host."""

    def __init__(
        self, view: ASGIApp, pages: ASGIApp, hosts: Collection[str], load: LoadShedder, *, explorer: bool
    ) -> None:
        """
        Answer to `hosts`, to all when `*` is among them, as far as the load allows.

        With `explorer`, browsers have a page of their own.
        """
        self._view = view
        self._load = load
        self._pages = pages
        self._hosts = None if "*" in hosts else frozenset(hosts)
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the application."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        if self._hosts is not None and _host(RequestHead.of(scope).headers[b"host"]) not in self._hosts:
            # A page elsewhere whose name leads here must not be answered as if it were ours.
            await reply(send, refusal("This gateway does not answer to that host name."), media_types.JSON, 400)
        elif scope["path"] != "/graphql" or (self._explorer and _from_browser(scope)):
            await self._pages(scope, receive, send)  # who looks whether we are well is never turned away
        else:
            try:
                with self._load.taken():
                    await self._view(scope, receive, send)
            except BusyError as busy:
                headers = {"Retry-After": str(math.ceil(busy.after))}
                await reply(send, BUSY, media_types.JSON, 503, headers)


def _from_browser(scope: Scope) -> bool:
    """Whether somebody opens the address in a browser."""
    return scope["method"] == "GET" and "text/html" in RequestHead.of(scope).headers[b"accept"]


def _host(header: str) -> str:
    """The host name of a `Host` header, without a port."""
    name, colon, port = header.rpartition(":")
    return name if colon and port.isdecimal() else header
