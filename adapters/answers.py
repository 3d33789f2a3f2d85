"""
What the layers of the gateway pass to each other: an `Ask` for keys of one lookup, an `Answer` for each known key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
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


@dataclass(slots=True)
class Ask(Generic[K]):
    """
    A request to one source: one lookup, with keys of one district. It never changes.

    It is not frozen, because Python takes four times as long to make one that is, and each lookup makes one.
    """

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
        """
        The value of `compute(self)`, computed once for each of a few names; nobody may change it.

        It must not refer to these values: such a cycle keeps them until the next collection of all garbage.
        """
        try:
            known: T = self._cached[name]
        except AttributeError:
            self._cached = {name: (known := compute(self))}
        except KeyError:
            known = self._cached[name] = compute(self)
        return known

    def cache(self, name: Hashable, value: T) -> T:
        """Cache a value under a name, for operations to come, and return it."""
        return self.once(name, lambda _: value)

    def cached(self, name: Hashable) -> Any:
        """The value that is cached under a name; None if none is."""
        return self._cached.get(name) if hasattr(self, "_cached") else None

    def latest(self, name: Hashable, basis: Hashable, compute: Callable[[SharedValues], T]) -> T:
        """Like `once`, for a value that also depends on a basis such as a day; the latest basis is cached."""
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
        order = ids if isinstance(ids, tuple) else tuple(ids)
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


@dataclass(frozen=True, slots=True)
class LookupResults(Generic[V]):
    """The combined answers of a district's sources, aligned with the requested keys."""

    values: Sequence[V | AdapterError | None]
    """A value for each key; None if no source knows the key, an error if no source has a value and one failed."""
    failures: Mapping[int, tuple[AdapterError, ...]] = field(default_factory=dict)
    """Errors of sources that failed for a key that has a value, by the position of the key."""
    stale: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Names of the sources whose answer was stale, by the position of the key."""


_UNKNOWN: Answer[Any] = Answer(None, "", datetime.min.replace(tzinfo=UTC))
"""Stands for the answer to a key that a source does not know."""
_value, _withheld = attrgetter("value"), attrgetter("withheld")

_Combined: TypeAlias = tuple[Any, tuple[AdapterError, ...], frozenset[str]]
"""The result for a key: a value or an error, the errors of other sources, and the names of stale sources."""


def combine(
    answers_by_source: Sequence[Answers],
    ids: Sequence[Any],
    combine_key: Callable[[Sequence[Answer[Any]]], _Combined],
) -> LookupResults[Any]:
    """Combine the answers of all sources, key by key."""
    if len(answers_by_source) == 1 and (results := _of_single_source(answers_by_source[0], ids)) is not None:
        return results
    values: list[Any] = []
    failures: dict[int, tuple[AdapterError, ...]] = {}
    stale: dict[int, frozenset[str]] = {}
    for position, key in enumerate(ids):
        value, errors, stale_sources = combine_key([part[key] for part in answers_by_source if key in part])
        values.append(value)
        if errors:
            failures[position] = errors
        if stale_sources:
            stale[position] = stale_sources
    return LookupResults(values, failures, stale)


def _of_single_source(answers_by_key: Answers, ids: Sequence[Any]) -> LookupResults[Any] | None:
    """The answers of the only source; None if it withholds records, which takes more work."""
    shared = answers_by_key if isinstance(answers_by_key, SharedAnswers) else None
    return _aligned(answers_by_key, ids) if shared is None else shared.for_ids(ids, _aligned)


def _aligned(answers_by_key: Answers, ids: Sequence[Any]) -> LookupResults[Any] | None:
    answers = list(map(answers_by_key.get, ids, repeat(_UNKNOWN)))
    results = LookupResults(SharedValues(map(_value, answers)), stale=_stale_names(answers))
    return None if any(map(_withheld, answers)) else results


def first_value(answers: Sequence[Answer[Any]]) -> _Combined:
    """The first value, with the errors of the sources before it; the first error if there is no value."""
    errors: list[AdapterError] = []
    for answer in answers:
        if not isinstance(answer.value, AdapterError):
            return answer.value, (*errors, *answer.withheld), _stale_sources([answer])
        errors.append(answer.value)
    return (errors[0] if errors else None), (), frozenset()


def all_records(answers: Sequence[Answer[Any]]) -> _Combined:
    """All records as one list, in order of precedence; the first error if no source has a list."""
    lists = [answer.value for answer in answers if not isinstance(answer.value, AdapterError)]
    errors = [answer.value for answer in answers if isinstance(answer.value, AdapterError)]
    if not lists:
        return (errors[0] if errors else None), (), frozenset()
    withheld = (error for answer in answers for error in answer.withheld)
    return [item for items in lists for item in items], (*errors, *withheld), _stale_sources(answers)


def _stale_names(answers: Sequence[Answer[Any]]) -> dict[int, frozenset[str]]:
    """The name of the source of each stale answer, by position."""
    names = {answer.source: frozenset({answer.source}) for answer in answers}
    return {position: names[answer.source] for position, answer in enumerate(answers) if answer.stale}


def _stale_sources(answers: Sequence[Answer[Any]]) -> frozenset[str]:
    """The names of the sources whose answer is stale."""
    return frozenset(answer.source for answer in answers if answer.stale)
