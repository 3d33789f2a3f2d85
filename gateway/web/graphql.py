"""
GraphQL over HTTP: each request gets one response, and a client's mistake is never a status of 500.

The steps of a request, cheap checks first: head, viewer, body, document, operation, execution, encoding, response.
https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    experimental_execute_incrementally,
)
from starlette.types import Receive, Scope, Send
from strawberry.utils.await_maybe import await_maybe

from student_graph.gateway.cache import Cache
from student_graph.gateway.cache.response_cache import CachedResponse, EncodedErrors, body_parts, is_stable
from student_graph.gateway.concurrency.time_slices import give_way, start_slice
from student_graph.gateway.disclosure import DisclosureRecorder, Entry, UnwritableError, source_ages
from student_graph.gateway.documents.explain import explain
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.web import media_types
from student_graph.gateway.web.admission import Admission, AdmittedRequest
from student_graph.gateway.web.disconnect import ClientDisconnectedError, run_while_connected
from student_graph.gateway.web.encoding import encode, encode_in_parts
from student_graph.gateway.web.errors import format_errors, stack_positions
from student_graph.gateway.web.incremental import send_parts
from student_graph.gateway.web.load_shedding import OverloadError
from student_graph.gateway.web.media_types import PartsFormat
from student_graph.gateway.web.operation import InvalidOperationError, OperationPreparer, PreparedOperation
from student_graph.gateway.web.request import BadRequestError, RequestHead, read_body
from student_graph.gateway.web.response import encode_error, send_response
from student_graph.resolvers.context import Context, ReadPrices, Viewer
from student_graph.resolvers.fields.errors import INTERNAL
from student_graph.resolvers.operation import new_request_id
from student_graph.resolvers.schema import core_schema

log = logging.getLogger("student_graph.gateway")

CACHED_RESPONSE_VARY = "Accept, Authorization, Student-Graph-Purpose, Student-Graph-Break-Glass"
"""Request headers that a cached response varies by: several people may use one browser, one after the other."""
MAX_VARIABLE_ERRORS = 5
"""Errors after which the check of an operation's variables stops."""
UNWRITABLE_RETRY_AFTER_SECONDS = 5


class GraphQLView:
    """Answers requests for `/graphql`, as an ASGI application."""

    def __init__(
        self,
        schema: strawberry.Schema,
        admission: Admission,
        start_operation: Callable[[Viewer], Context],
        documents: DocumentStore | None = None,
        *,
        cache: Cache | None = None,
        recorder: DisclosureRecorder | None = None,
        client_cache_seconds: int = 0,
        prices: ReadPrices | None = None,
    ) -> None:
        """
        Execute documents over a schema; `start_operation` returns the context of a new operation.

        `cache` holds whole responses, and `recorder` records what responses disclose. A client may privately cache
        a response without errors for `client_cache_seconds`. `prices` of reads are for explanations.
        """
        self._schema = core_schema(schema)
        self._executor = schema.execution_context_class
        self._admission = admission
        self._begin = start_operation
        documents = documents or DocumentStore(self._schema)
        self._preparer = OperationPreparer(documents)
        self._hide_suggestions = not documents.limits.introspection
        self._cache = cache
        self._responses = cache.responses if cache is not None else None
        self._recorder = recorder
        self._prices = prices
        cache_control = f"private, max-age={client_cache_seconds}"
        self._headers = (
            {"Cache-Control": cache_control, "Vary": CACHED_RESPONSE_VARY} if client_cache_seconds else None
        )
        """Additional headers of a response without errors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start_slice()
        head = RequestHead.of(scope)
        accepted = media_types.negotiate(head.headers[b"accept"])
        media_type = accepted or media_types.JSON
        try:
            viewer = await self._admission.viewer(head, acceptable=accepted is not None)
            with self._admission.admit_head(viewer):
                payload = head.query_string if head.method == "GET" else await read_body(receive)
                request = self._admission.request(head, viewer, payload, media_type)
                with self._admission.admit(viewer):
                    await self._answer(request, receive, send)
        except BadRequestError as error:
            body = encode_error(error.message, error.code)
            await send_response(send, body, media_type, error.status, error.headers)
        except UnwritableError:
            message = "The disclosure cannot be recorded at the moment, so nothing is disclosed."
            body = encode_error(message, "NOT_RECORDED")
            headers = {"Retry-After": str(UNWRITABLE_RETRY_AFTER_SECONDS)}
            await send_response(send, body, media_type, 503, headers)
        except OverloadError:
            raise  # GatewayApp answers it, as it does for a request of no known viewer
        except ClientDisconnectedError:
            return
        except Exception as exc:  # noqa: BLE001 - a bug in the gateway: the client learns only that there is one
            await send_response(send, _internal_error_body(exc), media_type, 500)

    async def _answer(self, request: AdmittedRequest, receive: Receive, send: Send) -> None:
        """
        Answer a request from the cache of responses, or execute it.

        Raises:
            BadRequestError: it is not a GraphQL request, or the client does not accept the parts of its response.
            UnwritableError: the disclosures cannot be recorded.
            ClientDisconnectedError: the client disconnected before its response was ready.
        """
        if (response := self._cached_response(request)) is not None:
            body = self._cached_body(response)
            headers = None if response.errors else self._headers
            await send_response(send, body, request.media_type, headers=headers)
        else:
            await run_while_connected(receive, self._respond(request, send))

    def _cached_response(self, request: AdmittedRequest) -> CachedResponse | None:
        """Return the cached response to a request; None if the request must be executed."""
        if self._responses is None or request.explain:
            return None
        return self._responses.get(request.cache_key, request.max_age)

    def _cached_body(self, response: CachedResponse) -> Sequence[bytes]:
        """
        Record the disclosures of a cached response again, and return the parts of its body.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        assert self._responses is not None
        now, request_id = self._responses.now, new_request_id()
        if self._recorder is not None:
            self._recorder.write(response.disclosures, response.ages(now), request_id)
        return response.body(now, request_id)

    async def _respond(self, request: AdmittedRequest, send: Send) -> None:
        """
        Parse, prepare and execute an operation, and send its result.

        Raises:
            BadRequestError: it is not a GraphQL request, or the client does not accept the parts of its response.
            UnwritableError: the disclosures cannot be recorded.
        """
        await give_way()
        graphql = request.parse()
        context = self._begin(request.viewer)
        context.operation.staleness.max_age = request.max_age
        try:
            operation = await self._preparer.prepare(request, graphql, context)
        except InvalidOperationError as error:
            errors = format_errors(error.errors, context.operation.request_id)
            return await _send_request_errors(send, errors, request.media_type)
        result = await self._execute(operation)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            return await self._send_parts(send, operation, result)
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            return await _send_request_errors(send, operation.format_errors(result.errors), request.media_type)
        return await self._send_result(send, operation, result)

    async def _execute(
        self, operation: PreparedOperation
    ) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        assert operation.document.node is not None
        result: ExecutionResult | ExperimentalIncrementalExecutionResults = await await_maybe(
            experimental_execute_incrementally(
                self._schema,
                operation.document.node,
                context_value=operation.context,
                variable_values=operation.graphql.variables,
                operation_name=operation.graphql.operation_name,
                executor_class=self._executor,
                max_coercion_errors=MAX_VARIABLE_ERRORS,
                hide_suggestions=self._hide_suggestions,
            )
        )
        return result

    async def _send_result(self, send: Send, operation: PreparedOperation, result: ExecutionResult) -> None:
        """
        Send a result as one response, after its disclosures are recorded, and cache it if its errors allow that.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        request = operation.request
        members = operation.extensions()
        if request.explain:
            members |= self._explanation(operation)
        data, errors = await encode_in_parts(result.data), None
        formatted = operation.format_errors(result.errors or ())
        if formatted:
            errors = EncodedErrors(encode(formatted), operation.context.operation.request_id)
        entries = await self._record(operation)
        if self._responses is not None and not request.explain and all(map(is_stable, formatted)):
            self._responses.set(
                request.cache_key,
                operation.context.operation,
                data,
                request.viewer.districts,
                entries,
                errors=errors,
            )
        body = body_parts(data, errors.json if errors else None, encode(members))
        await send_response(send, body, request.media_type, headers=None if errors else self._headers)

    async def _send_parts(
        self, send: Send, operation: PreparedOperation, results: ExperimentalIncrementalExecutionResults
    ) -> None:
        """
        Send a result with deferred parts, each after its disclosures are recorded.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        await send_parts(
            send,
            results,
            operation.parts_format or PartsFormat.NEWEST,
            operation.format_errors,
            operation.extensions,
            before_part=lambda: self._record(operation),
        )

    async def _record(self, operation: PreparedOperation) -> Sequence[Entry]:
        """
        Record what the response is about to disclose, and return the entries.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        bookkeeping, viewer = operation.context.operation, operation.request.viewer
        if self._recorder is None or not bookkeeping.disclosures:
            return ()
        entries = await self._recorder.entries(viewer, operation.document, operation.node, bookkeeping.disclosures)
        self._recorder.write(entries, source_ages(bookkeeping.traffic.by_source), bookkeeping.request_id)
        return entries

    def _explanation(self, operation: PreparedOperation) -> dict[str, Any]:
        """Return the extensions for operators: how the operation is executed, and the process's counters."""
        assert operation.document.node is not None
        executor: type = self._executor
        districts = operation.context.sources.districts
        viewer_districts = sorted(operation.context.viewer.districts)
        sources = [source for name in viewer_districts for source in districts[name].sources]
        variables = operation.graphql.variables or {}
        lines = explain(
            self._schema,
            operation.document.node,
            operation.node,
            variables,
            sources,
            prices=self._prices,
            records=self._preparer.records_by_path(operation),
            districts=[districts[name] for name in viewer_districts],
            list_length=operation.context.estimates.list_length,
            metric_settings=operation.context.metric_settings,
        )
        members: dict[str, Any] = {"explain": [line.as_json() for line in lines]}
        if issubclass(executor, BreadthExecutor):
            members["executor"] = asdict(executor.counters)
        if self._cache is not None:
            members["cache"] = self._cache.counts()
        return members


async def _send_request_errors(send: Send, errors: Sequence[Mapping[str, Any]], media_type: str) -> None:
    """Send the errors of an operation that was not executed; only GraphQL's own media type has a status for it."""
    await send_response(
        send, encode({"errors": errors}), media_type, 400 if media_type == media_types.GRAPHQL else 200
    )


def _internal_error_body(exc: Exception) -> bytes:
    """Return a response without details, and log the exception's type and positions, but no value."""
    log.error("internal error: %s at %s", type(exc).__name__, " < ".join(stack_positions(exc)))
    return encode_error(INTERNAL, "INTERNAL")
