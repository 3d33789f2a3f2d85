"""Fields, resolvers and handlers of other Strawberry schemas than the gateway's."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import strawberry
from strawberry.types.field import StrawberryField

from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes
from tests.gateway.execution.embedding.executors import Breadth, result_as_strawberry


@batched
def lengths(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """One for each parent."""
    return [len(parent.name) for parent in parents]


@strawberry.type
class Thing:
    """An object of another product."""

    name: str | None
    lengths = lengths


@strawberry.type
class Things:
    """A root without records."""

    @strawberry.field
    def things(self) -> list[Thing]:
        """Two things."""
        return [Thing(name="a"), Thing(name="bc")]


class Shouting(StrawberryField):
    """A field of another product: texts in capitals."""

    def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:
        """Return the text in capitals."""
        return super().get_result(source, info, args, kwargs).upper()  # type: ignore[union-attr]


@strawberry.type
class Missing:
    """What a union shows instead of an error."""

    message: str


class Owner:
    """An object whose attribute fails."""

    @property
    def thing(self) -> Any:
        """Fail."""
        raise LookupError("no thing")


class LookupHandler(strawberry.ExceptionHandler[LookupError, Missing]):
    """Turns errors into members of a union."""

    def handle(self, exception: LookupError, *, field: Any, info: Any) -> Missing:
        """Return the member."""
        return Missing(message=str(exception))


@batched
def batched_thing(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Thing | Missing | None]:
    """Fail."""
    raise LookupError("no batch")


async def eventually(value: Any) -> Any:
    """Return the value."""
    return value


@strawberry.type
class Later:
    """An object whose attributes are awaitable."""

    number: int | None
    numbers: list[int] | None


@batched
async def batched_numbers(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """The numbers, within a timeout."""
    async with asyncio.timeout(600):
        await asyncio.sleep(0)
        return [parent.number for parent in parents]


@strawberry.type
class Waiting:
    """An object whose fields wait."""

    number: int
    batched_numbers = batched_numbers

    @strawberry.field
    async def waited(self) -> int | None:
        """The number, from a task group."""
        async with asyncio.timeout(600), asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(0, self.number))
        return task.result()

    @strawberry.field
    async def times_out(self) -> str | None:
        """Wait for ever, but not longer than a timeout."""
        try:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"
        return None


@strawberry.type
class Shouted:
    """An object with a field of another class."""

    text: str = Shouting()  # type: ignore[assignment]
    plain: str = ""


@strawberry.type
class Handled:
    """An object whose fields fail."""

    thing: Thing | Missing | None
    batched_thing = batched_thing


@strawberry.type
class Embedded:
    """A root of another product."""

    @strawberry.field
    async def waiting(self) -> list[Waiting]:
        """Three objects."""
        assert asyncio.current_task() is not None
        return [Waiting(number=number) for number in range(3)]

    @strawberry.field
    def later(self) -> Later:
        """An object whose attributes are awaitable."""
        return Later(number=eventually(1), numbers=[eventually(2), eventually(3)])  # type: ignore[arg-type, list-item]

    @strawberry.field
    def shouted(self) -> Shouted:
        """An object with a field of another class."""
        return Shouted(text="a", plain="b")

    @strawberry.field
    def handled(self) -> Handled:
        """An object whose fields fail."""
        return Owner()  # type: ignore[return-value]


async def test_resolvers_have_a_current_task() -> None:
    """Timeouts and task groups work in them, side by side, below other levels, and for all parents."""
    document = "{waiting {number waited timesOut batchedNumbers} other: waiting {waited}}"
    result = await result_as_strawberry(Embedded, document)
    assert result.data["waiting"][2] == {
        "number": 2,
        "waited": 2,
        "timesOut": "timed out",
        "batchedNumbers": 2,
    }


async def test_values_of_attributes_may_be_awaitable() -> None:
    """Also those in lists."""
    result = await result_as_strawberry(Embedded, "{later {number numbers}}")
    assert result.data == {"later": {"number": 1, "numbers": [2, 3]}}


async def test_get_result_of_a_field_class_is_called() -> None:
    """A subclass of `StrawberryField` decides about its value."""
    result = await result_as_strawberry(Embedded, "{shouted {text plain}}")
    assert result.data == {"shouted": {"text": "A", "plain": "b"}}


async def test_exception_handlers_handle_fields_without_a_resolver() -> None:
    """Also for batched fields."""
    document = "{handled {thing {... on Missing {message}} batchedThing {... on Missing {message}}}}"
    result = await result_as_strawberry(Embedded, document, exception_handlers=[LookupHandler()])
    assert result.data == {"handled": {"thing": {"message": "no thing"}, "batchedThing": {"message": "no batch"}}}


@pytest.mark.parametrize("keeps_name", [False, True])
async def test_a_resolver_that_replaces_strawberrys_is_called(*, keeps_name: bool) -> None:
    """Tools that wrap the resolvers of a finished schema see every call, of attributes and batched fields."""
    calls: list[str] = []

    def wrapped(resolve: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return resolve(*arguments, **options)

        return functools.wraps(resolve)(call) if keeps_name else call

    schema = strawberry.Schema(Things, execution_context_class=Breadth)
    core: Any = schema._schema  # type: ignore[attr-defined]
    fields = core.type_map["Thing"].fields
    for name in ("name", "lengths"):
        fields[name].resolve = wrapped(fields[name].resolve, name)
    result = await schema.execute("{things {name lengths}}")
    assert result.data == {"things": [{"name": "a", "lengths": 1}, {"name": "bc", "lengths": 2}]}
    assert sorted(calls) == ["lengths", "lengths", "name", "name"]
