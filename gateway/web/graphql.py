"""
GraphQL over HTTP: each request gets one response, and a client's mistake is never a status of 500.

The steps of a request, cheap checks first: head, viewer, body, document, operation, execution, encoding, response.
https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import strawberry
from graphql import ExecutionResult, ExperimentalIncrementalExecutionResults
from starlette.types import Receive, Scope, Send

from student_graph.gateway.cache import Cache
from student_graph.gateway.cache.response_cache import CachedResponse, EncodedErrors, body_parts, is_stable
from student_graph.gateway.concurrency.observation import note_cached, note_viewer
from student_graph.gateway.concurrency.time_slices import give_way, start_slice
from student_graph.gateway.disclosure import DisclosureRecorder
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web import media_types
from student_graph.gateway.web.admission import Admission, AdmittedRequest, CheckBody
from student_graph.gateway.web.disconnect import refused_after, run_while_connected
from student_graph.gateway.web.encoding import encode, encode_in_parts
from student_graph.gateway.web.errors import answer_refusals
from student_graph.gateway.web.incremental import send_parts
from student_graph.gateway.web.live.document import LiveDocument
from student_graph.gateway.web.live.documents import LiveDocuments
from student_graph.gateway.web.media_types import PartsFormat
from student_graph.gateway.web.operation import InvalidOperationError, PreparedOperation
from student_graph.gateway.web.request import DEFAULT_HEADERS, RequestHead, read_body
from student_graph.gateway.web.response import send_request_errors, send_response
from student_graph.gateway.web.runner import OperationRunner
from student_graph.resolvers.context import Context, ReadPrices, Viewer
from student_graph.resolvers.operation import new_request_id

CACHED_RESPONSE_VARY = "Accept, Authorization, Student-Graph-Purpose, Student-Graph-Break-Glass"
"""Request headers that a cached response varies by: several people may use one browser, one after the other."""


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
        live: LiveDocuments | None = None,
        answer_seconds: float | None = None,
    ) -> None:
        """
        Execute documents over a schema; `start_operation` returns the context of a new operation.

        `cache` holds whole responses, and `recorder` records what responses disclose. A client may privately cache
        a response without errors for `client_cache_seconds`. `prices` of reads are for explanations.
        `live` answers those who ask for a stream of events; None to refuse them. An operation that has not ended
        after `answer_seconds` is refused, because the process has too much to do; None to execute it to its end.
        """
        self._answer_seconds = answer_seconds
        self._live = live
        self._admission = admission
        self._begin = start_operation
        self._runner = OperationRunner(schema, documents, cache=cache, recorder=recorder, prices=prices)
        keeps_responses = cache is not None and cache.responses.max_bytes > 0
        self._responses = cache.responses if cache is not None and keeps_responses else None
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
        is_live = self._live is not None and media_types.prefers_events(head.headers[b"accept"])

        async def handle(media_type: str) -> None:
            document = None
            viewer = await self._admission.viewer(head, acceptable=is_live or accepted is not None)
            note_viewer(viewer.districts)
            with self._admission.admit_head(viewer):
                payload = head.query_string if head.method == "GET" else await read_body(receive)
                request = self._admission.request(head, viewer, payload, media_type)
                with self._admission.admit(viewer):
                    if is_live:
                        document = await self._open_live(request, receive, send)
                    else:
                        await self._answer(request, receive, send)
            if document is not None:
                await document.serve(receive, send)

        await answer_refusals(send, handle, accepted or media_types.JSON)

    async def answer_admitted(
        self, viewer: Viewer, payload: bytes, receive: Receive, send: Send, check_body: CheckBody
    ) -> None:
        """
        Answer the POST request with the body `payload` of a viewer who was admitted by its head, as JSON.

        What `check_body` refuses is not sent, and so not recorded as disclosed.
        """

        async def handle(media_type: str) -> None:
            head = RequestHead("POST", b"", DEFAULT_HEADERS)
            request = replace(self._admission.request(head, viewer, payload, media_type), check_body=check_body)
            with self._admission.admit(viewer):
                await self._answer(request, receive, send)

        await answer_refusals(send, handle, media_types.JSON)

    async def _open_live(self, request: AdmittedRequest, receive: Receive, send: Send) -> LiveDocument | None:
        """
        Open a live document, which must be served; None if its errors were sent instead.

        Raises:
            BadRequestError: there are too many live documents, or the request is refused.
            UnwritableError: the disclosures cannot be recorded.
            ClientDisconnectedError: the client disconnected before its response was ready.
        """
        assert self._live is not None
        try:
            return await self._live.open(request, receive)
        except InvalidOperationError as error:
            await send_request_errors(send, error.errors, media_types.GRAPHQL)
            return None

    async def _answer(self, request: AdmittedRequest, receive: Receive, send: Send) -> None:
        """
        Answer a request from the cache of responses, or execute it.

        Raises:
            BadRequestError: it is not a GraphQL request, or the client does not accept the parts of its response.
            UnwritableError: the disclosures cannot be recorded.
            ClientDisconnectedError: the client disconnected before its response was ready.
        """
        if (response := self._cached_response(request)) is not None:
            body = self._cached_body(request, response)
            headers = None if response.errors else self._headers
            await send_response(send, body, request.media_type, headers=headers)
        else:
            await run_while_connected(receive, self._respond(request, send))

    def _cached_response(self, request: AdmittedRequest) -> CachedResponse | None:
        """Return the cached response to a request; None if the request must be executed."""
        if self._responses is None or request.explain:
            return None
        return self._responses.get(request.cache_key, request.max_age)

    def _cached_body(self, request: AdmittedRequest, response: CachedResponse) -> Sequence[bytes]:
        """
        Record the disclosures of a cached response again, and return the parts of its body.

        Raises:
            BadRequestError: the request refuses this response.
            UnwritableError: the disclosures cannot be recorded.
        """
        assert self._responses is not None
        note_cached()
        now, request_id = self._responses.now, new_request_id()
        body = response.body(now, request_id)
        if request.check_body is not None:
            request.check_body(body)
        self._runner.record_again(response.disclosures, response.ages(now), request_id)
        return body

    async def _respond(self, request: AdmittedRequest, send: Send) -> None:
        """
        Parse, prepare and execute an operation, and send its result.

        Raises:
            BadRequestError: it is not a GraphQL request, or the client does not accept the parts of its response.
            OverloadError: executing it took too long, because the process has too much to do.
            UnwritableError: the disclosures cannot be recorded.
        """
        await give_way()
        context = self._begin(request.viewer)
        context.operation.staleness.max_age = request.max_age
        try:
            executed = self._runner.prepare_and_execute(request, context)
            operation, result = await refused_after(self._answer_seconds, executed)
        except InvalidOperationError as error:
            return await send_request_errors(send, error.errors, request.media_type)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            return await self._send_parts(send, operation, result)
        return await self._send_result(send, operation, result)

    async def _send_result(self, send: Send, operation: PreparedOperation, result: ExecutionResult) -> None:
        """
        Send a result as one response, after its disclosures are recorded, and cache it if its errors allow that.

        Raises:
            BadRequestError: the request refuses this response.
            UnwritableError: the disclosures cannot be recorded.
        """
        request = operation.request
        members = operation.extensions()
        if request.explain:
            members |= self._runner.explanation(operation)
        data, errors = await encode_in_parts(result.data), None
        formatted = operation.format_errors(result.errors or ())
        if formatted:
            errors = EncodedErrors(encode(formatted), operation.context.operation.request_id)
        body = body_parts(data, errors.json if errors else None, encode(members))
        if request.check_body is not None:
            request.check_body(body)
        entries = await self._runner.record(operation)
        if self._responses is not None and not request.explain and all(map(is_stable, formatted)):
            self._responses.set(
                request.cache_key,
                operation.context.operation,
                data,
                request.viewer.districts,
                entries,
                errors=errors,
            )
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
            before_part=lambda: self._runner.record(operation),
        )
