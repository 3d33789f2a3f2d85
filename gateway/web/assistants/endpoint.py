"""
The address at which assistants reach the tools of a viewer, as MCP's authorization specification demands it.

The gateway is a resource server (OAuth 2.1): it accepts the tokens that the districts' issuers issue for this
address, and no others. It passes none on. Its metadata (RFC 9728) names the issuers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.auth import Issuer
from student_graph.gateway.concurrency.time_slices import start_slice
from student_graph.gateway.web import media_types
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import OVERLOAD_BODY
from student_graph.gateway.web.assistants.answers import Answer, AnswerAdmitted, call_tool, wait_forever
from student_graph.gateway.web.assistants.settings import METADATA_PATH, AssistantSettings
from student_graph.gateway.web.assistants.tools import Tool, without_restricted_classes
from student_graph.gateway.web.disconnect import ClientDisconnectedError, run_while_connected
from student_graph.gateway.web.load_shedding import OverloadError
from student_graph.gateway.web.request import DEFAULT_HEADERS, BadRequestError, RequestHead, read_body
from student_graph.gateway.web.response import encode_error, send_response
from student_graph.resolvers.context import Viewer

if TYPE_CHECKING:
    from student_graph.gateway.web.assistants.protocol import Protocol


def issuers_for_assistants(issuers: Sequence[Issuer], settings: AssistantSettings) -> list[Issuer]:
    """Return the issuers of districts with tools, whose tokens must name the address of the tools as audience."""
    return [
        replace(
            issuer,
            audience=settings.audiences.get(issuer.name, settings.url),
            districts=issuer.districts & settings.tools.keys(),
            for_assistants=True,
        )
        for issuer in issuers
        if issuer.districts & settings.tools.keys()
    ]


def load_protocol(settings: AssistantSettings, tools: Sequence[Tool]) -> Protocol:
    """
    Return what speaks the protocol.

    Raises:
        SettingsError: its package is not installed.
    """
    try:
        # Only a gateway with tools needs the SDK, which takes a second and 40 MiB to import.
        from student_graph.gateway.web.assistants.protocol import Protocol  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingsError("assistants: install student-graph[assistants] to offer tools") from None
    return Protocol(settings, tools)


class AssistantEndpoint:
    """Answers requests of assistants, as an ASGI application."""

    def __init__(
        self,
        settings: AssistantSettings,
        tools: Sequence[Tool],
        protocol: Protocol,
        *,
        admission: Admission,
        answer_admitted: AnswerAdmitted,
    ) -> None:
        """
        Offer `tools` to the viewers that `admission` admits by tokens of `issuers_for_assistants`.

        `answer_admitted` answers what the tools ask the graph.
        """
        self._settings, self._tools, self._protocol = settings, tools, protocol
        self._admission, self._answer_admitted = admission, answer_admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST request."""
        start_slice()
        try:
            viewer = await self._viewer(RequestHead.of(scope))
            with self._admission.admit_head(viewer):
                body = await read_body(receive)
                await run_while_connected(receive, self._respond(viewer, scope, body, send))
        except BadRequestError as error:
            body = encode_error(error.message, error.code)
            await send_response(send, body, media_types.JSON, error.status, error.headers)
        except OverloadError as error:
            headers = {"Retry-After": str(math.ceil(error.retry_after))}
            await send_response(send, OVERLOAD_BODY, media_types.JSON, 503, headers)
        except ClientDisconnectedError:
            return

    async def _viewer(self, head: RequestHead) -> Viewer:
        """
        Return the viewer in whose name an assistant asks, with the purpose of assistants and unrestricted classes.

        Raises:
            BadRequestError: the token is not one for assistants, or the request is refused by its head.
        """
        # An assistant states no purpose of its own, opens no emergency, and asks for no explanation.
        read = {name: head.headers[name] for name in (b"authorization", b"content-type", b"content-encoding")}
        try:
            viewer = await self._admission.viewer(
                replace(head, headers={**DEFAULT_HEADERS, **read}), acceptable=True
            )
        except BadRequestError as error:
            if error.status == 401:
                error.headers = {"WWW-Authenticate": self._challenge(error.headers["WWW-Authenticate"])}
            raise
        return without_restricted_classes(replace(viewer, purpose=self._settings.purpose))

    def _challenge(self, challenge: str) -> str:
        """Return a challenge that also says where the metadata of the resource is (RFC 9728, section 5.1)."""
        separator = "," if " " in challenge else ""
        return f'{challenge}{separator} resource_metadata="{self._settings.metadata_url}"'

    async def _respond(self, viewer: Viewer, scope: Scope, body: bytes, send: Send) -> None:
        tools = {tool.name: tool for tool in self._tools if tool.viewer(viewer) is not None}
        await self._protocol.respond(tools, partial(self._call, viewer), scope, _replayed(body), send)

    async def _call(self, viewer: Viewer, tool: Tool, arguments: Mapping[str, Any]) -> Answer:
        viewer_of_tool = tool.viewer(viewer)
        assert viewer_of_tool is not None
        return await call_tool(
            tool,
            viewer_of_tool,
            arguments,
            answer_admitted=self._answer_admitted,
            max_bytes=self._settings.max_answer_bytes,
        )


@dataclass(frozen=True, slots=True)
class AssistantRoutes:
    """The tools, and the metadata that leads assistants to the issuers."""

    settings: AssistantSettings
    issuers: Sequence[Issuer]
    endpoint: ASGIApp

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the tools and of the metadata."""
        path = self.settings.path
        return [
            Route(path, self.endpoint, methods=["POST"]),
            Route(f"{METADATA_PATH}{path}", lambda _: JSONResponse(self._metadata())),
        ]

    def _metadata(self) -> dict[str, Any]:
        """Return the metadata of the protected resource (RFC 9728)."""
        servers = [issuer.name for issuer in self.issuers if urlsplit(issuer.name).scheme in ("http", "https")]
        return {
            "resource": self.settings.url,
            "resource_name": "Student graph",
            "bearer_methods_supported": ["header"],
            **({"authorization_servers": servers} if servers else {}),
        }


def _replayed(body: bytes) -> Receive:
    """Return a body that was received already, as an ASGI channel on which nothing follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return messages.pop() if messages else await wait_forever()

    return receive
