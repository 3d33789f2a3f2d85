"""A schema with everything that an executor must carry out, over data that keep none of its promises."""

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

LONGEST = 3
ZONES = [UTC, timezone(timedelta(hours=2)), timezone(timedelta(0), "zero")]
"""One instant reads otherwise in each of the first two."""


class BoomError(Exception):
    """What a resolver of ours raises, or answers with."""


class Thing:
    """Something that no type of the schema takes."""

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
    """Where a round draws its values: each place once, so that every executor sees the same there."""

    random: Random
    bad: float
    """Share of values that are not as promised."""
    drawn: dict[tuple[int, str], Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    operation: Operation = field(default_factory=Operation)
    counter: int = 0

    def value(self, owner: Any, name: str, make: Callable[[], Any]) -> Any:
        """The value of an owner's field."""
        key = (id(owner), name)
        if key not in self.drawn:
            self.kept.append(owner)
            self.drawn[key] = self._spoilt(make)
        return self.drawn[key]

    def _spoilt(self, make: Callable[[], Any]) -> Any:
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
        """A list of a random length."""
        return [self._spoilt(make) for _ in range(self.random.randrange(LONGEST + 1))]

    def leafs(self) -> Leafs:
        """An object of leaves alone."""
        return Leafs(
            text=self._spoilt(lambda: "text"),
            text_or_null=self._spoilt(lambda: self.random.choice([None, "text"])),
            number=self._spoilt(lambda: self.random.randrange(-5, 5)),
            ratio=self._spoilt(lambda: self.random.choice([None, 0.5, 1])),
            flag=self._spoilt(lambda: True),
            level=self._spoilt(lambda: self.random.choice([None, *Level])),
            day=self._spoilt(lambda: date(2027, 1, self.random.randrange(1, 28))),
            at=self._spoilt(lambda: datetime(2027, 1, 1, 12, tzinfo=UTC).astimezone(self.random.choice(ZONES))),
            tags=self._spoilt(lambda: self.many(lambda: "tag")),
            tags_or_null=self._spoilt(lambda: tuple(self.many(lambda: "tag"))),
            plain=self._spoilt(lambda: Plain(word=self._spoilt(lambda: "word"))),
            ratios=self._spoilt(lambda: self.many(lambda: 0.25)),
            matrix=self._spoilt(lambda: self.many(lambda: self.many(lambda: 1))),
        )

    def node(self) -> Alpha | Beta:
        """Something of the interface."""
        return self.alpha() if self.random.random() < 0.6 else self.beta()

    def part(self) -> Leafs | Beta:
        """Something of the union of two unlike types."""
        return self.leafs() if self.random.random() < 0.5 else self.beta()

    def alpha(self) -> Alpha:
        """One of its types."""
        return Alpha(
            id=self._spoilt(lambda: "a"),
            label=self._spoilt(lambda: None),
            leafs=self._spoilt(self.leafs),
            leafs_or_null=self._spoilt(self.leafs),
            leaf_list=self._spoilt(lambda: self.many(self.leafs)),
            leaf_list_or_null=self._spoilt(lambda: self.many(self.leafs)),
        )

    def beta(self) -> Beta:
        """The other."""
        return Beta(
            id=self._spoilt(lambda: "b"),
            label=self._spoilt(lambda: "label"),
            number=self._spoilt(lambda: 3),
            leafs=self._spoilt(self.leafs),
            children=self._spoilt(lambda: self.many(self.alpha)),
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
    def shout(context: World) -> Callable[[Any], str]:  # type: ignore[misc] # noqa: N805 - made once an operation
        """Computed from the object alone."""
        return lambda leafs: leafs.text.upper()


@strawberry.type
class Plain:
    """A type that says of no value whether it is one."""

    word: str | None


Leafs.is_type_of = InstanceCheck(Leafs)  # type: ignore[attr-defined]


@strawberry.interface
class Node:
    """An interface."""

    id: strawberry.ID
    label: str | None


@strawberry.type
class Beta(Node):
    """A type of attributes alone."""

    number: int
    leafs: Leafs
    children: list[Node] | None


Part = Annotated[Leafs | Beta, strawberry.union("Part")]


@batched
async def batch_leafs(parents: Sequence[Any], info: strawberry.Info, size: int = 1) -> Outcomes[list[Leafs] | None]:
    """A batch of lists, with an argument."""
    await asyncio.sleep(0)
    world: World = info.context
    return [
        world.value(parent, f"batch_leafs {size}", lambda: [world.leafs() for _ in range(size)])
        for parent in parents
    ]


@batched
async def batch_one(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Leafs]:
    """A batch of objects that may not be null."""
    world: World = info.context
    return [world.value(parent, "batch_one", world.leafs) for parent in parents]


@batched
async def batch_part(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Part | None]:
    """A batch of a union."""
    world: World = info.context
    return [world.value(parent, "batch_part", world.part) for parent in parents]


@batched
def batch_fails(parents: Sequence[Any], info: strawberry.Info, length: int | None = None) -> Outcomes[str | None]:
    """A batch that fails as a whole."""
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
        """A resolver, with an argument."""
        told = info.context.value(self, "sync", lambda: "said")
        if isinstance(told, Exception):
            raise told
        return told.upper() if up and isinstance(told, str) else told  # type: ignore[no-any-return]

    @strawberry.field
    async def strict(self, info: strawberry.Info) -> str:
        """A resolver that waits, and may not be null."""
        await asyncio.sleep(0)
        told = info.context.value(self, "strict", lambda: "strict")
        if isinstance(told, Exception):
            raise told
        return told  # type: ignore[no-any-return]


Either = Annotated[Alpha | Beta, strawberry.union("Either")]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def nodes(self, info: strawberry.Info) -> list[Node | None] | None:
        """Nodes that may be null."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    async def strict_nodes(self, info: strawberry.Info) -> list[Node]:
        """Nodes that may not."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    def either(self, info: strawberry.Info) -> list[Either] | None:
        """A union."""
        return info.context.value(None, "nodes", lambda: info.context.many(info.context.node))  # type: ignore[no-any-return]

    @strawberry.field
    def alpha(self, info: strawberry.Info, deep: bool = True) -> Alpha | None:
        """One object."""
        return info.context.value(None, "alpha", info.context.alpha)  # type: ignore[no-any-return]

    @strawberry.field
    def alphas(self, info: strawberry.Info) -> list[Alpha | None]:
        """Several."""
        return info.context.value(None, "alphas", lambda: info.context.many(info.context.alpha))  # type: ignore[no-any-return]
