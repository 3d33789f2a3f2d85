"""
The slow path: completes the values of a column as the specification says, type by type.

It implements null propagation, located errors and their order, lists, abstract types and nested objects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate, chain
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
from graphql.execution.executor import Executor, collect_iterator_awaitables, invalid_return_type_error
from graphql.pyutils import is_iterable

from student_graph.adapters.answers import SharedValues, has_instances, types_of
from student_graph.gateway.execution.column import AllLostError, Column, Invalid, Lost, list_or_invalid
from student_graph.gateway.execution.compiler import Compiler
from student_graph.gateway.execution.paths import ItemPaths, Paths, SubsetPaths
from student_graph.gateway.execution.plan import FieldKind, FieldPlan
from student_graph.gateway.execution.run import Run
from student_graph.gateway.execution.size import AnswerSize
from student_graph.gateway.execution.values import async_items
from student_graph.resolvers.fields.record import InstanceCheck, is_student_record_type

_NOT_PRESENT = (type(None), type(Undefined), Exception, Invalid)
"""Classes of values that are not completed."""
MIN_ITEM_BYTES = 3
"""Fewest bytes of an object in a list as JSON: two braces and a comma."""


async def complete_column(run: Run, column: Column) -> Sequence[Any]:
    """Return the column's values as they appear in the response: completed, None, or `Invalid` on its way up."""
    completion = _Completion(run, column.plan, column.size)
    return await completion.complete(column.plan.type, column.values, column.paths)


class _Completion:
    """Completes the values of one field."""

    def __init__(self, run: Run, plan: FieldPlan, size: AnswerSize) -> None:
        self._run = run
        self._size = size
        self._executor = run.executor
        self._plan = plan

    async def complete(self, type_: Any, values: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Complete values of a type; a null where none is allowed becomes `Invalid`."""
        if not isinstance(type_, GraphQLNonNull):
            return self._replace_invalid(await self._complete_nullable(type_, values, paths), paths)
        completed = await self._complete_nullable(type_.of_type, values, paths)
        if type(None) in types_of(completed):
            completed = [
                self._invalid(paths, index, self._null_error()) if value is None else value
                for index, value in enumerate(completed)
            ]
        return completed if self._executor.error_propagation else self._replace_invalid(completed, paths)

    def _replace_invalid(self, values: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Replace invalid values by null at a nullable position, and report their errors."""
        if Invalid not in types_of(values):
            return values
        replaced = list(values)
        for index, value in enumerate(values):
            if value.__class__ is Invalid:
                self._run.report_null(value.error, paths.path(index))
                replaced[index] = None
        return replaced

    def _invalid(self, paths: Paths, index: int, error: Exception) -> Invalid:
        path = paths.path(index)
        return Invalid(located_error(error, self._plan.nodes, path.as_list() if path else None))

    async def _complete_nullable(self, type_: Any, values: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Complete values of a nullable type: nulls stay, errors become `Invalid`."""
        if not has_instances(values, *_NOT_PRESENT):
            return await self._complete_present(type_, values, paths)
        out: list[Any] = [None] * len(values)
        present = []
        for index, value in enumerate(values):
            if value is None or value is Undefined:
                continue
            if isinstance(value, Exception):
                out[index] = self._invalid(paths, index, value)
            elif value.__class__ is Invalid:
                out[index] = value
            else:
                present.append(index)
        if present:
            completed = await self._complete_present(
                type_, [values[index] for index in present], SubsetPaths(paths, present)
            )
            for index, value in zip(present, completed, strict=True):
                out[index] = value
        return out

    async def _complete_present(self, type_: Any, values: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Complete values that are neither null nor errors."""
        if not values:
            return []
        if is_leaf_type(type_):
            return [self._complete_leaf(type_, paths, index, value) for index, value in enumerate(values)]
        if isinstance(type_, GraphQLList):
            return await self._complete_lists(type_, values, paths)
        if is_abstract_type(type_):
            return await self._complete_abstract(type_, values, paths)
        return await self._complete_objects(type_, values, paths)

    def _complete_leaf(self, type_: Any, paths: Paths, index: int, value: Any) -> Any:
        try:
            return Executor.complete_leaf_value(type_, value)
        except Exception as error:  # noqa: BLE001 - a field error
            return self._invalid(paths, index, error)

    async def _complete_lists(self, type_: GraphQLList[Any], values: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Complete the items of all lists as one column, and divide it into lists again."""
        non_null = isinstance(type_.of_type, GraphQLNonNull)
        if isinstance(values, SharedValues) and types_of(values) == {list}:
            return await self._complete_shared_lists(type_, values, paths, non_null=non_null)
        lengths: list[int | None] = []
        items: list[Any] = []
        out: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            try:
                list_items = await self._items(value, non_null=non_null)
            except Exception as error:  # noqa: BLE001 - a field error
                lengths.append(None)
                out[index] = self._invalid(paths, index, error)
            else:
                lengths.append(len(list_items))
                items.extend(list_items)
                if self._plan.composite:  # before the items are executed, while there are few enough to hold
                    self._size.check(len(items) if self._plan.has_records else 0, len(items) * MIN_ITEM_BYTES)
        item_paths = ItemPaths(paths, lengths, non_null)
        if self._plan.kind in (FieldKind.RESOLVER, FieldKind.ATTRIBUTE):
            items = await self._awaited_items(items, item_paths)
        completed = await self.complete(type_.of_type, items, item_paths)
        start = 0
        for index, length in enumerate(lengths):
            if length is not None:
                out[index] = list_or_invalid(completed[start : start + length], non_null=non_null)
                start += length
        return out

    async def _complete_shared_lists(
        self, type_: GraphQLList[Any], values: SharedValues, paths: Paths, *, non_null: bool
    ) -> Sequence[Any]:
        """Complete lists that operations share. Their items become a column that is shared as well."""
        lengths = values.once("lengths", lambda lists: list(map(len, lists)))
        items = values.once("items", lambda lists: SharedValues(chain.from_iterable(lists)))
        if self._plan.composite:
            self._size.check(len(items) if self._plan.has_records else 0, len(items) * MIN_ITEM_BYTES)
        completed = await self.complete(type_.of_type, items, ItemPaths(paths, lengths, non_null))
        child, row_cache = self._plan.children.get(self._plan.named_type.name), self._run.row_cache
        if child is not None and row_cache is not None:
            encoded = row_cache.lists(child, items, completed, lengths)
            if encoded is not None:
                return encoded
        ends = accumulate(lengths)
        return [
            list_or_invalid(completed[end - length : end], non_null=non_null)
            for length, end in zip(lengths, ends, strict=True)
        ]

    async def _awaited_items(self, items: list[Any], paths: ItemPaths) -> list[Any]:
        """Return the items of all lists when they have arrived, or the error if all lists are lost before."""
        if not paths.non_null:
            return await self._run.fields.awaited(items)
        try:
            return await self._run.fields.awaited(items, Lost(paths, len(items)).check_item)
        except AllLostError as lost:
            errors = {
                index: self._invalid(paths, index, items[index] or self._null_error())
                for index in set(lost.reasons)
            }
            self._executor.track_async_work(items)  # those that nobody has started to await
            return [errors[index] for index in lost.reasons]

    def _null_error(self) -> TypeError:
        field = f"{self._plan.parent_type}.{self._plan.name}"
        return TypeError(f"Cannot return null for non-nullable field {field}.")

    async def _items(self, value: Any, *, non_null: bool) -> Sequence[Any]:
        """Return the items of a value that must be a list."""
        if value.__class__ is list or value.__class__ is tuple:
            sequence: Sequence[Any] = value
            return sequence
        if self._executor.is_async_iterable(value):
            self._run.fields.met_awaitables = True
            return await async_items(value, non_null=non_null)
        if not is_iterable(value):
            field = f"{self._plan.parent_type}.{self._plan.name}"
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")
        iterator = iter(value)
        items: list[Any] = []
        try:
            items.extend(iterator)
        except Exception:
            rest = collect_iterator_awaitables(iterator, self._executor.is_awaitable)
            self._executor.track_async_work([*items, *rest])
            raise
        return items

    async def _complete_objects(
        self, type_: GraphQLObjectType, values: Sequence[Any], paths: Paths
    ) -> Sequence[Any]:
        """Complete objects of one type: their fields are a level of their own."""
        is_type_of = type_.is_type_of
        if is_type_of is None or (
            isinstance(is_type_of, InstanceCheck)
            and all(issubclass(class_, is_type_of.python_type) for class_ in types_of(values))
        ):
            return await self._rows(type_, values, paths)

        def check(index: int) -> Any:
            return is_type_of(values[index], self._run.fields.info(self._plan, paths, index))

        verdicts = await self._call_all(len(values), check)
        out: list[Any] = [None] * len(values)
        members = []
        for index, verdict in enumerate(verdicts):
            if isinstance(verdict, Exception):
                out[index] = self._invalid(paths, index, verdict)
            elif verdict:
                members.append(index)
            else:
                error = invalid_return_type_error(type_, values[index], self._plan.details)
                out[index] = self._invalid(paths, index, error)
        rows = await self._rows(type_, [values[index] for index in members], SubsetPaths(paths, members))
        for index, row in zip(members, rows, strict=True):
            out[index] = row
        return out

    async def _rows(self, type_: GraphQLObjectType, objects: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Return the rows of objects that belong to the type."""
        if is_student_record_type(type_):
            self._run.note_student_records(objects)
        return await self._run.rows(self._plan.children[type_.name], objects, paths, self._size)

    async def _complete_abstract(self, type_: Any, values: Sequence[Any], paths: Paths) -> list[Any]:
        """Complete objects of an interface or union, grouped by their type, which is planned when first seen."""
        plan, fields = self._plan, self._run.fields
        resolve_type = type_.resolve_type or self._executor.type_resolver
        names = await self._call_all(
            len(values),
            lambda index: resolve_type(values[index], fields.info(plan, paths, index), type_),
        )
        out: list[Any] = [None] * len(values)
        groups: dict[str, tuple[GraphQLObjectType, list[int]]] = {}
        for index, name in enumerate(names):
            try:
                if isinstance(name, Exception):
                    raise name  # noqa: TRY301 - handled like every other error about the type
                info = fields.info(plan, paths, index)
                object_type = self._executor.ensure_valid_runtime_type(
                    name, type_, plan.details, info, values[index]
                )
            except Exception as error:  # noqa: BLE001 - a field error
                out[index] = self._invalid(paths, index, error)
            else:
                groups.setdefault(object_type.name, (object_type, []))[1].append(index)
        for object_type, indexes in groups.values():
            Compiler(self._executor, plan.size).child_plan(plan, object_type)
            rows = await self._complete_objects(
                object_type, [values[index] for index in indexes], SubsetPaths(paths, indexes)
            )
            for index, row in zip(indexes, rows, strict=True):
                out[index] = row
        return out

    async def _call_all(self, count: int, function: Callable[[int], Awaitable[Any] | Any]) -> list[Any]:
        """Call a function of the schema for each index; the exception replaces the result of a call that fails."""
        results = []
        for index in range(count):
            try:
                results.append(function(index))
            except Exception as error:  # noqa: BLE001 - a field error
                results.append(error)
        return await self._run.fields.awaited(results)
