"""
The values of a field for all objects of a level: read, computed, or resolved by one call or one for each object.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from itertools import starmap
from operator import attrgetter
from typing import Any
from weakref import WeakKeyDictionary

from graphql import GraphQLResolveInfo, Undefined
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from strawberry.types.arguments import convert_arguments

from student_graph.adapters.answers import SharedValues
from student_graph.gateway.concurrency.coroutines import gather_in_tasks, gather_or_cancel
from student_graph.gateway.concurrency.pauses import in_turns
from student_graph.gateway.execution.paths import Paths
from student_graph.gateway.execution.plan import FieldKind, FieldPlan, FunctionFactory
from student_graph.gateway.execution.rows import EncodedRow, encode
from student_graph.gateway.execution.size import AnswerSize
from student_graph.resolvers.fields.record import Constant

_introspecting: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""
By event loop, the queue of requests for the schema. They run one after the other, because an answer takes
mebibytes while it is made.
"""
MAX_KEPT_INTROSPECTIONS = 8
"""
Answers about the schema that are kept, each of up to a mebibyte. Tools repeat the same queries; attackers do not.
"""
_plans_with_introspection: deque[FieldPlan] = deque()
"""The fields whose answers about the schema are kept, the oldest first."""


@dataclass(slots=True)
class FieldValues:
    """Gets the values of fields in one operation."""

    executor: Executor[Any]
    met_awaitables: bool = False
    """Whether a resolver, or another function of the schema, returned something to await."""
    _functions: dict[FunctionFactory, Callable[[Any], Any]] = field(default_factory=dict)
    """Functions of derived fields, by factory."""

    async def values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Return the value for each object, or the error that took its place; raises an error of all objects."""
        if plan.kind is FieldKind.BATCH:  # checked first, because nearly all columns have this kind
            return await self._batch_values(plan, objects, paths)
        match plan.kind:
            case FieldKind.TYPENAME:
                return [plan.parent_type.name] * len(objects)
            case FieldKind.ATTRIBUTE:
                read = attrgetter(plan.attribute) if plan.attribute else _identity
                return await self.awaited(list(map(_catching(read), objects)))
            case FieldKind.DERIVED:
                assert plan.factory is not None
                return list(map(_catching(self.function(plan.factory)), objects))
            case _:
                return await self._resolver_values(plan, objects, paths)

    async def _batch_values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> Sequence[Any]:
        """Call the batched function once for all objects."""
        assert plan.batch is not None
        assert plan.strawberry_field is not None
        schema = self.executor.schema._strawberry_schema  # type: ignore[attr-defined] # noqa: SLF001 - set by Strawberry
        raw_info: Any = _LazyInfo(self, plan, paths) if plan.is_own else self.info(plan, paths, 0)
        info = schema.config.info_class(_raw_info=raw_info, _field=plan.strawberry_field)
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
        self.met_awaitables = True  # for graphql-core the field's resolver is a coroutine
        call = plan.batch(objects, info, arguments)
        if plan.is_own:
            values = await call
        else:
            [values] = await gather_in_tasks([call])
        if len(values) != len(objects):
            name = f"{plan.parent_type.name}.{plan.name}"
            raise ValueError(f"{name}: {len(values)} values for {len(objects)} parents")
        return values if isinstance(values, SharedValues) else list(values)

    async def _resolver_values(self, plan: FieldPlan, objects: Sequence[Any], paths: Paths) -> list[Any]:
        """Call the resolver for each object; all calls start before any is awaited."""
        resolve = plan.definition.resolve or self.executor.field_resolver
        arguments = self.arguments(plan)

        def start(index: int, parent: Any) -> Any:
            try:
                return resolve(parent, self.info(plan, paths, index), **arguments)
            except Exception as error:  # noqa: BLE001 - a field error of this object
                return error

        return await self.awaited(list(starmap(start, enumerate(objects))), is_own=plan.is_own)

    async def introspect(
        self, plan: FieldPlan, parent: Any, paths: Paths, size: AnswerSize, *, encoded: bool
    ) -> Any:
        """
        Let graphql-core resolve and complete `__schema` or `__type`; return the value, or its JSON if `encoded`.

        This takes too long for one turn of the event loop. The service therefore does it in many turns, one
        operation after the other, and keeps the JSON of the latest answers with their plans if no variable can
        change them.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        if plan.introspection is not None:
            size.add(size=len(plan.introspection))
            return EncodedRow(plan.introspection)
        executor, path = self.executor, paths.path(0)
        assert path is not None
        execute = partial(executor.execute_field, plan.parent_type, parent, plan.details, path, None)
        if not encoded:
            [value] = await self.awaited([execute()])
            return value
        errors = len(executor.collected_errors.errors)
        async with _introspecting.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            json = encode(await in_turns(execute))
        size.add(size=len(json))
        if not executor.operation.variable_definitions and len(executor.collected_errors.errors) == errors:
            _keep_introspection(plan, json)
        return EncodedRow(json)

    async def awaited(
        self,
        values: list[Any],
        check: Callable[[int, Any], None] = lambda _index, _value: None,
        *,
        is_own: bool = False,
    ) -> list[Any]:
        """
        Replace the awaitables in a list by their results, or by the errors that they raise.

        Each runs in a task of its own from the start, because resolvers may contain any code. With `is_own`, the
        task starts when the awaitable first waits. `check` is called with each value and its index; if it raises,
        the awaitables that are not done are cancelled.
        """
        is_awaitable = self.executor.is_awaitable
        waiting = [index for index, value in enumerate(values) if is_awaitable(value)]
        if not waiting:
            return values

        async def wait_for(index: int) -> None:
            awaitable, values[index] = values[index], Undefined
            values[index] = await _result_or_error(awaitable)
            check(index, values[index])

        for index, value in enumerate(values):
            check(index, value)
        self.met_awaitables = True
        if is_own and len(waiting) == 1:
            await wait_for(waiting[0])
        else:
            await (gather_or_cancel if is_own else gather_in_tasks)(map(wait_for, waiting))
        return values

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
            if not isinstance(function, Constant):  # the list may change: the next level may load stale records
                self._functions[factory] = function
        return function


class _LazyInfo:
    """
    The raw info of a batched function of the gateway, made only if the function needs more than the context.

    Few functions do, and making it takes a tenth of the time of a lookup that is answered from the cache.
    """

    __slots__ = ("_arguments", "context")

    def __init__(self, values: FieldValues, plan: FieldPlan, paths: Paths) -> None:
        self._arguments = values, plan, paths
        self.context = values.executor.context_value

    def __getattr__(self, name: str) -> Any:
        values, plan, paths = self._arguments
        return getattr(values.info(plan, paths, 0), name)


def _catching(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a function so that it returns the exception that it raises."""

    def attempt(value: Any) -> Any:
        try:
            return read(value)
        except Exception as error:  # noqa: BLE001 - a field error of this object
            return error

    return attempt


async def _result_or_error(awaitable: Awaitable[Any]) -> Any:
    """Return the result, or the exception if it fails."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - a field error of this object
        return error


def _identity(value: Any) -> Any:
    return value


def _keep_introspection(plan: FieldPlan, json: bytes) -> None:
    """Keep an answer about the schema in place of the oldest one."""
    if plan.introspection is not None:  # by another request, which asked at the same time
        return
    plan.introspection = json
    plan.size.bytes += len(json)
    _plans_with_introspection.append(plan)
    if len(_plans_with_introspection) > MAX_KEPT_INTROSPECTIONS:
        oldest = _plans_with_introspection.popleft()
        oldest.size.bytes -= len(oldest.introspection or b"")
        oldest.introspection = None


async def async_items(iterable: AsyncIterable[Any], *, non_null: bool) -> list[Any]:
    """Return the items of an asynchronous iterable, up to the first null where none is allowed."""
    items = []
    iterator = aiter(iterable)
    try:
        async for item in iterator:
            items.append(item)
            if non_null and (item is None or isinstance(item, Exception)):
                break
        else:
            return items
    except BaseException:
        await _close(iterator)
        raise
    await _close(iterator)
    return items


async def _close(iterator: AsyncIterator[Any]) -> None:
    """Close an asynchronous iterator, if it can be closed. Errors are ignored."""
    with suppress(Exception):
        closed = iterator.aclose()  # type: ignore[attr-defined] # generators have it, other iterators may
        if isawaitable(closed):
            await closed
