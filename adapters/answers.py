"""
What the layers of the gateway pass to each other: an `Ask` for keys of one lookup, an `Answer` for each known key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.model import Record

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Ref(NamedTuple):
    """A school or a section of a district."""

    kind: str
    """`school` or `section`."""
    key: str


@dataclass(frozen=True, slots=True)
class Ask(Generic[K]):
    """A request to one source: one lookup, with keys of one district."""

    lookup: Lookup
    keys: tuple[K, ...]
    arguments: Mapping[str, Hashable] = field(default_factory=dict)
    window: Window | None = None
    reached_via: frozenset[Ref] = frozenset()
    """Schools and sections from which the query reached the keys: a hint about cost, which changes no answer."""
    max_age: timedelta | None = None
    """Maximum age of an answer, stale ones included; None accepts any answer that the cache may serve."""
    at_enrolled_schools: bool = False
    """
    Whether an answer may lack records at schools where the student has no enrollment.

    All records of a student without any enrollment are in it.
    """

    @property
    def call_key(self) -> tuple[Hashable, ...]:
        """The lookup with its arguments and window. Asks with the same call key have the same answer to a key."""
        if not self.arguments:
            return (self.lookup.name, self.window)
        return (self.lookup.name, *sorted(self.arguments.items()), self.window)

    @property
    def batch_key(self) -> tuple[Hashable, ...]:
        """The call key, with the limits on answers. Asks with the same batch key can be merged into one."""
        return (*self.call_key, self.max_age, self.at_enrolled_schools)


class Answer(NamedTuple, Generic[V]):
    """The answer of one source to one key. A key that the source does not know has no answer."""

    value: V | AdapterError
    source: str
    fetched_at: datetime
    stale: bool = False
    withheld: tuple[AdapterError, ...] = ()
    """Why records are missing from the value: their student could not be identified, or they could not be read."""
    version: str | None = None
    """Version of the source's data when the answer was read (`Adapter.version`); None if it was not asked for."""

    @property
    def is_late(self) -> bool:
        """Whether it did not come in time, or the vendor takes no more requests: others only add to these."""
        return isinstance(self.value, AdapterError) and self.value.code in ("DEADLINE", "RATE_LIMITED")


Answers: TypeAlias = Mapping[Any, Answer[Any]]
"""Answers by key. A key that the source does not know is absent."""


class SharedValues(tuple[Any, ...]):  # noqa: SLOT001 - Python has no slots for tuples of any length
    """
    Values that all operations get as the same object, with what was computed from them alone.

    They come from cached answers, and records never change. So their keys, their number or what they disclose is
    computed by the first operation: a page of 30 students that is executed again spent a third of its time on it.
    """

    _cached: dict[Hashable, Any]

    def once(self, name: Hashable, compute: Callable[[SharedValues], T]) -> T:
        """The value of `compute(self)`, computed once for each of a few names; nobody may change it."""
        try:
            cached = self._cached
        except AttributeError:
            cached = self._cached = {}
        if name not in cached:
            cached[name] = compute(self)
        known: T = cached[name]
        return known

    def cache(self, name: Hashable, value: T) -> T:
        """Cache a value under a name, for operations to come, and return it."""
        return self.once(name, lambda _: value)

    def cached(self, name: Hashable) -> Any:
        """The value that is cached under a name; None if none is."""
        return self._cached.get(name) if hasattr(self, "_cached") else None

    def latest(self, name: Hashable, basis: Hashable, compute: Callable[[SharedValues], T]) -> T:
        """The same for a value that also depends on a basis, such as a day: that of the latest basis is cached."""
        known: list[Any] = self.once(name, lambda _: [])
        if not known or known[0] != basis:
            known[:] = basis, compute(self)
        value: T = known[1]
        return value


MAX_CACHED_QUESTIONS = 1024
"""Sets of types for which is known if one of them is of some class: columns hold few different sets."""
MAX_CACHED_ORDERS = 4
"""Orders of keys for which a batch caches its values: nearly always it is asked for in one."""


class SharedAnswers(dict[Any, Answer[Any]]):
    """Answers by key that all operations get as the same mapping, and that never change."""

    __slots__ = ("_cached",)
    _cached: dict[tuple[Any, ...], Any]

    def for_ids(self, ids: Sequence[Any], compute: Callable[[SharedAnswers, Sequence[Any]], T]) -> T:
        """The value of `compute(self, ids)` for keys in an order, computed once as long as it is one of a few."""
        try:
            cached = self._cached
        except AttributeError:
            cached = self._cached = {}
        order = tuple(ids)
        if order not in cached:
            if len(cached) >= MAX_CACHED_ORDERS:
                cached.clear()
            cached[order] = compute(self, ids)
        known: T = cached[order]
        return known


def types_of(values: Sequence[Any]) -> frozenset[type]:
    """The types of some values."""
    return values.once("types", _types_of) if isinstance(values, SharedValues) else _types_of(values)


def _types_of(values: Sequence[Any]) -> frozenset[type]:
    return frozenset(map(type, values))


def has_instances(values: Sequence[Any], *classes: type) -> bool:
    """Whether any of some values is of one of these classes."""
    return _has_subclass(types_of(values), classes)


@lru_cache(MAX_CACHED_QUESTIONS)
def _has_subclass(types: frozenset[type], classes: tuple[type, ...]) -> bool:
    return any(issubclass(class_, classes) for class_ in types)


def distinct(ids: Sequence[Any]) -> tuple[Any, ...]:
    """Each of some ids once, in their order."""
    return ids.once("distinct", _distinct) if isinstance(ids, SharedValues) else _distinct(ids)


def _distinct(ids: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(ids))


def records_in(value: Any) -> Sequence[Record]:
    """The records of an answer's value: one record, a list or a page; empty for an error and for None."""
    if isinstance(value, list):
        return value
    if isinstance(value, Page):
        return value.items
    return (value,) if isinstance(value, Record) else ()
