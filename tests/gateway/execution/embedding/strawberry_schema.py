"""A schema with what Strawberry documents for fields, types and resolvers, more than the gateway's schema uses."""

from __future__ import annotations

import decimal
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from typing import Annotated, Any, ClassVar, Generic, NewType, TypeVar

import strawberry
from strawberry import relay
from strawberry.dataloader import DataLoader
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

T = TypeVar("T")
Reversed = NewType("Reversed", str)
SCALARS: Any = {Reversed: strawberry.scalar(name="Reversed", serialize=lambda text: text[::-1], parse_value=str)}


@strawberry.enum
class Color(Enum):
    """A color, whose value is not its name."""

    RED = "#f00"
    BLUE = "#00f"


@strawberry.interface
class Animal:
    """An animal."""

    name: str

    @strawberry.field
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


@strawberry.type
class Cat(Animal):
    """A cat."""

    lives: int = 9
    secret: strawberry.Private[str] = "hidden"

    @strawberry.field
    def hint(self) -> str:
        """The first letter of a private attribute."""
        return self.secret[0]


@strawberry.type
class Dog(Animal):
    """A dog, which a check of its own may recognize."""

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether a value is a dog."""
        return isinstance(value, (cls, dict))


@strawberry.type
class Box(Generic[T]):
    """Something in a box."""

    content: T


@strawberry.type
class Item(relay.Node):
    """A node."""

    id: relay.NodeID[int]
    label: str

    @classmethod
    def resolve_nodes(cls, *, node_ids: Iterable[str], **_: Any) -> list[Item]:
        """Return the nodes with these ids."""
        return [Item(id=int(number), label=f"item {number}") for number in node_ids]


@strawberry.input
class Wish:
    """An input object with a default."""

    colors: list[Color]
    count: int = 2
    note: str | None = strawberry.UNSET


class Denied(BasePermission):
    """A permission that nobody has."""

    message = "denied"
    error_extensions: ClassVar[Any] = {"code": "DENIED"}

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        """Return False."""
        return False


class Allowed(BasePermission):
    """A permission that everybody has, after a while."""

    async def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        """Return True."""
        return True


class Doubling(FieldExtension):
    """Doubles what a resolver returns."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        """Return the value twice."""
        return next_(source, info, **kwargs) * 2

    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        """Return the value twice."""
        return await next_(source, info, **kwargs) * 2


LOADED: list[list[int]] = []
"""Keys of each call of the data loader."""


async def load(keys: list[int]) -> list[int]:
    """Return the squares of keys."""
    LOADED.append(keys)
    return [key * key for key in keys]


@strawberry.type
class Number:
    """A number whose square is loaded."""

    value: int

    @strawberry.field
    async def square(self, info: strawberry.Info) -> int:
        """The square, from a data loader in the context."""
        loader: DataLoader[int, int] = info.context["loader"]
        return await loader.load(self.value)

    @strawberry.field
    def selected(self, info: strawberry.Info) -> list[str]:
        """What is selected beside this, and where this is."""
        return [*(field.name for field in info.selected_fields), info.field_name, str(info.path.key)]


@strawberry.directive(locations=[DirectiveLocation.FIELD])
def shout(value: DirectiveValue[str]) -> str:
    """Return a text in capitals."""
    return value.upper()


@strawberry.type
class Query:
    """The root."""

    plain: str = "plain"

    @strawberry.field
    def animals(self) -> list[Animal]:
        """Animals."""
        return [Cat(name="Tom"), Dog(name="Rex")]

    @strawberry.field
    def either(self, *, cat: bool) -> Annotated[Cat | Box[int], strawberry.union("Either")]:
        """One of two types."""
        return Cat(name="Kit") if cat else Box(content=1)

    @strawberry.field
    def boxes(self) -> list[Box[str]]:
        """Texts in boxes."""
        return [Box(content="a"), Box(content="b")]

    @strawberry.field
    def wished(self, wish: Wish, by: Annotated[str, strawberry.argument(name="from")] = "me") -> str:
        """The input as the resolver gets it."""
        return f"{by}: {[color.name for color in wish.colors]} {wish.count} {wish.note is strawberry.UNSET}"

    @strawberry.field
    def scalars(self) -> Scalars:
        """Values of scalars that are not GraphQL's own."""
        return Scalars(color=Color.RED, text=Reversed("abc"), amount=decimal.Decimal("1.50"), anything={"a": [1]})

    @strawberry.field
    def numbers(self) -> list[Number]:
        """Three numbers."""
        return [Number(value=number) for number in (1, 2, 3)]

    @strawberry.field(permission_classes=[Denied])
    def denied(self) -> str | None:
        """Nobody may see it."""
        return "secret"

    @strawberry.field(permission_classes=[Allowed])
    def allowed(self) -> str:
        """Everybody may see it."""
        return "open"

    @strawberry.field(extensions=[PermissionExtension(permissions=[Denied()], fail_silently=True)])
    def quiet(self) -> list[str]:
        """An empty list for those who may not see it."""
        return ["secret"]

    @strawberry.field(extensions=[Doubling()])
    async def doubled(self) -> str:
        """A text twice."""
        return "ab"

    @strawberry.field
    async def streamed(self) -> strawberry.Streamable[int]:
        """Numbers that come one after the other."""
        for number in (1, 2, 3):
            yield number

    @strawberry.field
    def fails(self) -> int | None:
        """An error."""
        raise ValueError("no")


@strawberry.type(name="Query")
class RelayQuery(Query):
    """The root with nodes. Strawberry can make only one schema of it."""

    node: relay.Node = relay.node()

    @relay.connection(relay.ListConnection[Item])
    def items(self) -> list[Item]:
        """Five nodes in pages."""
        return [Item(id=number, label=f"item {number}") for number in range(5)]


@strawberry.type
class Scalars:
    """Values of scalars."""

    color: Color
    text: Reversed
    amount: decimal.Decimal
    anything: strawberry.scalars.JSON


@strawberry.type
class Mutation:
    """Changes."""

    @strawberry.mutation
    def add(self, info: strawberry.Info, by: int) -> int:
        """Add to a total in the context."""
        info.context["total"] = info.context.get("total", 0) + by
        return int(info.context["total"])


@strawberry.type
class Subscription:
    """Events."""

    @strawberry.subscription
    async def animals(self) -> AsyncIterator[Animal]:
        """Two animals."""
        yield Cat(name="Tom")
        yield Dog(name="Rex")
