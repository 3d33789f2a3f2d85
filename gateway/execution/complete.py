"""
The careful path: a column's values as the specification completes them, one type after the other.

It owns null propagation, located errors and their order, lists, abstract types, and what is nested below.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_abstract_type,
    is_leaf_type,
    located_error,
)
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import is_iterable

from student_graph.gateway.execution.compiler import Compiler
from student_graph.gateway.execution.plan import FieldPlan, Kind
from student_graph.gateway.execution.positions import Items, Positions, Some
from student_graph.gateway.execution.run import Column, Invalid, Run
from student_graph.resolvers.fields.record import InstanceOf


class Completion:
    """Completes columns of one operation."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._executor = run.executor
        run.complete = self.column

    async def column(self, column: Column) -> list[Any]:
        """The column's values as the response holds them: completed, None, or `Invalid` on its way up."""
        return await self._values(column.plan, column.plan.type, column.values, column.at)

    async def _values(self, plan: FieldPlan, type_: Any, values: list[Any], at: Positions) -> list[Any]:
        if not isinstance(type_, GraphQLNonNull):
            return self._absorbed(await self._nullable(plan, type_, values, at), at)
        done = await self._nullable(plan, type_.of_type, values, at)
        for index, value in enumerate(done):
            if value is None:
                message = f"Cannot return null for non-nullable field {plan.parent}.{plan.name}."
                done[index] = self._invalid(plan, at, index, TypeError(message))
        return done if self._executor.error_propagation else self._absorbed(done, at)

    def _absorbed(self, done: list[Any], at: Positions) -> list[Any]:
        """At a place that may be null: what was on its way up becomes null here, and its error is told."""
        for index, value in enumerate(done):
            if value.__class__ is Invalid:
                self._executor.collected_errors.add(value.error, at.path(index))
                done[index] = None
        return done

    def _invalid(self, plan: FieldPlan, at: Positions, index: int, error: Exception) -> Invalid:
        path = at.path(index)
        return Invalid(located_error(error, plan.nodes, path.as_list() if path else None))

    async def _nullable(self, plan: FieldPlan, type_: Any, values: list[Any], at: Positions) -> list[Any]:
        """Values of a type that may be null."""
        out: list[Any] = [None] * len(values)
        live = []
        for index, value in enumerate(values):
            if value is None or value is Undefined:
                continue
            if isinstance(value, Exception):
                out[index] = self._invalid(plan, at, index, value)
            else:
                live.append(index)
        if len(live) == len(values):
            return await self._present(plan, type_, values, at)
        if live:
            done = await self._present(plan, type_, [values[index] for index in live], Some(at, live))
            for index, value in zip(live, done, strict=True):
                out[index] = value
        return out

    async def _present(self, plan: FieldPlan, type_: Any, values: list[Any], at: Positions) -> list[Any]:
        """Values that are there and no errors."""
        if not values:
            return []
        if is_leaf_type(type_):
            return [self._leaf(plan, type_, at, index, value) for index, value in enumerate(values)]
        if isinstance(type_, GraphQLList):
            return await self._lists(plan, type_, values, at)
        if is_abstract_type(type_):
            return await self._abstract(plan, type_, values, at)
        return await self._objects(plan, type_, values, at)

    def _leaf(self, plan: FieldPlan, type_: Any, at: Positions, index: int, value: Any) -> Any:
        try:
            return self._executor.complete_leaf_value(type_, value)
        except Exception as error:  # noqa: BLE001 - a field error
            return self._invalid(plan, at, index, error)

    async def _lists(
        self, plan: FieldPlan, type_: GraphQLList[Any], values: list[Any], at: Positions
    ) -> list[Any]:
        """All lists as one column of items, and back."""
        lengths: list[int | None] = []
        items: list[Any] = []
        out: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            try:
                found = await self._items(plan, value)
            except Exception as error:  # noqa: BLE001 - a field error
                lengths.append(None)
                out[index] = self._invalid(plan, at, index, error)
            else:
                lengths.append(len(found))
                items.extend(found)
        if plan.kind is Kind.RESOLVER:
            items = await self._run.awaited(items)
        done = await self._values(plan, type_.of_type, items, Items(at, lengths))
        whole = isinstance(type_.of_type, GraphQLNonNull)
        start = 0
        for index, length in enumerate(lengths):
            if length is not None:
                part = done[start : start + length]
                start += length
                broken = next((each for each in part if each.__class__ is Invalid), None) if whole else None
                out[index] = part if broken is None else broken
        return out

    async def _items(self, plan: FieldPlan, value: Any) -> Sequence[Any]:
        """The items of what should be a list."""
        if value.__class__ is list or value.__class__ is tuple:
            found: Sequence[Any] = value
            return found
        if self._executor.is_async_iterable(value):
            return [each async for each in value]
        if not is_iterable(value):
            place = f"{plan.parent}.{plan.name}"
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{place}'.")
        return list(value)

    async def _objects(
        self, plan: FieldPlan, type_: GraphQLObjectType, values: list[Any], at: Positions
    ) -> list[Any]:
        """Objects of one type, their fields carried out as a scope of their own."""
        child = plan.children[type_.name]
        belongs = type_.is_type_of
        if isinstance(belongs, InstanceOf) and belongs.discloses:
            self._run.disclosed(values)
        if belongs is None or (
            isinstance(belongs, InstanceOf)
            and all(issubclass(each, belongs.origin) for each in set(map(type, values)))
        ):
            return await self._run.objects(child, values, at)

        def check(index: int) -> Any:
            return belongs(values[index], self._run.info(plan, at, index))

        told = await self._each(len(values), check)
        out: list[Any] = [None] * len(values)
        live = []
        for index, said in enumerate(told):
            if said is True:
                live.append(index)
            else:
                error = said if isinstance(said, Exception) else None
                wrong = error or invalid_return_type_error(type_, values[index], plan.details)
                if error is None and said:
                    live.append(index)
                else:
                    out[index] = self._invalid(plan, at, index, wrong)
        rows = await self._run.objects(child, [values[index] for index in live], Some(at, live))
        for index, row in zip(live, rows, strict=True):
            out[index] = row
        return out

    async def _abstract(self, plan: FieldPlan, type_: Any, values: list[Any], at: Positions) -> list[Any]:
        """Objects of an interface or union, by what each of them is; a type is planned at its first sight."""
        decide = type_.resolve_type or self._executor.type_resolver
        told = await self._each(
            len(values), lambda index: decide(values[index], self._run.info(plan, at, index), type_)
        )
        out: list[Any] = [None] * len(values)
        groups: dict[str, tuple[GraphQLObjectType, list[int]]] = {}
        for index, name in enumerate(told):
            try:
                if isinstance(name, Exception):
                    raise name  # noqa: TRY301 - one way for all that may be wrong with a type
                info = self._run.info(plan, at, index)
                found = self._executor.ensure_valid_runtime_type(name, type_, plan.details, info, values[index])
            except Exception as error:  # noqa: BLE001 - a field error
                out[index] = self._invalid(plan, at, index, error)
            else:
                groups.setdefault(found.name, (found, []))[1].append(index)
        for found, indexes in groups.values():
            Compiler(self._executor).child(plan, found)
            rows = await self._objects(plan, found, [values[index] for index in indexes], Some(at, indexes))
            for index, row in zip(indexes, rows, strict=True):
                out[index] = row
        return out

    async def _each(self, count: int, ask: Callable[[int], Awaitable[Any] | Any]) -> list[Any]:
        """What a function of the schema says to each value, an exception in place of an answer."""
        told = []
        for index in range(count):
            try:
                told.append(ask(index))
            except Exception as error:  # noqa: BLE001 - a field error
                told.append(error)
        return await self._run.awaited(told)
