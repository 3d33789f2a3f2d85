"""
GraphQL over HTTP: one request in, one answer out, and never a 500 for what a client did.

The steps of a request, cheap refusals first: head, viewer, body, document, operation, execution, encoding, reply.
https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
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

from student_graph.gateway.cache import Cache, extensions
from student_graph.gateway.disclosure import Disclosing, Entry, UnwritableError, ages_of
from student_graph.gateway.documents.cost import Prices
from student_graph.gateway.documents.explain import explained
from student_graph.gateway.documents.store import Document, Documents, core_of
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.web import media_types
from student_graph.gateway.web.admission import Admission, Request
from student_graph.gateway.web.disconnect import ClientDisconnectedError, run_while_connected
from student_graph.gateway.web.errors import formatted
from student_graph.gateway.web.incremental import MULTIPART, send_parts
from student_graph.gateway.web.load_shedding import BusyError
from student_graph.gateway.web.request import GraphQLRequest, RequestHead, BadRequestError, read_body
from student_graph.gateway.web.response import HEADERS_OF_ALL, answer, encode, refusal, reply
from student_graph.resolvers.context import Context, Viewer, ViewerRole, request_name
from student_graph.resolvers.fields.errors import INTERNAL

log = logging.getLogger("student_graph.gateway")

VARIES = "Accept, Authorization, Student-Graph-Purpose, Student-Graph-Break-Glass"
"""By what an answer that a client may keep is another one: people sit at one browser one after the other."""


class GraphQLView:
    """Answers `/graphql`, as an ASGI application."""

    def __init__(
        self,
        schema: strawberry.Schema,
        admission: Admission,
        begin: Callable[[Viewer], Context],
        documents: Documents | None = None,
        *,
        cache: Cache | None = None,
        disclosing: Disclosing | None = None,
        client_seconds: int = 0,
    ) -> None:
        """
        Answer documents of a schema.

        `cache` keeps answers that are asked for again, `disclosing` records what is disclosed; a client may keep
        an answer for itself for `client_seconds`.
        """
        self._core = core_of(schema)
        self._executor = schema.execution_context_class
        self._admission = admission
        self._begin = begin
        self._documents = documents or Documents(self._core)
        self._prices = Prices(self._core)
        self._cache = cache
        self._wholes = cache.wholes if cache is not None else None
        self._disclosing = disclosing
        keep = f"private, max-age={client_seconds}"
        self._headers = {"Cache-Control": keep, "Vary": VARIES} if client_seconds else None
        """Beside the usual ones, of an answer without errors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head = RequestHead.of(scope)
        as_media = media_types.wanted(head.headers[b"accept"])
        try:
            viewer = await self._admission.viewer(head)
            with self._admission.room(viewer):
                sent = head.query if head.method == "GET" else await read_body(receive)
                request = self._admission.request(head, viewer, sent)
                if (whole := self._whole(request)) is not None:
                    await reply(send, whole, request.media, headers=self._headers)
                else:
                    await run_while_connected(receive, self._answer(request, request.asked(), send))
        except BadRequestError as refused:
            body = refusal(refused.message, refused.code)
            await reply(send, body, as_media or media_types.JSON, refused.status, refused.headers)
        except UnwritableError:
            body = refusal("What would be disclosed cannot be recorded at the moment, and is not disclosed.")
            await reply(send, body, as_media or media_types.JSON, 503, {"Retry-After": "5"})
        except BusyError:
            raise  # the door says so, as it does before anybody is known
        except ClientDisconnectedError:
            return
        except Exception as exc:  # noqa: BLE001 - a bug of ours: the client learns that there is one, and no more
            await reply(send, _bug(exc), as_media or media_types.JSON, 500)

    def _whole(self, request: Request) -> bytes | None:
        """
        The answer as it was made before, recorded once more; None when it has to be made.

        Raises:
            UnwritableError: it cannot be recorded.
        """
        if self._wholes is None or not request.plain:
            return None
        whole = self._wholes.find(request.key, request.max_age)
        if whole is None:
            return None
        now = self._wholes.now
        if self._disclosing is not None:
            self._disclosing.write(whole.disclosed, whole.ages(now), request_name())
        return whole.reply(now)

    async def _answer(self, request: Request, asked: GraphQLRequest, send: Send) -> None:
        """Carry out what is asked, and reply."""
        context = self._begin(request.viewer)
        context.operation.max_age = request.max_age
        told = partial(formatted, request_id=context.operation.request_id)
        try:
            document = self._document(asked)
            refused = self._refused(document, asked, context)
        except GraphQLError as error:
            refused = [error]
        if refused:
            return await _refuse(send, told(refused), request.media)
        if document.deferring and not media_types.takes_parts(request.head.headers[b"accept"]):
            raise BadRequestError(406, f"Accept {MULTIPART} for an answer of which a part comes later.")
        result = await self._execute(document, asked, context)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            record = partial(self._record, request, asked, document, context)
            return await send_parts(send, HEADERS_OF_ALL, result, told, lambda: _more(context), record=record)
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            return await _refuse(send, told(result.errors), request.media)
        more = _more(context)
        if not request.plain:
            more |= self._told(document, asked, context)
        data = encode(result.data)
        recorded = self._record(request, asked, document, context)
        if self._wholes is not None and request.plain and not result.errors:
            self._wholes.keep(request.key, context.operation, data, request.viewer.districts, recorded)
        headers = None if result.errors else self._headers
        return await reply(send, answer(data, told(result.errors or ()), more), request.media, headers=headers)

    def _refused(self, document: Document, asked: GraphQLRequest, context: Context) -> Sequence[GraphQLError]:
        """
        Why an operation is not carried out; nothing when it is.

        Raises:
            GraphQLError: it is unclear which operation is meant.
        """
        if document.node is None:
            return document.errors
        operation, guard = document.operation(asked.operation_name), self._documents.guard
        if document.errors:
            return document.errors
        if (large := guard.variables(asked.variables)) is not None:
            return [large]
        known = context.sources.districts
        districts = [known[name] for name in sorted(context.viewer.districts) if name in known]
        cost = self._prices.cost(document.node, operation, asked.variables, districts)
        dear = guard.cost(cost, bulk=context.viewer.role is ViewerRole.SERVICE)
        return [] if dear is None else [dear]

    def _record(
        self, request: Request, asked: GraphQLRequest, document: Document, context: Context
    ) -> Sequence[Entry]:
        """
        Record what is about to be disclosed.

        Raises:
            UnwritableError: it cannot be recorded.
        """
        operation = context.operation
        if (
            self._disclosing is None
            or document.node is None
            or not (operation.disclosed or operation.denied or operation.read)
        ):
            return ()
        node = document.operation(asked.operation_name)
        entries = self._disclosing.entries(request.viewer, document, node, operation)
        self._disclosing.write(entries, ages_of(operation.traffic), operation.request_id)
        return entries

    def _told(self, document: Document, asked: GraphQLRequest, context: Context) -> dict[str, Any]:
        """How the answer was made, for operators."""
        executor: type = self._executor
        counts = {"executor": asdict(executor.counters)} if issubclass(executor, BreadthExecutor) else {}
        kept = {"cache": self._cache.counts()} if self._cache is not None else {}
        return {"explain": self._explained(document, asked, context), **counts, **kept}

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


def _more(context: Context) -> dict[str, Any]:
    """What an answer tells beside its data."""
    return extensions(context.operation.traffic, context.operation.degraded)


async def _refuse(send: Send, errors: Sequence[Mapping[str, Any]], as_media: str) -> None:
    """An answer without data: nothing was carried out. GraphQL's own media type says so by the status."""
    await reply(send, encode({"errors": errors}), as_media, 400 if as_media == media_types.GRAPHQL else 200)


def _bug(exc: Exception) -> bytes:
    """An answer that says that something went wrong; the log gets its type and places, and no value."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
    log.error("internal error: %s at %s", type(exc).__name__, " < ".join(reversed(places)))
    return refusal(INTERNAL, "INTERNAL")
