"""Payloads of the Hillside REST API, version 2. Every list is `{"data": [...], "more": true}`."""

from datetime import date
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter


class Row(BaseModel):
    """A row of a list, with Hillside's own id."""

    uid: str


T = TypeVar("T", bound=Row)


class Listing(BaseModel, Generic[T]):
    """A page of a list; the `uid` of its last row is the cursor of the next page."""

    data: list[T]


class Person(BaseModel):
    """Name and birth date."""

    first: str
    last: str
    born: date


class Numbers(BaseModel):
    """Numbers of a student; other properties are not read."""

    district: str
    state: str | None = None
    mail: str | None = None


class StudentRow(Row):
    """A student."""

    numbers: Numbers
    person: Person


class Absence(Row):
    """An absence on a school day."""

    campus: int
    day: date
    kind: str
    term: str
    year: int


STUDENTS, ABSENCES = TypeAdapter(Listing[StudentRow]), TypeAdapter(Listing[Absence])
ACCOUNT = TypeAdapter(dict[str, str])
