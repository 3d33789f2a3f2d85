"""Purges: which cached answers to remove, and a log of purges for answers that are stored outside the process."""

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
    A selection of cached answers of one district that are to be removed. Each attribute narrows it down.

    Answers that name many students, such as a roster, are always included: a student may be missing from them.
    """

    district: DistrictId
    source: str | None = None
    """The only source whose answers are removed; None for all sources of the district."""
    records: frozenset[str] = frozenset()
    """Names of the record types whose answers are removed, such as `AttendanceEvent`; empty for all types."""
    students: frozenset[str] = frozenset()
    """Ids of the students whose answers are removed; empty for all answers, also those about no student."""
    own: bool = False
    """Whether `students` are the source's own ids instead of the district's."""

    def concerns(self, source: Source, lookup: Lookup) -> bool:
        """Whether some of the source's answers to the lookup may be included."""
        return (
            source.district == self.district
            and self.source in (None, source.name)
            and (not self.records or lookup.record_type.__name__ in self.records)
            and (not self.students or lookup.about is About.STUDENTS)
        )

    def includes(self, source: Source, lookup: Lookup, key: Any) -> bool:
        """Whether the answer to a key is included, given that the purge concerns the source and the lookup."""
        return (
            not self.students
            or not _keys_are_student_ids(source, lookup, own=self.own)
            or id_in_key(key) in self.students
        )


def _keys_are_student_ids(source: Source, lookup: Lookup, *, own: bool) -> bool:
    """Whether the keys of a lookup are student ids: the source's own ids if `own`, otherwise the district's."""
    return lookup.key_kind == "student" and (own or source.identity is None)


def id_in_key(key: Any) -> str:
    """The id in a key. Sources with their own ids have keys of the form `field:id`."""
    return str(key).rpartition(":")[2]


class PurgeLog:
    """
    The time of the last purge of each answer.

    An answer that was stored outside the process before that time is not used.
    """

    MAX_PURGES = 50_000
    """Purges that are remembered one by one. If there are more, the oldest ones count as purges of everything."""

    def __init__(self) -> None:
        self._purged_at: dict[tuple[str | None, ...], float] = {}
        self._all_purged_at = 0.0

    def add(self, purge: Purge, at: float) -> None:
        """Remember a purge; `at` is in seconds since 1970."""
        for records in purge.records or (None,):
            for student in purge.students or (None,):
                log_key = (purge.district, purge.source, records, student)
                self._purged_at.pop(log_key, None)
                self._purged_at[log_key] = at
            if purge.students:
                self._purged_at[purge.district, purge.source, records, "?own" if purge.own else "?"] = at
        while len(self._purged_at) > self.MAX_PURGES:
            self._all_purged_at = max(self._all_purged_at, self._purged_at.pop(next(iter(self._purged_at))))

    def last_purge(self, source: Source, lookup: Lookup, key: Any) -> float:
        """When the answer to a key was last purged, in seconds since 1970; 0 for never."""
        if not self._purged_at:
            return self._all_purged_at
        times = (self._purged_at.get(log_key, 0.0) for log_key in _log_keys(source, lookup, key))
        return max(self._all_purged_at, *times)


def _log_keys(source: Source, lookup: Lookup, key: Any) -> Iterator[tuple[str | None, ...]]:
    """The log keys of all purges that include the answer to a key."""
    students: list[str | None] = [None]
    if lookup.about is About.STUDENTS:
        by_district_id, by_own_id = (_keys_are_student_ids(source, lookup, own=own) for own in (False, True))
        students += [id_in_key(key)] if by_district_id or by_own_id else []
        # A purge by ids that the keys do not hold includes all keys: `add` logs it under "?" or "?own".
        students += [mark for mark, has_ids in (("?", by_district_id), ("?own", by_own_id)) if not has_ids]
    for name in (None, source.name):
        for records in (None, lookup.record_type.__name__):
            for student in students:
                yield source.district, name, records, student
