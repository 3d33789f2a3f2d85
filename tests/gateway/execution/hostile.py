"""A schema with everything that an executor must support, over data that violates the schema at random."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from random import Random
from typing import Annotated, Any

import strawberry

from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import derived
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.fields.record import InstanceCheck
from student_graph.resolvers.operation import Operation

MAX_LIST_LENGTH = 3
ZONES = [UTC, timezone(timedelta(hours=2)), timezone(timedelta(0), "zero")]
"""Time zones; one instant has different texts in the first two."""


class BoomError(Exception):
    """Error that a resolver raises or returns."""


class Thing:
    """A value that no type of the schema accepts."""

    def __repr__(self) -> str:
        return "a thing"


THING = Thing()


@strawberry.enum
class Level(Enum):
    """An enum."""

    LOW = "low"
    HIGH = "high"


@dataclass
class World:
    """Random values of one round. Each field is drawn once, so that every executor gets the same value."""

    random: Random
    bad: float
    """Share of values that violate the schema."""
    values: dict[tuple[int, str], Any] = field(default_factory=dict)
    owners: list[Any] = field(default_factory=list)
    """Owners of values, referenced so that their identities stay unique."""
    operation: Operation = field(default_factory=Operation)
    counter: int = 0

    def value(self, owner: Any, name: str, make: Callable[[], Any]) -> Any:
        """Return the value of an owner's field."""
        key = (id(owner), name)
        if key not in self.values:
            self.owners.append(owner)
            self.values[key] = self._draw(make)
        return self.values[key]

    def _draw(self, make: Callable[[], Any]) -> Any:
        if self.random.random() >= self.bad:
            return make()
        bad = [
            None,
            None,
            BoomError(f"boom {self.random.randrange(3)}"),
            THING,
            "x",
            2**40,
            float("nan"),
            [],
            True,
            7,
        ]
        return self.random.choice(bad)

    def many(self, make: Callable[[], Any]) -> list[Any]:
        """Return a list of random length."""
        return [self._draw(make) for _ in range(self.random.randrange(MAX_LIST_LENGTH + 1))]

    def leafs(self) -> Leafs:
        """Return an object that has leaves only."""
        return Leafs(
            text=self._draw(lambda: "text"),
            text_or_null=self._draw(lambda: self.random.choice([None, "text"])),
            number=self._draw(lambda: self.random.randrange(-5, 5)),
            ratio=self._draw(lambda: self.random.choice([None, 0.5, 1])),
            flag=self._draw(lambda: True),
            level=self._draw(lambda: self.random.choice([None, *Level])),
            day=self._draw(lambda: date(2027, 1, self.random.randrange(1, 28))),
            at=self._draw(lambda: datetime(2027, 1, 1, 12, tzinfo=UTC).astimezone(self.random.choice(ZONES))),
            tags=self._draw(lambda: self.many(lambda: "tag")),
            tags_or_null=self._draw(lambda: tuple(self.many(lambda: "tag"))),
            plain=self._draw(lambda: Plain(word=self._draw(lambda: "word"))),
            ratios=self._draw(lambda: self.many(lambda: 0.25)),
            matrix=self._draw(lambda: self.many(lambda: self.many(lambda: 1))),
        )

    def node(self) -> Alpha | Beta:
        """Return an object of the interface."""
        return self.alpha() if self.random.random() < 0.6 else self.beta()

    def part(self) -> Leafs | Beta:
        """Return an object of the union of two unlike types."""
        return self.leafs() if self.random.random() < 0.5 else self.beta()

    def alpha(self) -> Alpha:
        """Return an object of the interface's first type."""
        return Alpha(
            id=self._draw(lambda: "a"),
            label=self._draw(lambda: None),
            leafs=self._draw(self.leafs),
            leafs_or_null=self._draw(self.leafs),
            leaf_list=self._draw(lambda: self.many(self.leafs)),
            leaf_list_or_null=self._draw(lambda: self.many(self.leafs)),
        )

    def beta(self) -> Beta:
        """Return an object of the interface's second type."""
        return Beta(
            id=self._draw(lambda: "b"),
            label=self._draw(lambda: "label"),
            number=self._draw(lambda: 3),
            leafs=self._draw(self.leafs),
            children=self._draw(lambda: self.many(self.alpha)),
        )


@strawberry.type
class Leafs:
    """Leaves of every kind."""

    text: str
    text_or_null: str | None
    number: int
    ratio: float | None
    flag: bool
    level: Level | None
    day: date
    at: datetime | None
    tags: list[str]
    tags_or_null: list[str | None] | None
    plain: Plain | None
    ratios: list[float | None]
    matrix: list[list[int | None]] | None

    @derived
    def shout(context: World) -> Callable[[Any], str]:  # type: ignore[misc] # noqa: N805 - called once for each operation
        """Computed from the object."""
        return lambda leafs: leafs.text.upper()


@strawberry.type
class Plain:
    """A type without `is_type_of`."""

    word: str | None


Leafs.is_type_of = InstanceCheck(Leafs)  # type: ignore[attr-defined]


@strawberry.interface
class Node:
    """An interface."""

    id: strawberry.ID
    label: str | None


@strawberry.type
class Beta(Node):
    """A type that has attributes only."""

    number: int
    leafs: Leafs
    children: list[Node] | None


Part = Annotated[Leafs | Beta, strawberry.union("Part")]


@batched
async def batch_leafs(
    parents: Sequence[Any], info: strawberry.Info, size: int = 1
) -> Outcomes[list[Leafs] | None]:
    """Batched lists, with an argument."""
    await asyncio.sleep(0)
    world: World = info.context
    return [
        world.value(parent, f"batch_leafs {size}", lambda: [world.leafs() for _ in range(size)])
        for parent in parents
    ]


@batched
async def batch_one(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Leafs]:
    """Batched objects, non-null."""
    world: World = info.context
    return [world.value(parent, "batch_one", world.leafs) for parent in parents]


@batched
async def batch_part(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Part | None]:
    """Batched objects of a union."""
    world: World = info.context
    return [world.value(parent, "batch_part", world.part) for parent in parents]


@batched
def batch_fails(parents: Sequence[Any], info: strawberry.Info, length: int | None = None) -> Outcomes[str | None]:
    """A batched function that fails for all parents."""
    raise BoomError(f"all of them {length}")


@strawberry.type
class Alpha(Node):
    """A type with batches and resolvers."""

    leafs: Leafs
    leafs_or_null: Leafs | None
    leaf_list: list[Leafs]
    leaf_list_or_null: list[Leafs | None] | None
    batch_leafs = batch_leafs
    batch_one = batch_one
    batch_part = batch_part
    batch_fails = batch_fails

    @strawberry.field
    def sync(self, info: strawberry.Info, up: bool = False) -> str | None:
        """A synchronous resolver, with an argument."""
        value = info.context.value(self, "sync", lambda: "text")
        if isinstance(value, Exception):
            raise value
        return value.upper() if up and isinstance(value, str) else value  # type: ignore[no-any-return]

    @strawberry.field
    async def strict(self, info: strawberry.Info) -> str:
        """An asynchronous resolver, non-null."""
        await asyncio.sleep(0)
        value = info.context.value(self, "strict", lambda: "strict")
        if isinstance(value, Exception):
            raise value
        return value  # type: ignore[no-any-return]


Either = Annotated[Alpha | Beta, strawberry.union("Either")]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def nodes(self, info: strawberry.Info) -> list[Node | None] | None:
        """A list of nullable nodes."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    async def strict_nodes(self, info: strawberry.Info) -> list[Node]:
        """A list of non-null nodes."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    def either(self, info: strawberry.Info) -> list[Either] | None:
        """A list of a union."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    def alpha(self, info: strawberry.Info, deep: bool = True) -> Alpha | None:
        """One object."""
        return info.context.value(None, "alpha", info.context.alpha)  # type: ignore[no-any-return]

    @strawberry.field
    def alphas(self, info: strawberry.Info) -> list[Alpha | None]:
        """A list of objects."""
        return info.context.value(None, "alphas", lambda: info.context.many(info.context.alpha))  # type: ignore[no-any-return]
