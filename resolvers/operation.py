"""Bookkeeping of one operation, in one part for each of its writers. The response's extensions are made of it."""

from __future__ import annotations

import random
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId, Record, Sensitivity


class Degraded(NamedTuple):
    """A part that is missing from a field's value because one of several sources failed."""

    path: tuple[str | int, ...]
    source: str
    code: str
    retryable: bool


@dataclass(slots=True)
class SourceTraffic:
    """How one operation used one source."""

    calls: int = 0
    """Requests to the vendor made for this operation. A request shared with another operation counts there."""
    asks: int = 0
    """Lookups executed."""
    hits: int = 0
    """Keys answered from the cache."""
    stale: int = 0
    """Keys answered from the cache with an answer that was no longer fresh."""
    failures: int = 0
    """Keys that failed."""
    age: float = 0.0
    """Seconds since the oldest answer was fetched."""
    milliseconds: float = 0.0
    """Sum of the waiting times; lookups that ran at the same time all count."""


@dataclass(slots=True)
class Traffic:
    """How an operation used its sources, and which of them failed it in part."""

    by_source: dict[str, SourceTraffic] = field(default_factory=dict)
    """By district and source, such as `cedar-hollow/sis`."""
    degraded: dict[Degraded, None] = field(default_factory=dict)
    """Parts that are missing from values, each once."""

    def degrade(self, path: Sequence[str | int], error: AdapterError) -> None:
        """Record that one of several sources failed under a field that the other sources answered."""
        self.degraded[Degraded(tuple(path), error.source or "", error.code, error.retryable)] = None


@dataclass(slots=True)
class Disclosures:
    """What an operation shows and what it is denied: the material of the disclosure log."""

    records: list[Sequence[Any]] = field(default_factory=list)
    """Records of students in the response, in parts: each part holds records, lists of records, and nulls."""
    denied: dict[DistrictId, int] = field(default_factory=dict)
    """By district, how many keys the viewer was denied."""
    classes_read: dict[DistrictId, set[Sensitivity]] = field(default_factory=dict)
    """By district, the classes of data that were read, without the open one. Empty lists reveal something too."""

    def __bool__(self) -> bool:
        """Return whether there is anything to log."""
        return bool(self.records or self.denied or self.classes_read)

    def note_basis(self, records: Sequence[Record]) -> None:
        """Note records that the response shows in part, or as a number that was computed from them."""
        if records:
            self.records.append(records)

    def clear(self) -> None:
        """Forget everything: it has been logged."""
        self.records.clear()
        self.denied.clear()
        self.classes_read.clear()


@dataclass(slots=True)
class AccessHints:
    """
    Schools and sections from which an operation reached its keys.

    A vendor may answer for a whole school or section at the cost of one student. Hints change the cost of an
    answer, never the answer.
    """

    reached: dict[tuple[DistrictId, str], list[tuple[frozenset[str], Ref]]] = field(default_factory=dict)
    """By district and kind of key: sets of keys, each with the school or section that it was reached from."""

    def add(self, district: DistrictId, kind: str, keys: Iterable[str], ref: Ref) -> None:
        """Record that the query reached these keys from a school or section."""
        self.reached.setdefault((district, kind), []).append((frozenset(keys), ref))

    def for_keys(self, district: DistrictId, kind: str, keys: Collection[str]) -> frozenset[Ref]:
        """Return the schools and sections from which some of the keys were reached."""
        groups = self.reached.get((district, kind), ())
        return frozenset(ref for group, ref in groups if not group.isdisjoint(keys))


@dataclass(slots=True)
class Staleness:
    """How old an operation's answers may be, and which of its records are stale."""

    max_age: timedelta | None = None
    """Preferred maximum age. An older answer is served if its source fails. None accepts any age."""
    stale_records: dict[int, Record] = field(default_factory=dict)
    """Records of stale answers, by identity: an equal record may be part of a fresh answer too."""

    def note_stale(self, records: Sequence[Record]) -> None:
        """Record that these records are part of a stale answer."""
        self.stale_records.update(zip(map(id, records), records, strict=True))

    def is_stale(self, record: Record) -> bool:
        """Return whether the record is part of a stale answer."""
        return id(record) in self.stale_records


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """How large the response to an operation may be. A field that goes over is null with `ANSWER_TOO_LARGE`."""

    records: int = 20_000
    """Records in the response."""
    mebibytes: int = 5
    """MiB of its data as JSON."""


def new_request_id() -> str:
    """Return a random id for a request: 32 hexadecimal digits."""
    return f"{random.getrandbits(128):032x}"


@dataclass(slots=True)
class Operation:
    """The bookkeeping of one operation."""

    traffic: Traffic = field(default_factory=Traffic)
    disclosures: Disclosures = field(default_factory=Disclosures)
    access_hints: AccessHints = field(default_factory=AccessHints)
    staleness: Staleness = field(default_factory=Staleness)
    answer_limits: AnswerLimits = AnswerLimits()
    """How large the response may be."""
    memo: dict[Hashable, Any] = field(default_factory=dict)
    """What resolvers computed and need again in the same operation, such as the school days of a school."""
    dependencies: object = None
    """What the response was computed from, as the gateway's response cache records it; None if it does not."""
    started_at: datetime = field(default_factory=partial(datetime.now, UTC))
    """When the operation began: if a day ends meanwhile, all metrics of the response are still of one day."""
    suppressed_tables: int = 0
    """Tables of counts in the response in which small cells are hidden."""
    request_id: str = field(default_factory=new_request_id)
    """Id of the request in error messages and in the disclosure log."""
