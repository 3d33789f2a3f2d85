"""What a lookup is: a batch method, and how its answers age and whom they are about."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import GradeLevel, Record, Sensitivity, StudentId

K = TypeVar("K")
V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

Batch: TypeAlias = Mapping[K, V | AdapterError]
"""Absent: the vendor does not know the key. An error: that key failed. A known key without rows has `[]`."""


class About(Enum):
    """Whom the records of a lookup are about; policy, disclosure log and cache tags read it."""

    STUDENTS = "student_id"
    STAFF = "staff_id"
    NOBODY = None


students, staff, nobody = About.STUDENTS, About.STAFF, About.NOBODY


def minutes(n: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=n)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a long list is asked for."""

    first: int
    """How many at most; a vendor may answer with fewer and is asked again."""
    after: str | None = None
    """The vendor's own cursor where the last page ended; None for the start."""


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """What a vendor may filter by; it says in `Page.applied` what it did, the gateway does the rest."""

    ids: tuple[StudentId, ...] | None = None
    name: str | None = None
    """Every word must begin a given, middle, preferred or family name; case and accents do not matter."""
    grade_levels: tuple[GradeLevel, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """One page of a long list."""

    items: Sequence[V]
    after: str | None
    """The vendor's cursor for the next page; None at the end."""
    total: int | None = None
    """How many there are in all, where the vendor says so: shown, never relied on."""
    applied: frozenset[str] = frozenset()
    """Names of the `StudentFilter` fields that the vendor applied."""


@dataclass(frozen=True)
class Lookup:
    """A lookup of the contract, as data."""

    method: Callable[..., Any]
    fresh: timedelta
    """How long an answer needs no second asking."""
    stale: timedelta
    """How long an answer may be served, marked as stale, when the vendor fails."""
    about: About
    paged: bool

    @property
    def name(self) -> str:
        """Name of the method, such as `attendance_events_by_student`."""
        return self.method.__name__

    @cached_property
    def key_kind(self) -> str:
        """What the keys are, such as `student`."""
        key: Any = get_args(get_type_hints(self.method)["return"])[0]
        return str(key.__name__).removesuffix("Id").lower()

    @cached_property
    def argument_names(self) -> frozenset[str]:
        """Names of the keyword-only arguments."""
        parameters = inspect.signature(self.method).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    @property
    def key_attribute(self) -> str | None:
        """The record's attribute that holds the key it was asked by; None for keys that no record names."""
        return None if self.key_kind == "district" else f"{self.key_kind}_id"

    @cached_property
    def answer(self) -> Any:
        """The type of a key's answer, such as `list[AttendanceEvent]`."""
        return get_args(get_args(get_type_hints(self.method)["return"])[1])[0]

    @property
    def many(self) -> bool:
        """Whether a key's answer is a list of records (or a page of one) instead of one record."""
        return get_origin(self.answer) in (list, Page)

    @property
    def record(self) -> type[Record]:
        """The type of record it answers with."""
        found: type[Record] = get_args(self.answer)[0] if self.many else self.answer
        return found

    @property
    def sensitivity(self) -> Sensitivity:
        """Class of the data it answers with."""
        return self.record.sensitivity

    @property
    def description(self) -> str:
        """Its docstring, written for graph users."""
        return inspect.getdoc(self.method) or ""

    def __repr__(self) -> str:
        return f"<lookup {self.name}>"


def lookup(*, fresh: timedelta, stale: timedelta, about: About, paged: bool = False) -> Callable[[F], F]:
    """Declare a method of the contract: how its answers age, whom they are about, whether it pages."""

    def declare(method: F) -> F:
        method.__lookup__ = Lookup(method, fresh, stale, about, paged)  # type: ignore[attr-defined]
        return method

    return declare


def lookup_of(method: Callable[..., Any]) -> Lookup:
    """The lookup that an unbound method of `Adapter` declares."""
    found: Lookup = method.__lookup__  # type: ignore[attr-defined]
    return found


def lookups_of(contract: type) -> list[Lookup]:
    """Every lookup that a class declares, by name."""
    methods = (getattr(contract, name) for name in sorted(dir(contract)))
    return [lookup_of(method) for method in methods if hasattr(method, "__lookup__")]
