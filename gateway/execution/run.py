"""
Carrying out a plan: a column for each field of a scope, siblings side by side, each as deep as its data come.

A *scope* is all objects of one type at one place of the operation, a *column* the values of one field for all of
them. Nothing waits for its depth: a branch goes on as soon as it has its own data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from operator import attrgetter
from typing import Any

from graphql import GraphQLError, GraphQLNonNull, GraphQLResolveInfo
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from strawberry.types.arguments import convert_arguments

from student_graph.gateway.execution.codegen import builder
from student_graph.gateway.execution.plan import Build, Counters, FieldPlan, Kind, ObjectPlan
from student_graph.gateway.execution.positions import Field, Positions
from student_graph.gateway.execution.waiting import gathered, outcome
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.fields.record import Always

LONGEST = 1000
"""Objects built in one go; longer columns let the event loop see to others in between."""


class Invalid:
    """A null where none may be, on its way up to the nearest place that may be null."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


@dataclass(slots=True)
class Column:
    """The values of one field for all objects of a scope."""

    plan: FieldPlan
    at: Positions
    values: list[Any]
    completed: bool = False
    """Whether the values are as the response holds them."""
    invalid: bool = False
    """Whether one of them is `Invalid`."""


@dataclass(slots=True)
class Run:
    """One operation being carried out."""

    executor: Executor[Any]
    counters: Counters
    careful: bool = False
    """Whether every scope goes the careful way, as tests want it."""
    structs: bool = False
    """Whether rows are structs instead of dicts."""
    complete: Callable[[Column], Awaitable[list[Any]]] = field(init=False)
    """The careful completion of a column; set by `complete`, which knows this module."""
    _bound: dict[Callable[[Any], Any], Callable[[Any], Any]] = field(default_factory=dict)

    async def objects(
        self, plan: ObjectPlan, objects: Sequence[Any], at: Positions, *, serially: bool = False
    ) -> list[Any]:
        """A row for each object of a scope, or `Invalid` in its place."""
        if not objects:
            return []
        columns = await self._columns(plan, objects, at, serially=serially)
        if not self.careful and not any(column.invalid for column in columns):
            try:
                return await self._built(plan, objects, columns)
            except Exception:  # noqa: BLE001 - whatever it was, the careful way meets it again and says where
                self.counters.deopt += 1
        return await self._assembled(plan, objects, at, columns)

    async def _columns(
        self, plan: ObjectPlan, objects: Sequence[Any], at: Positions, *, serially: bool
    ) -> list[Column]:
        if serially:
            columns = []
            for each in plan.columns:
                columns.append(column := await self.column(each, objects, at))
                await self._completed(column)  # read before the next mutation may change it
            return columns
        if len(plan.columns) == 1:
            return [await self.column(plan.columns[0], objects, at)]
        return await gathered(self.column(each, objects, at) for each in plan.columns)

    async def _built(self, plan: ObjectPlan, objects: Sequence[Any], columns: Sequence[Column]) -> list[Any]:
        """The rows, by generated code."""
        bound = [self.bound(make) for make in plan.derived]
        constant = frozenset([m for m, b in zip(plan.derived, bound, strict=True) if isinstance(b, Always)])
        build = builder(plan, Build(tuple([column.completed for column in columns]), constant, self.structs))
        values = [column.values for column in columns]
        rows: list[Any] = []
        if len(objects) <= LONGEST:
            rows = build(objects, bound, *values)
        else:
            for start in range(0, len(objects), LONGEST):
                part = slice(start, start + LONGEST)
                rows += build(objects[part], bound, *[each[part] for each in values])
                await asyncio.sleep(0)
        for column in columns:  # those that were completed have said so themselves
            if column.plan.discloses and not column.completed:
                self.disclosed(column.values)
        return rows

    async def _assembled(
        self, plan: ObjectPlan, objects: Sequence[Any], at: Positions, columns: Sequence[Column]
    ) -> list[Any]:
        """The rows, every field completed as a column of its own."""
        had = {id(column.plan): column for column in columns}
        cells = []
        for each in plan.fields:
            column = had.get(id(each)) or await self.column(each, objects, at)
            await self._completed(column)
            cells.append((each.key, column.values))
        return [_row(cells, index) for index in range(len(objects))]

    async def column(self, plan: FieldPlan, objects: Sequence[Any], at: Positions) -> Column:
        """The values of one field; completed unless generated code is to do that."""
        column = Column(plan, Field(at, plan.key, plan.parent.name), [])
        if plan.kind is Kind.STOCK:
            column.values, column.completed = await self._by_stock(plan, objects, column.at), True
            return column
        try:
            column.values = await self._values(plan, objects, column.at)
        except Exception as error:  # noqa: BLE001 - the whole column failed: one error for each object
            column.values = [error] * len(objects)
        odd = self._settled(column)
        if odd or not plan.inline:
            await self._completed(column)
        return column

    async def _values(self, plan: FieldPlan, objects: Sequence[Any], at: Positions) -> list[Any]:
        match plan.kind:
            case Kind.TYPENAME:
                return [plan.parent.name] * len(objects)
            case Kind.ATTRIBUTE:
                return list(map(_attempt(attrgetter(plan.attribute) if plan.attribute else _itself), objects))
            case Kind.DERIVED:
                assert plan.derive is not None
                return list(map(_attempt(self.bound(plan.derive)), objects))
            case Kind.BATCH:
                return await self._batch(plan, objects, at)
            case _:
                return await self._by_resolver(plan, objects, at)

    async def _batch(self, plan: FieldPlan, objects: Sequence[Any], at: Positions) -> list[Any]:
        """One call for all objects."""
        assert plan.batch is not None
        assert plan.strawberry is not None
        schema = self.executor.schema._strawberry_schema  # type: ignore[attr-defined] # noqa: SLF001 - set by Strawberry
        info = schema.config.info_class(_raw_info=self.info(plan, at, 0), _field=plan.strawberry)
        arguments = plan.converted
        if arguments is None:
            arguments = convert_arguments(
                dict(self.arguments(plan)),
                plan.strawberry.arguments,
                scalar_registry=schema.schema_converter.scalar_registry,
                config=schema.config,
                info=info,
            )
            if plan.arguments is not None:
                plan.converted = arguments
        values = await plan.batch(objects, info, arguments)
        if len(values) != len(objects):
            place = f"{plan.parent.name}.{plan.name}"
            raise ValueError(f"{place}: {len(values)} values for {len(objects)} parents")
        return list(values)

    async def _by_resolver(self, plan: FieldPlan, objects: Sequence[Any], at: Positions) -> list[Any]:
        """A call for each object, all started before any is awaited."""
        resolve = plan.definition.resolve or self.executor.field_resolver
        arguments = self.arguments(plan)

        def start(index: int, each: Any) -> Any:
            try:
                return resolve(each, self.info(plan, at, index), **arguments)
            except Exception as error:  # noqa: BLE001 - a field error of this object
                return error

        return await self.awaited(list(starmap(start, enumerate(objects))))

    async def _by_stock(self, plan: FieldPlan, objects: Sequence[Any], at: Positions) -> list[Any]:
        """Introspection, completed by graphql-core."""
        rows = []
        for index, each in enumerate(objects):
            path = at.path(index)
            assert path is not None
            row = self.executor.execute_field(plan.parent, each, plan.details, path, None)
            rows.append(await row if self.executor.is_awaitable(row) else row)
        return rows

    async def awaited(self, values: list[Any]) -> list[Any]:
        """The same list with what can be awaited replaced by what came of it; failures stand in their place."""
        is_awaitable = self.executor.is_awaitable
        waiting = [index for index, value in enumerate(values) if is_awaitable(value)]
        if len(waiting) == 1:
            [index] = waiting
            values[index] = await outcome(values[index])
            return values
        told = await gathered(outcome(values[index]) for index in waiting)
        for index, value in zip(waiting, told, strict=True):
            values[index] = value
        return values

    async def _completed(self, column: Column) -> None:
        if column.completed:
            return
        column.values = await self.complete(column)
        column.completed = True
        column.invalid = isinstance(column.plan.type, GraphQLNonNull) and any(
            value.__class__ is Invalid for value in column.values
        )

    def _settled(self, column: Column) -> bool:
        """Whether a value is an error; what is partly missing is noted, and its value taken."""
        classes = set(map(type, column.values))
        if Partial in classes:
            operation = self.executor.context_value.operation
            for index, value in enumerate(column.values):
                if isinstance(value, Partial):
                    path = column.at.path(index)
                    assert path is not None
                    for failure in value.failures:
                        operation.degrade(path.as_list(), failure)
                    column.values[index] = value.value
            classes = set(map(type, column.values))
        return any(issubclass(each, Exception) for each in classes)

    def disclosed(self, values: Sequence[Any]) -> None:
        """Note records of students that stand in the answer: lists of them, single ones, and nulls."""
        self.executor.context_value.operation.disclosed.append(values)

    def arguments(self, plan: FieldPlan) -> Mapping[str, Any]:
        """The field's arguments, coerced; the same for all objects."""
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

    def info(self, plan: FieldPlan, at: Positions, index: int) -> GraphQLResolveInfo[Any]:
        """What a resolver is told of the place it answers for."""
        path = at.path(index)
        assert path is not None
        return self.executor.build_resolve_info(plan.definition, plan.nodes, plan.parent, path)

    def bound(self, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function of a derived field in this operation."""
        found = self._bound.get(make)
        if found is None:
            found = make(self.executor.context_value)
            if not isinstance(found, Always):  # what is the same for all now need not be so for the next scope
                self._bound[make] = found
        return found


def _attempt(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function with its failure as its value."""

    def attempt(value: Any) -> Any:
        try:
            return read(value)
        except Exception as error:  # noqa: BLE001 - a field error of this object
            return error

    return attempt


def _itself(value: Any) -> Any:
    return value


def _row(cells: Sequence[tuple[str, list[Any]]], index: int) -> Any:
    """One object's row; the first null that may not be stands for all of it."""
    row = {}
    for key, values in cells:
        value = values[index]
        if value.__class__ is Invalid:
            return value
        row[key] = value
    return row
