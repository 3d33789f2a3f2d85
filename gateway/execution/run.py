"""
Runs a plan: computes a column for each field of a level, all fields at the same time.

A *level* is all objects of one type at one position of the operation. A *column* is the values of one field for
all of them. No level waits for another branch: each branch continues as soon as its own data is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLNonNull
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from student_graph.gateway.concurrency.coroutines import gather_or_cancel
from student_graph.gateway.execution.codegen import row_builder
from student_graph.gateway.execution.column import (
    Column,
    Invalid,
    Level,
    LevelLostError,
    summary_of,
)
from student_graph.gateway.execution.errors import located_errors
from student_graph.gateway.execution.paths import FieldPaths, Paths
from student_graph.gateway.execution.plan import (
    BuilderOptions,
    Counters,
    FieldKind,
    FieldPlan,
    ObjectPlan,
)
from student_graph.gateway.execution.row_cache import RowCache, build_or_reuse, may_cache_rows
from student_graph.gateway.execution.rows import RowEncoder, assemble_rows, build_rows, holds_rows
from student_graph.gateway.execution.size import AnswerSize, AnswerTooLargeError
from student_graph.gateway.execution.stock import noted_value
from student_graph.gateway.execution.values import FieldValues
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.fields.record import Constant

MAX_INLINE_ITEMS = 250
"""Items of a list that are built with the row that holds it. A longer list is a level of its own, in slices."""

CompleteColumn: TypeAlias = Callable[["Run", Column], Awaitable[Sequence[Any]]]
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
    encoded: bool = False
    """Whether rows are encoded as JSON as soon as they are built; if not, they are dicts."""
    has_nulled_objects: bool = False
    """
    Whether an error nulled a value that may be an object or a list. Errors below such a value are not reported.
    """
    row_cache: RowCache | None = None
    """Rows of earlier operations; None if each row is to be built."""
    fields: FieldValues = field(init=False)

    def __post_init__(self) -> None:
        self.fields = FieldValues(self.executor)

    async def rows(
        self,
        plan: ObjectPlan,
        objects: Sequence[Any],
        paths: Paths,
        size: AnswerSize,
        *,
        serially: bool = False,
    ) -> Sequence[Any]:
        """
        Return a row for each object of a level, or `Invalid` in its place. They are counted in `size`.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        if not objects:
            return []
        count = len(objects)
        size.add(count if plan.has_records else 0, count * plan.min_row_bytes)
        try:
            columns = await self._columns(plan, objects, paths, size, serially=serially)
        except LevelLostError as lost:
            return lost.rows
        if not self.slow and not any(column.invalid for column in columns):
            encoder = self._row_encoder(plan, objects, columns, size)
            try:
                return await self._build_rows(plan, objects, columns, encoder)
            except AnswerTooLargeError:
                raise
            except Exception:  # noqa: BLE001 - the slow path meets the same error again and reports its path
                self.counters.deopt += 1
                if encoder is not None:
                    encoder.take_back()
        return await self._assemble_rows(plan, objects, paths, columns, size)

    async def _columns(
        self, plan: ObjectPlan, objects: Sequence[Any], paths: Paths, size: AnswerSize, *, serially: bool
    ) -> list[Column]:
        """Return the columns of a level; `LevelLostError` ends the other fields when all objects are lost."""
        level = Level(paths, len(objects))
        if serially:
            columns = []
            for field_plan in plan.columns:
                columns.append(column := await self.column(field_plan, objects, paths, size))
                await self._complete_later(column)  # before the next mutation can change the result
                level.check(column)
            return columns

        async def checked_column(field_plan: FieldPlan) -> Column:
            return level.check(await self.column(field_plan, objects, paths, size))

        if len(plan.columns) == 1:
            return [await checked_column(plan.columns[0])]
        return await gather_or_cancel(map(checked_column, plan.columns))

    async def _build_rows(
        self, plan: ObjectPlan, objects: Sequence[Any], columns: Sequence[Column], encoder: RowEncoder | None
    ) -> Sequence[Any]:
        """Build the rows with generated code."""
        functions = [self.fields.function(factory) for factory in plan.factories]
        completed = tuple([column.completed for column in columns])
        has_structs = self.encoded and plan.deserves_structs(len(objects))
        values = [column.values for column in columns]

        async def build_all(objects: Sequence[Any], values: Sequence[Sequence[Any]]) -> list[Any]:
            pairs = zip(plan.factories, functions, strict=True)
            constant = frozenset([factory for factory, function in pairs if isinstance(function, Constant)])
            build = row_builder(plan, BuilderOptions(completed, constant, has_structs))

            def build_slice(part: slice) -> list[Any]:
                return build(objects[part], functions, *[column_values[part] for column_values in values])

            return await build_rows(build_slice, len(objects), encoder)

        if self.row_cache is not None and encoder is not None and may_cache_rows(plan, functions):
            basis = (completed, *functions)
            rows = await build_or_reuse(self.row_cache, plan, basis, objects, values, build_all, encoder)
        else:
            rows = await build_all(objects, values)
        for column in columns:
            if column.plan.has_student_records and not column.completed:  # noted already if completed
                self.note_student_records(column.values)
        return rows

    async def _assemble_rows(
        self,
        plan: ObjectPlan,
        objects: Sequence[Any],
        paths: Paths,
        columns: Sequence[Column],
        size: AnswerSize,
    ) -> list[Any]:
        """Make the rows on the slow path: every field is completed as a column of its own."""
        column_by_plan = {id(column.plan): column for column in columns}
        completed, cells = [], []
        for field_plan in plan.fields:
            column = column_by_plan.get(id(field_plan)) or await self.column(field_plan, objects, paths, size)
            await self._complete_later(column)
            completed.append(column)
            cells.append((field_plan.key, column.values))
        return assemble_rows(cells, len(objects), self._row_encoder(plan, objects, completed, size))

    def _row_encoder(
        self, plan: ObjectPlan, objects: Sequence[Any], columns: Sequence[Column], size: AnswerSize
    ) -> RowEncoder | None:
        """Return the encoder of a level's rows; None if rows are not encoded."""
        if not self.encoded:
            return None
        return RowEncoder(size, len(objects) * plan.min_row_bytes, holds_rows(columns))

    async def column(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths, size: AnswerSize) -> Column:
        """
        Return the column of a field. It is completed unless generated code can complete it.

        If the field does not fit into the answer, each of its values is an error.

        Raises: AnswerTooLargeError: there are too many parents for that many errors.
        """
        own_size = size.part() if plan.composite else size
        non_null = isinstance(plan.type, GraphQLNonNull)
        column = Column(plan, FieldPaths(paths, plan.key, plan.parent_type.name, non_null), [], own_size)
        try:
            await self._fill(column, objects)
        except AnswerTooLargeError as error:
            self._replace_by_error(column, error, len(objects))
            await self._complete_unless_inline(column)
        return column

    async def _complete_later(self, column: Column) -> None:
        """Complete a column that generated code should have completed. Its objects are counted again."""
        if column.completed:
            return
        if column.plan.composite:
            column.size.discard()
        try:
            await self._complete(column)
        except AnswerTooLargeError as error:
            self._replace_by_error(column, error, len(column.values))
            await self._complete(column)

    def _replace_by_error(self, column: Column, error: AnswerTooLargeError, parents: int) -> None:
        """Replace all values of a column by one error; raises it if it would be reported for too many parents."""
        if column.plan.composite:
            column.size.discard()
        if not column.size.may_report(parents):
            raise error
        column.values, column.completed = [error] * parents, False

    async def _fill(self, column: Column, objects: Sequence[Any]) -> None:
        plan = column.plan
        if plan.kind is FieldKind.STOCK:
            [root], fields = objects, self.fields
            value = await fields.introspect(plan, root, column.paths, column.size, encoded=self.encoded)
            column.values, column.completed = [value], True
            return
        try:
            column.values = await self.fields.values(plan, objects, column.paths)
        except Exception as error:  # noqa: BLE001 - the whole column failed: one error for each object
            column.values = [error] * len(objects)
        await self._complete_unless_inline(column)

    async def _complete_unless_inline(self, column: Column) -> None:
        """Complete a column unless generated code can; then count it. Errors at nullable positions become null."""
        plan = column.plan
        summary = summary_of(column.values, composite=plan.composite)
        if summary.has_partial:
            self._take_partial_values(column)
            summary = summary_of(column.values, composite=plan.composite)
        if summary.has_errors and not self.slow and not isinstance(plan.type, GraphQLNonNull):
            self._replace_errors(column)
            summary = summary_of(column.values, composite=plan.composite)
        if not plan.inline or summary.has_errors or summary.longest_list > MAX_INLINE_ITEMS:
            await self._complete(column)
        elif plan.has_records:
            column.size.add(summary.objects)

    async def _complete(self, column: Column) -> None:
        if column.completed:
            return
        column.values = await self.complete_column(self, column)
        column.completed = True
        column.invalid = isinstance(column.plan.type, GraphQLNonNull) and any(
            value.__class__ is Invalid for value in column.values
        )

    def _take_partial_values(self, column: Column) -> None:
        """Replace partial values by their values, and note their failures."""
        column.values = values = list(column.values)
        indexes = [index for index, value in enumerate(values) if isinstance(value, Partial)]
        for index, path in zip(indexes, column.paths.as_lists(indexes), strict=True):
            values[index] = noted_value(values[index], path, self.executor.context_value)

    def _replace_errors(self, column: Column) -> None:
        """Replace the errors in a column of a nullable type by null, and report them."""
        column.values = values = list(column.values)
        paths = column.paths
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
