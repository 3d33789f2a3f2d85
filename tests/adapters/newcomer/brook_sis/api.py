"""Payloads of the Brook API, release 7. Every response is `{"data": ..., "meta": {"after": ...}}`."""

from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, TypeAdapter

Day = Annotated[date, BeforeValidator(lambda text: datetime.strptime(text, "%d.%m.%Y").date())]  # noqa: DTZ007
"""A day as Brook writes it: 24.08.2026."""


class Person(BaseModel):
    """What Brook says about a person."""

    number: str
    given: str
    surname: str


class Mark(BaseModel):
    """A mark of a day on which somebody was away or late."""

    on: Day
    what: str
    site: str
    term: str
    year: int


T = TypeVar("T", Person, Mark)


class Item(BaseModel, Generic[T]):
    """An object with Brook's own id."""

    id: str
    attributes: T


class Meta(BaseModel):
    """Where the next page begins."""

    after: str | None = None


class Listing(BaseModel, Generic[T]):
    """A page of a list."""

    data: list[Item[T]]
    meta: Meta


PEOPLE, MARKS = TypeAdapter(Listing[Person]), TypeAdapter(Listing[Mark])
RELEASE = TypeAdapter(dict[str, str])
