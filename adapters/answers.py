"""
What the layers of the gateway pass to each other: an `Ask` for keys of one lookup, an `Answer` for each known key.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.model import Record

K = TypeVar("K")
V = TypeVar("V")


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


def records_in(value: Any) -> Sequence[Record]:
    """The records of an answer's value: one record, a list or a page; empty for an error and for None."""
    if isinstance(value, list):
        return value
    if isinstance(value, Page):
        return value.items
    return (value,) if isinstance(value, Record) else ()
