"""
The executors: graphql-core's own, and the breadth-first one, which replaces one of its methods.

graphql-core selects the operation, coerces variables, collects the root fields and makes the response. What cannot
be planned is executed by graphql-core too, and counted by its reason.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

from graphql import (
    GraphQLError,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.concurrency.coroutines import StartedCoroutine, start
from student_graph.gateway.concurrency.time_slices import start_slice
from student_graph.gateway.execution.column import Invalid
from student_graph.gateway.execution.compiler import Compiler, find_conditions
from student_graph.gateway.execution.complete import complete_column
from student_graph.gateway.execution.paths import RootPath
from student_graph.gateway.execution.plan import Counters, ObjectPlan, PlanCache, UnplannableError
from student_graph.gateway.execution.row_cache import RowCache
from student_graph.gateway.execution.run import Run
from student_graph.gateway.execution.size import AnswerSize, AnswerTooLargeError
from student_graph.resolvers.fields.record import is_record_type, is_student_record_type
from student_graph.resolvers.operation import AnswerLimits, Operation

VARIABLE = "STUDENT_GRAPH_EXECUTOR"
"""Environment variable that chooses the executor."""


MIN_LEAF_BYTES = 20
"""Bytes that a value in a response takes as JSON beside its text: its key and punctuation, roughly."""

STOCK_RECORD_WEIGHT = 4
"""
As how many records one record counts that graphql-core executes.

It takes that much more memory, because graphql-core runs a task for each field of each object.
"""


_schemas_with_records: WeakKeyDictionary[GraphQLSchema, bool] = WeakKeyDictionary()
"""Whether a schema has types of records, by schema."""


class StockExecutor(StrawberryGraphQLCoreExecutionContext):
    """
    Executes operations with graphql-core; counts the answer and notes the records of students in it.

    A schema that has types of records needs a context with an `Operation`; other schemas may have any context.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the executor of one operation; the arguments are graphql-core's."""
        super().__init__(*args, **kwargs)
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

    def _check_context(self) -> None:
        if not isinstance(getattr(self.context_value, "operation", None), Operation) and _has_records(self.schema):
            raise TypeError(
                "This schema shows records, and each operation notes which ones it shows: execute it with a context "
                "that has an `operation`, such as student_graph.resolvers.context.Context. The context is of type "
                f"{type(self.context_value).__name__}."
            )

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
            GraphQLError: the field must not be null, or the answer has too many errors of fields that do not fit:
                then the field at the root that holds this one is null.
        """
        original = raw_error.original_error if isinstance(raw_error, GraphQLError) else None
        is_too_large = isinstance(original or raw_error, AnswerTooLargeError)
        if is_too_large and path.prev is not None and not self.size.may_report_next():
            raise raw_error
        super().handle_field_error(raw_error, return_type, field_details_list, path)


class BreadthExecutor(StockExecutor):
    """Executes operations breadth first, by plan; for a schema's `execution_context_class`."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    slow: ClassVar[bool] = False
    """Whether every level takes the slow path; for tests."""
    row_cache: ClassVar[RowCache | None] = None
    """Encoded rows of earlier operations; None to build each row."""
    encoded: ClassVar[bool] = False
    """Whether the data of a response is JSON in a `msgspec.Raw` instead of dicts."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """
        Execute the root fields, by plan if possible.

        As with graphql-core, the result is awaitable if a resolver returned an awaitable; it also is if other
        tasks get a turn in between, because the answer is long.

        Raises:
            TypeError: the schema has types of records, and the context has no `Operation` to note them in.
        """
        self._check_context()
        try:
            self._check_plannable(position_context)
            plan = self.plan(root_type, grouped_field_set)
        except UnplannableError as reason:
            self.counters.count_stock(str(reason))
            return super().execute_root_grouped_field_set(
                root_type, root_value, grouped_field_set, serially, position_context
            )
        self.counters.planned += 1
        if not self.encoded:
            start_slice()  # the service starts the slice of a request when the request comes
        run = Run(
            self,
            self.counters,
            complete_column,
            slow=self.slow,
            encoded=self.encoded,
            row_cache=self.row_cache,
        )
        row = start(self._root_row(run, plan, root_value, serially=serially))
        if row.__class__ is StartedCoroutine:
            return _data_later(row)
        return _data_later(_finished(row)) if run.fields.met_awaitables else _data(row)

    def plan(self, root_type: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        Return the plan of the operation for the values of its conditions.

        Raises:
            UnplannableError: the operation must be executed by graphql-core.
        """

        def make_plan() -> ObjectPlan:
            self.counters.compiled += 1
            return Compiler(self).object_plan(root_type, grouped)

        return self.plans.plan(
            self.schema, self.operation, self.variable_values.coerced, lambda: find_conditions(self), make_plan
        )

    def _check_plannable(self, position_context: Any) -> None:
        if position_context is not None:
            raise UnplannableError("defer")
        if self.middleware_manager and self.middleware_manager.middlewares:
            raise UnplannableError("an extension that resolves fields")
        if self.abort_signal is not None:
            raise UnplannableError("an abort signal")
        if asyncio._get_running_loop() is None:  # noqa: SLF001 - the public function raises if there is none
            raise UnplannableError("no event loop")
        if not self.is_async_iterable(_NO_ITEMS):
            raise UnplannableError("a caller that does not wait")  # plans give way to other tasks in between

    async def _root_row(self, run: Run, plan: ObjectPlan, root_value: Any, *, serially: bool) -> Any:
        try:
            [row] = await run.rows(plan, [root_value], RootPath(), self.size, serially=serially)
        except AnswerTooLargeError as error:
            return Invalid(error)
        return row


def _data(row: Any) -> dict[str, Any]:
    """Return the row of the root object; raises the error that took its place."""
    if isinstance(row, Invalid):
        raise row.error
    data: dict[str, Any] = row
    return data


async def _data_later(row: Awaitable[Any]) -> dict[str, Any]:
    return _data(await row)


async def _finished(row: Any) -> Any:
    return row


class EncodingExecutor(BreadthExecutor):
    """The breadth-first executor that encodes rows as soon as they are built. The service uses it."""

    plans: ClassVar[PlanCache] = PlanCache()
    encoded: ClassVar[bool] = True
    row_cache: ClassVar[RowCache | None] = RowCache()


async def _no_items() -> AsyncIterator[None]:
    """Yield nothing."""
    return
    yield


_NO_ITEMS = _no_items()
"""An asynchronous iterable. `execute_sync` says of all values that they are none, even of this one."""


def _has_records(schema: GraphQLSchema) -> bool:
    """Return whether a schema has types of records."""
    known = _schemas_with_records.get(schema)
    if known is None:
        known = any(is_object_type(type_) and is_record_type(type_) for type_ in schema.type_map.values())
        _schemas_with_records[schema] = known
    return known


def configured_executor(environ: Mapping[str, str] = os.environ) -> str:
    """
    Return the name of the executor that the environment chooses: `breadth`, or `stock` for graphql-core's own.

    Raises:
        SettingsError: the variable has another value.
    """
    name = environ.get(VARIABLE) or "breadth"
    if name not in ("breadth", "stock"):
        raise SettingsError(f"{VARIABLE}: must be 'breadth' or 'stock'")
    return name


def executor_class(name: str) -> type[StockExecutor]:
    """Return the class of the service's executor by its name: `breadth` or `stock`."""
    return EncodingExecutor if name == "breadth" else StockExecutor
