"""The executor that leaves execution to graphql-core; it checks the context, counts the answer, notes records."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, Self
from weakref import WeakKeyDictionary

from graphql import (
    GraphQLError,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLResolveInfoHelpers,
    GraphQLSchema,
    get_named_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from student_graph.gateway.concurrency.coroutines import closed_unless_awaited
from student_graph.gateway.concurrency.pauses import pause
from student_graph.gateway.execution.size import AnswerSize, AnswerTooLargeError
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.fields.record import is_record_type, is_student_record_type
from student_graph.resolvers.operation import AnswerLimits, Operation

MIN_LEAF_BYTES = 20
"""Bytes that a value in a response takes as JSON beside its text: its key and punctuation, roughly."""

STOCK_RECORD_WEIGHT = 4
"""
A record that graphql-core executes counts as this many records.

It takes that much more memory, because graphql-core runs a task for each field of each object.
"""

_schemas_with_records: WeakKeyDictionary[GraphQLSchema, bool] = WeakKeyDictionary()
"""Whether a schema has types of records, by schema."""


def noted_value(partial: Partial[Any], path: list[str | int], context: Any) -> Any:
    """
    Note a partial value's failures in the context, and return its value; return an error if they cannot be noted.
    """
    operation = operation_of(context)
    for failure in partial.failures:
        if operation is None:
            return missing_operation(context)
        operation.traffic.degrade(path, failure)
    return partial.value


def operation_of(context: Any) -> Operation | None:
    """Return the bookkeeping that a context has for its operation; None if it has none."""
    operation = getattr(context, "operation", None)
    return operation if isinstance(operation, Operation) else None


def missing_operation(context: Any) -> TypeError:
    """
    Return the error for a context without an `Operation`, in which a schema with records must note what it shows.
    """
    return TypeError(
        "This schema notes which records it shows and which sources failed: execute it with a context that has an "
        "`operation`, such as student_graph.resolvers.context.Context, instead of a value of type "
        f"{type(context).__name__}."
    )


class StockExecutor(StrawberryGraphQLCoreExecutionContext):
    """
    Executes operations with graphql-core; counts the answer and notes the records of students in it.

    A schema that has types of records needs a context with an `Operation`; other schemas may have any context.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the executor of one operation; the arguments are graphql-core's."""
        super().__init__(*args, **kwargs)
        self.async_helpers = _helpers(self)
        operation = getattr(self.context_value, "operation", None)
        self.size = AnswerSize(getattr(operation, "answer_limits", None) or AnswerLimits())
        """Size of the answer as far as it is made."""

    def build_per_event_executor(self, payload: Any) -> Self:
        """Return the executor of one event of a subscription. Each event is an answer of its own."""
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, type(self))
        executor.size = AnswerSize(self.size.limits)
        return executor

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """
        Execute the root fields.

        Raises:
            TypeError: the schema has types of records, and the context has no `Operation` to note them in.
        """
        self._check_context()
        return super().execute_root_grouped_field_set(
            root_type, root_value, grouped_field_set, serially, position_context
        )

    def execute_fields(self, *args: Any, **kwargs: Any) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the fields of an object; see `execute_field` for what is awaitable."""
        data: AwaitableOrValue[dict[str, Any]] = closed_unless_awaited(super().execute_fields(*args, **kwargs))
        return data

    def execute_field(self, *args: Any, **kwargs: Any) -> AwaitableOrValue[Any]:
        """
        Resolve and complete a field.

        graphql-core runs an awaitable in a task, with further coroutines inside. If the client disconnects before
        the first step of the task, none of these coroutines is ever awaited. Each of them is therefore wrapped so
        that it is closed in that case.
        """
        return closed_unless_awaited(super().execute_field(*args, **kwargs))

    def complete_value(self, *args: Any, **kwargs: Any) -> AwaitableOrValue[Any]:
        """Complete a value; see `execute_field` for what is awaitable."""
        return closed_unless_awaited(super().complete_value(*args, **kwargs))

    def complete_awaitable_value(  # noqa: PLR0917 - graphql-core's signature
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Coroutine[Any, Any, Any]:
        """Await what a resolver has returned, and complete it; see `execute_field`."""
        result = closed_unless_awaited(result)
        return super().complete_awaitable_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _check_context(self) -> None:
        if operation_of(self.context_value) is None and _has_records(self.schema):
            raise missing_operation(self.context_value)

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Complete an object; graphql-core calls this once for each, when it has checked the object's type."""
        self.size.add(STOCK_RECORD_WEIGHT * is_record_type(return_type), MIN_LEAF_BYTES)
        if is_student_record_type(return_type):
            self.context_value.operation.disclosures.records.append((result,))
        return super().collect_and_execute_subfields(
            return_type, field_details_list, path, result, position_context
        )

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override]
        """Complete a value, and count it; graphql-core's method is static."""
        pause()
        value = super().complete_leaf_value(return_type, result)
        self.size.add(size=MIN_LEAF_BYTES + (len(value) if isinstance(value, str) else 0))
        return value

    def complete_list_value(  # noqa: PLR0917 - graphql-core's signature
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list, if all its records fit into the answer; if not, the list is null, not a part of it."""
        named_type = get_named_type(return_type)
        if isinstance(result, (list, tuple)) and is_object_type(named_type) and is_record_type(named_type):
            self.size.check(STOCK_RECORD_WEIGHT * len(result), 0)
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def handle_field_error(
        self,
        raw_error: Exception,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        path: Path,
    ) -> None:
        """
        Report a field's error, and let its value be null.

        Raises:
            GraphQLError: the field must not be null, or the answer has too many errors of fields that do not fit.
                In the second case the root field that holds this one is null.
        """
        original = raw_error.original_error if isinstance(raw_error, GraphQLError) else None
        is_too_large = isinstance(original or raw_error, AnswerTooLargeError)
        if is_too_large and path.prev is not None and not self.size.may_report_next():
            raise raw_error
        super().handle_field_error(raw_error, return_type, field_details_list, path)


def _helpers(executor: StockExecutor) -> GraphQLResolveInfoHelpers:
    """
    Return the helpers of resolvers, which work as long as the operation runs.

    graphql-core's own helpers refer to the executor, which refers to them. This cycle would keep all records of an
    operation in memory until a garbage collection, which blocks the event loop.
    """
    running = weakref.proxy(executor)

    def gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
        results: Awaitable[list[Any]] = running.gather_async_work(values)
        return results

    def track(values: Sequence[Any]) -> None:
        running.track_async_work(values)

    return GraphQLResolveInfoHelpers(gather, track)


def _has_records(schema: GraphQLSchema) -> bool:
    """Return whether a schema has types of records."""
    known = _schemas_with_records.get(schema)
    if known is None:
        known = any(is_object_type(type_) and is_record_type(type_) for type_ in schema.type_map.values())
        _schemas_with_records[schema] = known
    return known
