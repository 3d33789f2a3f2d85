"""
What the layers of the gateway exchange: an `Ask` for keys of one lookup in, an `Answer` for each known key out.
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
    """Something of a district, such as the school that students were reached through."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Ask(Generic[K]):
    """One lookup, asked for keys of one district."""

    lookup: Lookup
    keys: tuple[K, ...]
    arguments: Mapping[str, Hashable] = field(default_factory=dict)
    window: Window | None = None
    near: frozenset[Ref] = frozenset()
    """The school or section that the keys were reached through: changes cost, never the answer."""
    max_age: timedelta | None = None
    """The oldest answer that the asker accepts, stale ones included; None for whatever is usable."""

    @property
    def question(self) -> tuple[Hashable, ...]:
        """What two asks must share to have the same answer to the same key."""
        return (self.lookup.name, *sorted(self.arguments.items()), self.window)

    @property
    def shape(self) -> tuple[Hashable, ...]:
        """What two asks must share to be carried out as one."""
        return (*self.question, self.max_age)


class Answer(NamedTuple, Generic[V]):
    """What one source says to one key. Absent from the mapping: the source does not know the key."""

    value: V | AdapterError
    source: str
    fetched_at: datetime
    stale: bool = False
    withheld: tuple[AdapterError, ...] = ()
    """Why records are missing from the value: rows whose subject could not be established."""
    version: str | None = None
    """The source's mark of its state before it was asked; None when it was not looked for."""


Answers: TypeAlias = Mapping[Any, Answer[Any]]
"""Answers by key; a key that the source does not know is absent."""


def records_in(value: Any) -> Sequence[Record]:
    """The records of an answer's value: one record, a list or a page; empty for an error and for None."""
    if isinstance(value, list):
        return value
    if isinstance(value, Page):
        return value.items
    return (value,) if isinstance(value, Record) else ()
