"""What of the kept answers is to be forgotten, and what was told to be forgotten when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.lookup import About, Lookup
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """
    Answers that no longer hold: those of a district, and of them as few as the other attributes say.

    Of answers that name many students, such as a roster, all go: they may be wrong by whom they do not name.
    """

    district: DistrictId
    source: str | None = None
    """The one source whose answers go; None for all of the district's."""
    records: frozenset[str] = frozenset()
    """Types of record whose answers go, such as `AttendanceEvent`; all when empty."""
    students: frozenset[str] = frozenset()
    """Numbers of students about whom the answers are; everybody's, and those about nobody, when empty."""
    own: bool = False
    """Whether the numbers are the source's own; else they are the district's."""

    def concerns(self, source: Source, lookup: Lookup) -> bool:
        """Whether answers of the source to the lookup may be among them."""
        return (
            source.district == self.district
            and self.source in (None, source.name)
            and (not self.records or lookup.record_type.__name__ in self.records)
            and (not self.students or lookup.about is About.STUDENTS)
        )

    def takes(self, source: Source, lookup: Lookup, key: Any) -> bool:
        """Whether the answer to a key is among them, where the source and the lookup are."""
        return not self.students or not _names(source, lookup, own=self.own) or number_of(key) in self.students


def _names(source: Source, lookup: Lookup, *, own: bool) -> bool:
    """Whether the keys of a lookup are students' numbers of that kind."""
    return lookup.key_kind == "student" and (own or source.identity is None)


def number_of(key: Any) -> str:
    """The number in a key: keys of a source with ids of its own are written as `field:number`."""
    return str(key).rpartition(":")[2]


class Purged:
    """When what was told to be forgotten, for answers that are kept elsewhere."""

    LONGEST = 50_000
    """How many purges are remembered one by one; beyond it the oldest stand for everything before them."""

    def __init__(self) -> None:
        self._at: dict[tuple[str | None, ...], float] = {}
        self._before = 0.0

    def note(self, purge: Purge, at: float) -> None:
        """Remember a purge; `at` is an instant, in seconds since 1970."""
        for records in purge.records or (None,):
            for student in purge.students or (None,):
                place = (purge.district, purge.source, records, student)
                self._at.pop(place, None)
                self._at[place] = at
            if purge.students:
                self._at[purge.district, purge.source, records, "?own" if purge.own else "?"] = at
        while len(self._at) > self.LONGEST:
            self._before = max(self._before, self._at.pop(next(iter(self._at))))

    def last(self, source: Source, lookup: Lookup, key: Any) -> float:
        """When the answer to a key was last told to be forgotten; 0 for never."""
        if not self._at:
            return self._before
        return max(self._before, *(self._at.get(place, 0.0) for place in _places(source, lookup, key)))


def _places(source: Source, lookup: Lookup, key: Any) -> Iterator[tuple[str | None, ...]]:
    """Under what a purge of a key may be remembered."""
    whose: list[str | None] = [None]
    if lookup.about is About.STUDENTS:
        precise, own = (_names(source, lookup, own=own) for own in (False, True))
        whose += [number_of(key)] if precise or own else []
        whose += [mark for mark, named in (("?", precise), ("?own", own)) if not named]
    for name in (None, source.name):
        for records in (None, lookup.record_type.__name__):
            for student in whose:
                yield source.district, name, records, student
