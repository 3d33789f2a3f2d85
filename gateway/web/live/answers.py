"""Makes the answers of live documents: each is executed under the rights of its viewer at that moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from graphql import ExperimentalIncrementalExecutionResults

from student_graph.gateway.cache import Cache, Dependencies
from student_graph.gateway.cache.limits import BYTES_PER_MIB
from student_graph.gateway.cache.live_basis import LiveBasis
from student_graph.gateway.cache.response_cache import EncodedErrors, body_parts
from student_graph.gateway.web.admission import AdmittedRequest
from student_graph.gateway.web.encoding import encode, encode_in_parts
from student_graph.gateway.web.operation import PreparedOperation
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.runner import OperationRunner
from student_graph.resolvers.context import Context, Viewer

NO_DEFER_MESSAGE = "A live document has no deferred parts: switch @defer off with its argument `if`."


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """An answer of a live document."""

    body: Sequence[bytes]
    """The JSON of the answer, in parts."""
    digest: bytes
    """Equal for answers with the same data and errors."""
    operation: PreparedOperation


class LiveAnswers:
    """Executes live documents."""

    def __init__(
        self,
        runner: OperationRunner,
        start_operation: Callable[[Viewer, Dependencies], Context],
        cache: Cache,
        max_mib: int,
    ) -> None:
        """
        Execute documents over `cache`, with answers of at most `max_mib` MiB.

        `start_operation` returns the context of an operation, which notes what it reads.
        """
        self._runner, self._begin, self._cache, self._max_mib = runner, start_operation, cache, max_mib

    def basis(self, on_change: Callable[[], None]) -> LiveBasis:
        """What the next answer will rest on, to be closed; `on_change` is called when some of it has changed."""
        return LiveBasis(self._cache, on_change)

    async def make(self, request: AdmittedRequest, basis: LiveBasis) -> LiveAnswer:
        """
        Execute a document, and note in `basis` what the answer rests on. Nothing is recorded yet.

        Raises:
            BadRequestError: it is not a GraphQL request, has deferred parts, or its answer is too large.
            InvalidOperationError: the document, its variables or its cost are refused.
        """
        context = self._begin(request.viewer, basis.dependencies)
        context.operation.staleness.max_age = request.max_age
        operation = await self._runner.prepare(request, context)
        if operation.parts_format is not None:
            raise BadRequestError(406, NO_DEFER_MESSAGE)
        result = await self._runner.execute(operation)
        assert not isinstance(result, ExperimentalIncrementalExecutionResults)
        bookkeeping = context.operation
        data, errors = await encode_in_parts(result.data), None
        if formatted := operation.format_errors(result.errors or ()):
            errors = EncodedErrors(encode(formatted), bookkeeping.request_id)
        if sum(map(len, data)) > self._max_mib * BYTES_PER_MIB:
            message = f"The answer of a live document takes at most {self._max_mib} MiB; ask for less."
            raise BadRequestError(413, message, "ANSWER_TOO_LARGE")
        digest = blake2b(errors.for_request("") if errors is not None else b"", digest_size=20)
        for part in data:
            digest.update(part)
        basis.complete(bookkeeping.traffic)
        body = body_parts(data, errors.json if errors is not None else None, encode(operation.extensions()))
        return LiveAnswer(body, digest.digest(), operation)

    async def record(self, answer: LiveAnswer) -> None:
        """
        Record what an answer is about to disclose.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        await self._runner.record(answer.operation)
