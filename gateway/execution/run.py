"""
Running a plan: a column for each field of a level, fields side by side.

A *level* is all objects of one type at one position of the operation. A *column* is the values of one field for
all of them. No level waits for another branch: each branch continues as soon as its own data is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLNonNull, GraphQLResolveInfo
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.types.arguments import convert_arguments

from student_graph.gateway.execution.codegen import row_builder
from student_graph.gateway.execution.column import Column, Invalid
from student_graph.gateway.execution.errors import located_errors
from student_graph.gateway.execution.paths import FieldPaths, Paths
from student_graph.gateway.execution.plan import (
    BuilderOptions,
    Counters,
    FieldKind,
    FieldPlan,
    FunctionFactory,
    ObjectPlan,
)
from student_graph.gateway.execution.waiting import gather_or_cancel, result_or_error
from student_graph.gateway.time_slices import give_way, parts_of
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.fields.record import Constant

MAX_ROWS_WITHOUT_PAUSE = 64
"""Rows built at once. While longer columns are built, the event loop runs other tasks from time to time."""


CompleteColumn: TypeAlias = Callable[["Run", Column], Awaitable[list[Any]]]
"""Completes the values of a column by the rules of the specification."""


@dataclass(slots=True)
class Run:
    """One run of one operation."""

    executor: Executor[Any]
    counters: Counters
    complete_column: CompleteColumn
    """The slow path."""
    slow: bool = False
    """Whether every level takes the slow path; for tests."""
    structs: bool = False
    """Whether rows are structs instead of dicts."""
    has_nulled_objects: bool = False
    """Whether an error made a value null that may be an object or a list: errors below it are not reported."""
    _functions: dict[FunctionFactory, Callable[[Any], Any]] = field(default_factory=dict)

    async def rows(
        self, plan: ObjectPlan, objects: Sequence[Any], paths: Paths, *, serially: bool = False
    ) -> list[Any]:
        """Return a row for each object of a level, or `Invalid` in its place."""
        if not objects:
            return []
        columns = await self._columns(plan, objects, paths, serially=serially)
        if not self.slow and not any(column.invalid for column in columns):
            try:
                return await self._build_rows(plan, objects, columns)
            except Exception:  # noqa: BLE001 - the slow path meets the same error again and reports its path
                self.counters.deopt += 1
        return await self._assemble_rows(plan, objects, paths, columns)

    async def _columns(
        self, plan: ObjectPlan, objects: Sequence[Any], paths: Paths, *, serially: bool
    ) -> list[Column]:
        if serially:
            columns = []
            for field_plan in plan.columns:
                columns.append(column := await self.column(field_plan, objects, paths))
                await self._complete(column)  # before the next mutation can change the result
            return columns
        if len(plan.columns) == 1:
            return [await self.column(plan.columns[0], objects, paths)]
        return await gather_or_cancel(self.column(field_plan, objects, paths) for field_plan in plan.columns)

    async def _build_rows(self, plan: ObjectPlan, objects: Sequence[Any], columns: Sequence[Column]) -> list[Any]:
        """Build the rows with generated code."""
        functions = [self.function(factory) for factory in plan.factories]
        constant = frozenset(
            [factory for factory, f in zip(plan.factories, functions, strict=True) if isinstance(f, Constant)]
        )
        completed = tuple([column.completed for column in columns])
        build = row_builder(plan, BuilderOptions(completed, constant, self.structs))
        values = [column.values for column in columns]
        rows: list[Any] = []
        if len(objects) <= MAX_ROWS_WITHOUT_PAUSE:
            rows = build(objects, functions, *values)
            await give_way()
        else:
            async for part in parts_of(len(objects)):
                rows += build(objects[part], functions, *[column_values[part] for column_values in values])
        for column in columns:
            if column.plan.has_student_records and not column.completed:  # noted already if completed
                self.note_student_records(column.values)
        return rows

    async def _assemble_rows(
        self, plan: ObjectPlan, objects: Sequence[Any], paths: Paths, columns: Sequence[Column]
    ) -> list[Any]:
        """Make the rows on the slow path: every field is completed as a column of its own."""
        column_by_plan = {id(column.plan): column for column in columns}
        cells = []
        for field_plan in plan.fields:
            column = column_by_plan.get(id(field_plan)) or await self.column(field_plan, objects, paths)
            await self._complete(column)
            cells.append((field_plan.key, column.values))
        return [_row(cells, index) for index in range(len(objects))]

    async def column(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> Column:
        """Return the column of a field. It is completed unless generated code can complete it."""
        column = Column(plan, FieldPaths(paths, plan.key, plan.parent_type.name), [])
        if plan.kind is FieldKind.STOCK:
            column.values, column.completed = await self._stock_values(plan, objects, column.paths), True
            return column
        try:
            column.values = await self._values(plan, objects, column.paths)
        except Exception as error:  # noqa: BLE001 - the whole column failed: one error for each object
            column.values = [error] * len(objects)
        has_errors = self._take_partial_values(column)
        if has_errors and not self.slow and not isinstance(plan.type, GraphQLNonNull):
            self._replace_errors(column)
            has_errors = False
        if has_errors or not plan.inline:
            await self._complete(column)
        return column

    async def _values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> list[Any]:
        match plan.kind:
            case FieldKind.TYPENAME:
                return [plan.parent_type.name] * len(objects)
            case FieldKind.ATTRIBUTE:
                read = attrgetter(plan.attribute) if plan.attribute else _identity
                return list(map(_catching(read), objects))
            case FieldKind.DERIVED:
                assert plan.factory is not None
                return list(map(_catching(self.function(plan.factory)), objects))
            case FieldKind.BATCH:
                return await self._batch_values(plan, objects, paths)
            case _:
                return await self._resolver_values(plan, objects, paths)

    async def _batch_values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> list[Any]:
        """Call the batched function once for all objects."""
        assert plan.batch is not None
        assert plan.strawberry_field is not None
        schema = self.executor.schema._strawberry_schema  # type: ignore[attr-defined] # noqa: SLF001 - set by Strawberry
        info = schema.config.info_class(_raw_info=self.info(plan, paths, 0), _field=plan.strawberry_field)
        arguments = plan.converted_arguments
        if arguments is None:
            arguments = convert_arguments(
                dict(self.arguments(plan)),
                plan.strawberry_field.arguments,
                scalar_registry=schema.schema_converter.scalar_registry,
                config=schema.config,
                info=info,
            )
            if plan.arguments is not None:
                plan.converted_arguments = arguments
        values = await plan.batch(objects, info, arguments)
        if len(values) != len(objects):
            name = f"{plan.parent_type.name}.{plan.name}"
            raise ValueError(f"{name}: {len(values)} values for {len(objects)} parents")
        return list(values)

    async def _resolver_values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> list[Any]:
        """Call the resolver for each object; all calls start before any is awaited."""
        resolve = plan.definition.resolve or self.executor.field_resolver
        arguments = self.arguments(plan)

        def start(index: int, parent: Any) -> Any:
            try:
                return resolve(parent, self.info(plan, paths, index), **arguments)
            except Exception as error:  # noqa: BLE001 - a field error of this object
                return error

        return await self.awaited(list(starmap(start, enumerate(objects))))

    async def _stock_values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> list[Any]:
        """Let graphql-core resolve and complete the field: introspection."""
        values = []
        for index, parent in enumerate(objects):
            path = paths.path(index)
            assert path is not None
            value = self.executor.execute_field(plan.parent_type, parent, plan.details, path, None)
            values.append(await value if self.executor.is_awaitable(value) else value)
        return values

    async def awaited(self, values: list[Any]) -> list[Any]:
        """Replace the awaitables in a list by their results, or by the errors that they raise."""
        is_awaitable = self.executor.is_awaitable
        waiting = [index for index, value in enumerate(values) if is_awaitable(value)]
        if len(waiting) == 1:
            [index] = waiting
            values[index] = await result_or_error(values[index])
            return values
        results = await gather_or_cancel(result_or_error(values[index]) for index in waiting)
        for index, result in zip(waiting, results, strict=True):
            values[index] = result
        return values

    async def _complete(self, column: Column) -> None:
        if column.completed:
            return
        column.values = await self.complete_column(self, column)
        column.completed = True
        column.invalid = isinstance(column.plan.type, GraphQLNonNull) and any(
            value.__class__ is Invalid for value in column.values
        )

    def _take_partial_values(self, column: Column) -> bool:
        """Replace partial values by their values and note their failures; return whether any value is an error."""
        classes = set(map(type, column.values))
        if Partial in classes:
            traffic = self.executor.context_value.operation.traffic
            indexes = [index for index, value in enumerate(column.values) if isinstance(value, Partial)]
            for index, path in zip(indexes, column.paths.as_lists(indexes), strict=True):
                partial = column.values[index]
                for failure in partial.failures:
                    traffic.degrade(path, failure)
                column.values[index] = partial.value
            classes = set(map(type, column.values))
        return any(issubclass(class_, Exception) for class_ in classes)

    def _replace_errors(self, column: Column) -> None:
        """Replace the errors in a column of a nullable type by null, and report them."""
        values, paths = column.values, column.paths
        indexes = [index for index, value in enumerate(values) if isinstance(value, Exception)]
        errors = located_errors(column.plan.nodes, [values[i] for i in indexes], paths.as_lists(indexes))
        if self.has_nulled_objects:
            for index, error in zip(indexes, errors, strict=True):
                self.executor.collected_errors.add(error, paths.path(index))
        else:
            self.executor.collected_errors.errors.extend(errors)
        for index in indexes:
            values[index] = None

    def report_null(self, error: GraphQLError, path: Path | None) -> None:
        """Report the error that makes a value null, unless something above the value is null already."""
        self.has_nulled_objects = True
        self.executor.collected_errors.add(error, path)

    def note_student_records(self, values: Sequence[Any]) -> None:
        """Note the records of students in a column for the disclosure log: lists of records, records and nulls."""
        self.executor.context_value.operation.disclosures.records.append(values)

    def arguments(self, plan: FieldPlan) -> Mapping[str, Any]:
        """Return the coerced arguments of the field, the same for all objects."""
        if plan.arguments is not None:
            return plan.arguments
        executor, first = self.executor, plan.details[0]
        return get_argument_values(
            plan.definition,
            first.node,
            executor.variable_values,
            first.fragment_variable_values,
            executor.hide_suggestions,
        )

    def info(self, plan: FieldPlan, paths: Paths, index: int) -> GraphQLResolveInfo[Any]:
        """Return the resolver's `info` for the object at an index."""
        path = paths.path(index)
        assert path is not None
        return self.executor.build_resolve_info(plan.definition, plan.nodes, plan.parent_type, path)

    def function(self, factory: FunctionFactory) -> Callable[[Any], Any]:
        """Return the function of a derived field in this operation."""
        function = self._functions.get(factory)
        if function is None:
            function = factory(self.executor.context_value)
            if not isinstance(function, Constant):  # it may change: the next level may load stale records
                self._functions[factory] = function
        return function


def _catching(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a function so that it returns the exception that it raises."""

    def attempt(value: Any) -> Any:
        try:
            return read(value)
        except Exception as error:  # noqa: BLE001 - a field error of this object
            return error

    return attempt


def _identity(value: Any) -> Any:
    return value


def _row(cells: Sequence[tuple[str, list[Any]]], index: int) -> Any:
    """Return the row of one object; the first invalid value replaces the row."""
    row = {}
    for key, values in cells:
        value = values[index]
        if value.__class__ is Invalid:
            return value
        row[key] = value
    return row
