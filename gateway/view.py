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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    experimental_execute_incrementally,
)
from starlette.types import Receive, Scope, Send
from strawberry.utils.await_maybe import await_maybe

from gateway import media
from gateway.asking import (
    EXPLAIN,
    GraphQLRequest,
    Head,
    RefusedError,
    check_head,
    from_address,
    from_body,
    read_body,
    wanted_age,
)
from gateway.auth import Tokens
from gateway.documents import Document, Documents, core_of
from gateway.errors import formatted
from gateway.execution import BreadthExecutor
from gateway.explain import explained
from gateway.fetching import extensions
from gateway.incremental import MULTIPART, send_parts
from gateway.replying import VARYING, encode, refusal, reply
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
            await _while_there(receive, self._answer(head, asked, viewer, send))
        except RefusedError as refused:
            body = refusal(refused.message, refused.code)
            await reply(send, body, as_media or media.JSON, refused.status, refused.headers)
        except _GoneError:
            return
        except Exception as exc:  # noqa: BLE001 - a bug of ours: the client learns that there is one, and no more
            await reply(send, _bug(exc), as_media or media.JSON, 500)

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
        if EXPLAIN in head.headers and not viewer.operator:
            raise RefusedError(403, "How an answer is made is for operators to see.", "FORBIDDEN")
        if head.method == "GET":
            return viewer, from_address(head.query)
        return viewer, from_body(await read_body(receive))

    async def _answer(self, head: Head, asked: GraphQLRequest, viewer: Viewer, send: Send) -> None:
        """Carry out what is asked, and reply."""
        as_media = media.wanted(head.get(b"accept")) or media.JSON
        context = self._begin(viewer)
        context.operation.max_age = wanted_age(head.get(b"cache-control"))
        try:
            document = self._document(asked)
            if document.node is not None:
                document.operation(asked.operation_name)
        except GraphQLError as error:
            return await _refuse(send, [error], as_media)
        if document.errors:
            return await _refuse(send, document.errors, as_media)
        if document.deferring and not media.takes_parts(head.get(b"accept")):
            raise RefusedError(406, f"Accept {MULTIPART} for an answer of which a part comes later.")
        result = await self._execute(document, asked, context)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            return await send_parts(send, VARYING, result, _formatted, lambda: extensions(context.operation))
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            return await _refuse(send, result.errors, as_media)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = _formatted(result.errors)
        answer["extensions"] = extensions(context.operation)
        if EXPLAIN in head.headers:
            answer["extensions"]["explain"] = self._explained(document, asked, context)
            executor: type = self._executor
            if issubclass(executor, BreadthExecutor):
                answer["extensions"]["executor"] = asdict(executor.counters)
        return await reply(send, encode(answer), as_media)

    def _explained(self, document: Document, asked: GraphQLRequest, context: Context) -> list[dict[str, Any]]:
        """How the answer was made."""
        assert document.node is not None
        districts = context.sources.districts
        sources = [one for name in sorted(context.viewer.districts) for one in districts[name].sources]
        operation = document.operation(asked.operation_name)
        lines = explained(self._core, document.node, operation, asked.variables or {}, sources)
        return [line.told() for line in lines]

    def _document(self, asked: GraphQLRequest) -> Document:
        return (
            self._documents.by_hash(asked.trusted or "")
            if not asked.query
            else self._documents.by_text(asked.query)
        )

    async def _execute(
        self, document: Document, asked: GraphQLRequest, context: Context
    ) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        assert document.node is not None
        told: ExecutionResult | ExperimentalIncrementalExecutionResults = await await_maybe(
            experimental_execute_incrementally(
                self._core,
                document.node,
                context_value=context,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                executor_class=self._executor,
            )
        )
        return told


async def _while_there(receive: Receive, work: Awaitable[None]) -> None:
    """
    Do something while the client waits for it.

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
        await work
    except asyncio.CancelledError:
        if gone:
            raise _GoneError from None
        raise
    finally:
        watcher.cancel()


class _GoneError(Exception):
    """The client went away."""


async def _refuse(send: Send, errors: Sequence[GraphQLError], as_media: str) -> None:
    """An answer without data: nothing was carried out. GraphQL's own media type says so by the status."""
    await reply(send, encode({"errors": _formatted(errors)}), as_media, 400 if as_media == media.GRAPHQL else 200)


def _formatted(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """Errors as clients see them, under the name of this request; none is not worth a name."""
    known = list(errors)
    return formatted(known, secrets.token_hex(16)) if known else []


def _bug(exc: Exception) -> bytes:
    """An answer that says that something went wrong; the log gets its type and places, and no value."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
    log.error("internal error: %s at %s", type(exc).__name__, " < ".join(reversed(places)))
    return refusal(INTERNAL, "INTERNAL")
