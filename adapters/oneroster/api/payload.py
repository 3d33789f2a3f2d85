"""
What all payloads of OneRoster have in common, read as servers send them rather than as the standard has them.

Fields are left out or null, booleans are texts, collections carry the name of the standard or of the path.
References are followed by `sourcedId` alone: `href` may be relative, or lead to `undefined`.

OneRoster 1.1 and 1.2: https://www.imsglobal.org/activity/onerosterlis
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import httpx
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, create_model

from student_graph.adapters.reading import MAX_TEXT_CHARACTERS, read

T = TypeVar("T")
R = TypeVar("R", bound="Item")


class Payload(BaseModel):
    """Part of an answer; properties that nobody reads are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_max_length=MAX_TEXT_CHARACTERS,
        coerce_numbers_to_str=True,
    )


def _blank(value: Any) -> Any:
    """Where a source has nothing, servers send an empty text as well."""
    return None if isinstance(value, str) and not value.strip() else value


def _present(value: Any) -> Any:
    return [] if value is None else value


def _referred(value: Any) -> Any:
    """A reference that names nothing is none: `{}`, or a text in its place."""
    return value if isinstance(value, Ref) or (isinstance(value, dict) and value.get("sourcedId")) else None


def _instant(value: Any) -> Any:
    """A date stands for its first moment; an instant without a zone is UTC."""
    if isinstance(value, str) and value.strip():
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def _day(value: Any) -> Any:
    """A date is sent as an instant by servers that keep nothing else."""
    return value[:10] if isinstance(value, str) and value.strip() else None


class Ref(Payload):
    """Names another object."""

    sourcedId: str = Field(min_length=1)
    type: str | None = None


Text: TypeAlias = Annotated[str | None, BeforeValidator(_blank)]
Flag: TypeAlias = Annotated[bool | None, BeforeValidator(_blank)]
"""`"true"` or `true`."""
Number: TypeAlias = Annotated[float | None, BeforeValidator(_blank)]
Day: TypeAlias = Annotated[date | None, BeforeValidator(_day)]
Instant: TypeAlias = Annotated[datetime | None, BeforeValidator(_instant)]
Link: TypeAlias = Annotated[Ref | None, BeforeValidator(_referred)]
Many: TypeAlias = Annotated[list[T], BeforeValidator(_present), Field(default_factory=list)]


class Item(Payload):
    """An object with an identity."""

    sourcedId: str = Field(min_length=1)
    status: str | None = None

    @property
    def live(self) -> bool:
        """Whether the object is not on its way out."""
        return self.status != "tobedeleted"

    def values(self, field: str) -> Iterator[str]:
        """Texts that a field of the object holds, by the field's name in a filter."""
        held: Any = self
        for name in field.split("."):
            held = getattr(held, "class_" if name == "class" else name, None)
        if isinstance(held, str):
            yield held


Service: TypeAlias = Literal["rostering", "gradebook"]


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """A collection that servers offer."""

    service: Service
    path: str
    many: TypeAdapter[Any]
    one: TypeAdapter[Any]

    @classmethod
    def of(cls, service: Service, path: str, item: type[R], *names: str) -> Resource[R]:
        """The collection at a path; `names` are what an object and a list are called when not as the path."""
        single, plural = names or (path.removesuffix("s"), path)
        return Resource(
            service,
            path,
            _envelope(Annotated[list[item], BeforeValidator(_present)], plural, path),  # type: ignore[valid-type]
            _envelope(item, single, plural, path),
        )

    def read(self, response: httpx.Response) -> list[R]:
        """The rows of a list, under the standard's name or the path's, and under no other."""
        rows: list[R] = read(response, self.many).found
        return rows

    def read_one(self, response: httpx.Response) -> R:
        """The one object of an answer."""
        row: R = read(response, self.one).found
        return row

    def under(self, path: str) -> Resource[R]:
        """The same objects at another path, such as those of one class."""
        return Resource(self.service, path, self.many, self.one)


def _envelope(found: Any, *names: str) -> TypeAdapter[Any]:
    """An object that holds what was asked for under one of the names."""
    alias = AliasChoices(*dict.fromkeys(names))
    model = create_model(
        "Envelope", __base__=Payload, found=(Annotated[found, Field(validation_alias=alias)], ...)
    )
    return TypeAdapter(model)
