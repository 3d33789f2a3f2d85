"""
A lookup: a batch method of the contract, with its cache times and the kind of person that its records are about.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
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
"""
Answers by key. An absent key is one that the vendor does not know; an error means that only this key failed; a
known key without records has `[]`.
"""


def value_of(batch: Batch[K, V], key: K) -> V | None:
    """
    The value of a key in a batch; None if the vendor does not know the key.

    Raises:
        AdapterError: the read of this key failed.
    """
    value = batch.get(key)
    if isinstance(value, AdapterError):
        raise value
    return value


class About(Enum):
    """
    The kind of person that the records of a lookup are about.

    The value is the attribute of a record that holds the person's id. The access policy, the disclosure log and
    the cache use it.
    """

    STUDENTS = "student_id"
    STAFF = "staff_id"
    NOBODY = None


students, staff, nobody = About.STUDENTS, About.STAFF, About.NOBODY


def minutes(n: float) -> timedelta:
    """Return a duration in minutes."""
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    """Return a duration in hours."""
    return timedelta(hours=n)


@dataclass(frozen=True, slots=True)
class Window:
    """The requested part of a long list."""

    first: int
    """Maximum number of rows; the vendor may return fewer, and the gateway then asks for more."""
    after: str | None = None
    """The vendor's own cursor from `Page.after` of the last page; None for the start of the list."""


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """
    Conditions on a list of students. None means no condition.

    A vendor applies the ones that it can and names them in `Page.applied`; the gateway applies the others.
    """

    ids: tuple[StudentId, ...] | None = None
    name: str | None = None
    """Words that each begin a first, middle, preferred or last name; case and accents are ignored."""
    grade_levels: tuple[GradeLevel, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """One page of a long list."""

    items: Sequence[V]
    after: str | None
    """The vendor's cursor of the next page; None at the end of the list."""
    total: int | None = None
    """Length of the complete list as the vendor reports it, or None. It is displayed and never relied on."""
    applied: frozenset[str] = frozenset()
    """Names of the `StudentFilter` fields that the vendor applied."""


@dataclass(frozen=True)
class Lookup:
    """The declaration of a lookup of the contract."""

    method: Callable[..., Any]
    """The method of `Adapter`, which adapters override."""
    fresh: timedelta
    """How long an answer is fresh: until then it is served from the cache."""
    stale: timedelta
    """How long after that it may still be served, marked as stale, if the vendor fails."""
    about: About
    """The kind of person that its records are about."""
    paged: bool
    """Whether it takes a `Window` and returns a `Page` for each key."""
    records_per_key: float = 1.0
    """How many records one key usually has: the first guess in the estimate of a response's size."""
    unknown: timedelta = timedelta(seconds=30)
    """How long it is remembered that a source does not know a key, but no longer than an answer is fresh."""

    @cached_property
    def name(self) -> str:
        """The name of the method, such as `attendance_events_by_student`."""
        return self.method.__name__

    @cached_property
    def key_kind(self) -> str:
        """The kind of its keys, such as `student` or `lms_course`."""
        key: Any = get_args(get_type_hints(self.method)["return"])[0]
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.__name__.removesuffix("Id")).lower()

    @cached_property
    def argument_names(self) -> frozenset[str]:
        """The names of the keyword-only arguments."""
        parameters = inspect.signature(self.method).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    @cached_property
    def required_arguments(self) -> frozenset[str]:
        """The names of the keyword-only arguments without a default."""
        parameters = inspect.signature(self.method).parameters.values()
        return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty)

    @cached_property
    def key_attribute(self) -> str | None:
        """The attribute of its records that holds the key; None if they do not name it, such as the district."""
        attribute = f"{self.key_kind}_id"
        return attribute if attribute in {field.name for field in fields(self.record_type)} else None

    @cached_property
    def answer_type(self) -> Any:
        """The type of the answer to a key, such as `list[AttendanceEvent]`."""
        return get_args(get_args(get_type_hints(self.method)["return"])[1])[0]

    @cached_property
    def is_list(self) -> bool:
        """Whether the answer to a key is a list or a page of records instead of one record."""
        return get_origin(self.answer_type) in (list, Page)

    @property
    def is_by_id(self) -> bool:
        """Whether the key is the id of the record itself, which clients may send: `sections_by_id`."""
        return self.name.endswith("_by_id")

    @cached_property
    def record_type(self) -> type[Record]:
        """The type of its records."""
        record_type: type[Record] = get_args(self.answer_type)[0] if self.is_list else self.answer_type
        return record_type

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """The class of data of its records."""
        return self.record_type.sensitivity

    @property
    def description(self) -> str:
        """Its docstring, which is written for users of the graph."""
        return inspect.getdoc(self.method) or ""

    def __repr__(self) -> str:
        return f"<lookup {self.name}>"


def lookup(
    *,
    fresh: timedelta,
    stale: timedelta,
    about: About,
    paged: bool = False,
    records_per_key: float = 1.0,
    unknown: timedelta = Lookup.unknown,
) -> Callable[[F], F]:
    """Declare a method of the contract as a lookup; see `Lookup` for the arguments."""

    def declare(method: F) -> F:
        declared = Lookup(method, fresh, stale, about, paged, records_per_key, unknown)
        method.__lookup__ = declared  # type: ignore[attr-defined] # functions take any attribute
        return method

    return declare


def lookup_of(method: Callable[..., Any]) -> Lookup:
    """The lookup that an unbound method of `Adapter` declares."""
    declared: Lookup = method.__lookup__  # type: ignore[attr-defined]
    return declared


def lookups_of(contract: type) -> list[Lookup]:
    """All lookups that a class declares, sorted by name."""
    methods = (getattr(contract, name) for name in sorted(dir(contract)))
    return [lookup_of(method) for method in methods if hasattr(method, "__lookup__")]
