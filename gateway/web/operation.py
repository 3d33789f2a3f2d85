"""Prepares an operation: finds it in its document, and checks both before anything is executed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_bytes
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode

from student_graph.adapters.sources import District
from student_graph.gateway.cache import extensions
from student_graph.gateway.concurrency.observation import Span, current_span, span
from student_graph.gateway.concurrency.one_at_a_time import OneAtATime
from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.prices import ViewerReach
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web import media_types
from student_graph.gateway.web.admission import AdmittedRequest
from student_graph.gateway.web.errors import format_errors
from student_graph.gateway.web.media_types import PartsFormat
from student_graph.gateway.web.request import BadRequestError, GraphQLRequest
from student_graph.resolvers.context import Context, ViewerRole

_FINGERPRINT_KEY = token_bytes(32)
NO_PARTS_MESSAGE = (
    "Accept multipart/mixed for a response with deferred parts, without parameters or with "
    f"{' or '.join(parts_format.value for parts_format in PartsFormat if parts_format.value)}; "
    "or switch @defer off with its argument `if`."
)


class InvalidOperationError(Exception):
    """An operation that is not executed; `errors` say why, as members of the response."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


class _CheckFailedError(Exception):
    """A check failed, with these errors."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(slots=True)
class PreparedOperation:
    """An operation that passed all checks and is ready to execute."""

    request: AdmittedRequest
    graphql: GraphQLRequest
    document: ParsedDocument
    node: OperationDefinitionNode
    """The operation to execute, of those in the document."""
    context: Context
    parts_format: PartsFormat | None = None
    """Format of a response with deferred parts; None if nothing is deferred."""

    def extensions(self) -> dict[str, Any]:
        """Return the response's extensions: the lookups of each source, and the data that is missing."""
        return extensions(self.context.operation.traffic)

    def format_errors(self, errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
        """Return errors as members of the response."""
        return format_errors(errors, self.context.operation.request_id, self.document.coordinates)


class OperationPreparer:
    """Prepares the operations of one schema, whose documents are in a store."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._parsing = OneAtATime()
        """Trees are thousands of objects each: a garbage collection of many at once would hold the event loop."""

    async def prepare(
        self, request: AdmittedRequest, graphql: GraphQLRequest, context: Context
    ) -> PreparedOperation:
        """
        Find an operation in its document, and check the document, the variables and the estimated cost.

        Raises:
            InvalidOperationError: a check failed.
            BadRequestError: the operation has deferred parts, and the client does not accept several parts.
        """
        request_span = current_span()
        try:
            operation = await self._prepare(request, graphql, context)
        except _CheckFailedError as failure:
            raise InvalidOperationError(format_errors(failure.errors, context.operation.request_id)) from None
        if request_span is not None:
            self._describe(request_span, operation)
        return operation

    def _describe(self, request_span: Span, operation: PreparedOperation) -> None:
        """
        Say which document is executed: a trusted one by its hash and its operation's name, both of the operator.

        The text of any other one is a client's and may hold a name or a number of a student. So it gets a hash
        whose key only this process knows: the text cannot be guessed from it, and equal texts have equal hashes.
        """
        request_span.set("graphql.operation.type", operation.node.operation.value)
        document = operation.document
        if self._documents.is_trusted(document):
            request_span.set("student_graph.document", f"sha256:{document.digest}")
            if operation.node.name is not None:
                request_span.set("graphql.operation.name", operation.node.name.value)
        else:
            keyed = blake2b(document.digest.encode(), key=_FINGERPRINT_KEY, digest_size=8).hexdigest()
            request_span.set("student_graph.document", f"keyed:{keyed}")

    async def _prepare(
        self, request: AdmittedRequest, graphql: GraphQLRequest, context: Context
    ) -> PreparedOperation:
        if graphql.query and not self._documents.has(graphql.query):
            with span("parse and check"):
                async with self._parsing.turn():
                    for _ in self._documents.parse_in_steps(graphql.query):
                        await give_way()
        try:
            document = self._document(graphql)
            if document.node is None:
                raise _CheckFailedError(document.errors)
            node = document.operation(graphql.operation_name)
        except GraphQLError as error:
            raise _CheckFailedError([error]) from None
        operation = PreparedOperation(request, graphql, document, node, context)
        if errors := document.errors or self._limit_errors(operation):
            raise _CheckFailedError(errors)
        if document.defer.are_met(node, graphql.variables or {}):
            operation.parts_format = media_types.parts_format(request.head.headers[b"accept"])
            if operation.parts_format is None:
                raise BadRequestError(406, NO_PARTS_MESSAGE)
        return operation

    def _document(self, graphql: GraphQLRequest) -> ParsedDocument:
        """
        Return the document that a request contains or refers to by its hash.

        Raises:
            GraphQLError: it is not one of the trusted documents.
        """
        if graphql.query:
            return self._documents.get_by_text(graphql.query)
        if graphql.document_id:
            return self._documents.get_trusted(graphql.document_id)
        return self._documents.get_persisted(graphql.document_hash or "")

    @property
    def hides_suggestions(self) -> bool:
        """Whether errors suggest no names: these are in the schema, which clients may not query."""
        return not self._documents.limits.introspection

    def records_by_path(self, operation: PreparedOperation) -> dict[str, float]:
        """Return the estimated records of the fields of an operation, by path."""
        context, variables = operation.context, operation.graphql.variables
        districts, reach = _viewer_districts(context), ViewerReach.of(context.viewer)
        return self._documents.costs.records_by_path(
            operation.document, operation.node, variables, districts, reach
        )

    def _limit_errors(self, operation: PreparedOperation) -> Sequence[GraphQLError]:
        """
        Return why an operation's variables or estimated cost are over a limit; empty if they are not.

        Then the limits of its answer are set, which are counted while it is made.
        """
        variables, limits, context = operation.graphql.variables, self._documents.limits, operation.context
        if (variables_error := limits.variables_error(variables)) is not None:
            return [variables_error]
        districts, reach = _viewer_districts(context), ViewerReach.of(context.viewer)
        cost = self._documents.costs.cost(operation.document, operation.node, variables, districts, reach)
        is_service = context.viewer.role is ViewerRole.SERVICE
        context.operation.answer_limits = limits.answer_limits(service=is_service)
        cost_error = limits.cost_error(cost, service=is_service)
        return [] if cost_error is None else [cost_error]


def _viewer_districts(context: Context) -> list[District]:
    """The viewer's districts, ordered by id."""
    known = context.sources.districts
    return [known[name] for name in sorted(context.viewer.districts) if name in known]
