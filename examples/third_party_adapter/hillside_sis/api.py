"""Payloads of the Hillside REST API, version 2; every list is `{"data": [...], "more": true}`."""

from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter


class Row(BaseModel):
    """Anything that is listed, under Hillside's own id."""

    uid: str


T = TypeVar("T", bound=Row)


class Listing(BaseModel, Generic[T]):
    """A page of a list; the next one is asked for by the `uid` of its last row."""

    data: list[T]


class Person(BaseModel):
    """Who a pupil is."""

    given: str
    family: str
    born: date


class Numbers(BaseModel):
    """By what a pupil is known; whatever else stands there is not read."""

    district: str
    state: str | None = None
    mail: str | None = None


class Pupil(Row):
    """A student."""

    numbers: Numbers
    person: Person


class Absence(Row):
    """Something noted about a pupil's day."""

    campus: int
    day: date
    kind: str
    term: str
    year: int


PUPILS, ABSENCES = TypeAdapter(Listing[Pupil]), TypeAdapter(Listing[Absence])
ACCOUNT = TypeAdapter(dict[str, str])
