"""Executes prepared operations, explains how, and records what they disclose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    experimental_execute_incrementally,
)
from strawberry.utils.await_maybe import await_maybe

from student_graph.adapters.errors import NotOfferedError
from student_graph.gateway.cache import Cache
from student_graph.gateway.concurrency.observation import Span, note_errors, note_executed, span
from student_graph.gateway.disclosure import DisclosureRecorder, Entry, source_ages
from student_graph.gateway.documents.explain import explain
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.web.admission import AdmittedRequest
from student_graph.gateway.web.operation import InvalidOperationError, OperationPreparer, PreparedOperation
from student_graph.resolvers.context import Context, ReadPrices
from student_graph.resolvers.operation import Traffic
from student_graph.resolvers.schema import core_schema

MAX_VARIABLE_ERRORS = 5
"""Errors after which the check of an operation's variables stops."""


class OperationRunner:
    """Runs the operations of one schema."""

    def __init__(
        self,
        schema: strawberry.Schema,
        documents: DocumentStore | None = None,
        *,
        cache: Cache | None = None,
        recorder: DisclosureRecorder | None = None,
        prices: ReadPrices | None = None,
    ) -> None:
        """
        Run operations of `documents`.

        `recorder` records what responses disclose. Explanations have counts of `cache` and `prices` of reads.
        """
        self._schema = core_schema(schema)
        self._executor = schema.execution_context_class
        self._preparer = OperationPreparer(documents or DocumentStore(self._schema))
        self._cache, self._recorder, self._prices = cache, recorder, prices

    async def prepare(self, request: AdmittedRequest, context: Context) -> PreparedOperation:
        """
        Parse a request, and check its operation.

        Raises:
            InvalidOperationError: a check failed.
            BadRequestError: it is not a GraphQL request, or the client does not accept its deferred parts.
        """
        return await self._preparer.prepare(request, request.parse(), context)

    async def prepare_and_execute(
        self, request: AdmittedRequest, context: Context
    ) -> tuple[PreparedOperation, ExecutionResult | ExperimentalIncrementalExecutionResults]:
        """
        Prepare the operation of a request, and execute it.

        Raises:
            InvalidOperationError: a check failed.
            BadRequestError: it is not a GraphQL request, or the client does not accept its deferred parts.
        """
        operation = await self.prepare(request, context)
        return operation, await self.execute(operation)

    async def execute(
        self, operation: PreparedOperation
    ) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        """
        Execute an operation.

        Raises:
            InvalidOperationError: its variables are not valid, so nothing was executed.
        """
        assert operation.document.node is not None
        with span("execute") as execution:
            result: ExecutionResult | ExperimentalIncrementalExecutionResults = await await_maybe(
                experimental_execute_incrementally(
                    self._schema,
                    operation.document.node,
                    context_value=operation.context,
                    variable_values=operation.graphql.variables,
                    operation_name=operation.graphql.operation_name,
                    executor_class=self._executor,
                    max_coercion_errors=MAX_VARIABLE_ERRORS,
                    hide_suggestions=self._preparer.hides_suggestions,
                )
            )
            if execution is not None:
                _describe_traffic(execution, operation.context.operation.traffic)
        if (
            isinstance(result, ExecutionResult)
            and result.data is None
            and result.errors
            and all(error.path is None for error in result.errors)
        ):
            raise InvalidOperationError(operation.format_errors(result.errors))
        note_executed(operation.context.operation.suppressed_tables)
        degraded = operation.context.operation.traffic.degraded
        note_errors(missing.code for missing in degraded if missing.code != NotOfferedError.default_code)
        return result

    async def record(self, operation: PreparedOperation) -> Sequence[Entry]:
        """
        Record what the response is about to disclose, and return the entries.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        bookkeeping, viewer = operation.context.operation, operation.request.viewer
        if self._recorder is None or not bookkeeping.disclosures:
            return ()
        with span("record disclosures"):
            entries = await self._recorder.entries(
                viewer, operation.document, operation.node, bookkeeping.disclosures, bookkeeping.traffic.by_source
            )
            self._recorder.write(entries, source_ages(bookkeeping.traffic.by_source), bookkeeping.request_id)
        return entries

    def record_again(
        self, entries: Sequence[Entry], ages: dict[str, tuple[bytes, float]], request_id: str
    ) -> None:
        """
        Record the disclosures of a cached response once more.

        Raises:
            UnwritableError: the disclosures cannot be recorded.
        """
        if self._recorder is not None:
            self._recorder.write(entries, ages, request_id)

    def explanation(self, operation: PreparedOperation) -> dict[str, Any]:
        """
        Return the extensions for operators: how the operation is executed.

        Those of all districts also see the process's counters.
        """
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
        if not operation.context.viewer.districts.issuperset(districts):
            return members
        if issubclass(executor, BreadthExecutor):
            members["executor"] = asdict(executor.counters)
        if self._cache is not None:
            members["cache"] = self._cache.counts()
        return members


def _describe_traffic(span: Span, traffic: Traffic) -> None:
    """Say how an operation used the sources together."""
    sources = traffic.by_source.values()
    span.set_all(
        {
            "student_graph.lookups": sum(source.asks for source in sources),
            "student_graph.vendor_calls": sum(source.calls for source in sources),
            "student_graph.cache.hits": sum(source.hits for source in sources),
            "student_graph.cache.stale": sum(source.stale for source in sources),
            "student_graph.failures": sum(source.failures for source in sources),
        }
    )
