"""
GraphQL over HTTP: one request in, one answer out, and never a 500 for what a client did.

The steps of a request, cheap refusals first: head, viewer, body, document, operation, execution, encoding, reply.
https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLError, execute
from starlette.types import Receive, Scope, Send
from strawberry.utils.await_maybe import await_maybe

from gateway import media
from gateway.asking import GraphQLRequest, Head, RefusedError, check_head, from_address, from_body, read_body
from gateway.auth import Tokens
from gateway.documents import Document, Documents, core_of
from gateway.errors import formatted
from gateway.fetching import extensions
from gateway.replying import encode, refusal, reply
from resolvers.context import Context, Viewer
from resolvers.errors import INTERNAL

log = logging.getLogger("student_graph.gateway")


class GraphQLView:
    """Answers `/graphql`, as an ASGI application."""

    def __init__(
        self,
        schema: strawberry.Schema,
        tokens: Tokens,
        begin: Callable[[Viewer], Context],
        documents: Documents | None = None,
        *,
        get: bool = False,
    ) -> None:
        """Answer documents of a schema; `get` allows queries by GET, whose variables stand in addresses."""
        self._core = core_of(schema)
        self._executor = schema.execution_context_class
        self._tokens = tokens
        self._begin = begin
        self._documents = documents or Documents(self._core)
        self._get = get

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head = Head.of(scope)
        as_media = media.wanted(head.get(b"accept"))
        try:
            viewer, asked = await self._read(head, receive)
            status, body = await self._while_there(receive, self._answer(asked, viewer, as_media or media.JSON))
        except RefusedError as refused:
            body = refusal(refused.message, refused.code)
            await reply(send, body, as_media or media.JSON, refused.status, refused.headers)
        except _GoneError:
            return
        except Exception as exc:  # noqa: BLE001 - a bug of ours: the client learns that there is one, and no more
            await reply(send, _bug(exc), as_media or media.JSON, 500)
        else:
            await reply(send, body, as_media or media.JSON, status)

    async def _read(self, head: Head, receive: Receive) -> tuple[Viewer, GraphQLRequest]:
        """
        Who asks, and what.

        Raises:
            RefusedError: the request is too large, of the wrong kind, unreadable, or nobody's.
        """
        if head.method != "POST" and not (self._get and head.method == "GET"):
            allowed = "GET, POST" if self._get else "POST"
            raise RefusedError(
                405, f"Send queries by {allowed.replace(', ', ' or ')}.", headers={"Allow": allowed}
            )
        check_head(head)
        if media.wanted(head.get(b"accept")) is None:
            raise RefusedError(406, f"Accept {media.GRAPHQL} or {media.JSON}.")
        viewer = self._tokens.viewer_of(head.get(b"authorization"))
        if viewer is None:
            message = "Send the token of a viewer as 'Authorization: Bearer TOKEN'."
            raise RefusedError(401, message, "UNAUTHENTICATED", {"WWW-Authenticate": "Bearer"})
        if head.method == "GET":
            return viewer, from_address(head.query)
        return viewer, from_body(await read_body(receive))

    async def _answer(self, asked: GraphQLRequest, viewer: Viewer, as_media: str) -> tuple[int, bytes]:
        """The status and bytes of an answer."""
        context = self._begin(viewer)
        try:
            document = self._document(asked)
            if document.node is not None:
                document.operation(asked.operation_name)
        except GraphQLError as error:
            return _request_error([error], as_media)
        if document.errors:
            return _request_error(document.errors, as_media)
        result = await self._execute(document, asked, context)
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            return _request_error(result.errors, as_media)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = formatted(result.errors, _request_id())
        answer["extensions"] = extensions(context.operation)
        return 200, encode(answer)

    def _document(self, asked: GraphQLRequest) -> Document:
        return (
            self._documents.by_hash(asked.trusted or "")
            if not asked.query
            else self._documents.by_text(asked.query)
        )

    async def _execute(self, document: Document, asked: GraphQLRequest, context: Context) -> ExecutionResult:
        assert document.node is not None
        told = await await_maybe(
            execute(
                self._core,
                document.node,
                context_value=context,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                executor_class=self._executor,
            )
        )
        assert isinstance(told, ExecutionResult)
        return told

    async def _while_there(self, receive: Receive, work: Any) -> tuple[int, bytes]:
        """
        What comes of work while its client waits.

        Raises:
            _GoneError: the client went away; the work was cancelled, and with it what it asked of vendors.
        """
        task = asyncio.current_task()
        assert task is not None
        gone = False

        async def watch() -> None:
            nonlocal gone
            if (await receive())["type"] == "http.disconnect":
                gone = True
                task.cancel()

        watcher = asyncio.ensure_future(watch())
        try:
            found: tuple[int, bytes] = await work
        except asyncio.CancelledError:
            if gone:
                raise _GoneError from None
            raise
        else:
            return found
        finally:
            watcher.cancel()


class _GoneError(Exception):
    """The client went away."""


def _request_error(errors: Sequence[GraphQLError], as_media: str) -> tuple[int, bytes]:
    """An answer without data: nothing was carried out. Its own media type says so by the status."""
    return (400 if as_media == media.GRAPHQL else 200), encode({"errors": formatted(errors, _request_id())})


def _request_id() -> str:
    return secrets.token_hex(16)


def _bug(exc: Exception) -> bytes:
    """An answer that says that something went wrong; the log gets its type and places, and no value."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
    log.error("internal error: %s at %s", type(exc).__name__, " < ".join(reversed(places)))
    return refusal(INTERNAL, "INTERNAL")
