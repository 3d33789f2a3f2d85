"""
Encoded rows that are cached for the next operation of the same plan.

Records are shared by all operations and never change. A row is the same as before if its record, the values of its
columns and the functions of its derived fields are the same objects. Only then is its JSON used again. Rows of
restricted classes of data are not cached, and rows that no operation used are forgotten within two minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isfunction
from itertools import accumulate, repeat
from operator import is_
from typing import Any, NamedTuple

from student_graph.adapters.answers import SharedValues
from student_graph.gateway.execution.plan import ObjectPlan
from student_graph.gateway.execution.rows import EncodedRow, RowEncoder, encode_around_rows
from student_graph.resolvers.fields.record import Constant

MAX_CACHED_BYTES = 16 * 1024 * 1024
"""Memory of all cached rows of one executor class, by estimate."""
MAX_UNUSED_SECONDS = 60.0
"""Rows that no operation used for this time are forgotten, at the latest after twice this time."""
ROW_OVERHEAD_BYTES = 500
"""
Estimated bytes of a cached row in addition to twice its JSON: the record and the values that it keeps in memory.
"""
LEVEL_ROW_BYTES = 200
"""Bytes of a row in a cached level, in addition to the encoded row: the row may be a struct that holds others."""
TRIAL_ROWS = 2_000
"""After this many rows of a plan, its rows are cached only if at least a quarter of them were used again."""
_LEAF_CLASSES = frozenset({str, int, bool})


class CachedRow(NamedTuple):
    """A row, and everything that it was built from."""

    record: Any
    values: tuple[Any, ...]
    """Values of the columns."""
    functions: tuple[Any, ...]
    """Functions of derived fields."""
    row: EncodedRow


@dataclass(slots=True)
class CachedLevel:
    """The rows of a level, and everything that they were built from."""

    records: SharedValues
    columns: Sequence[Sequence[Any]]
    functions: tuple[Any, ...]
    """Functions of derived fields."""
    rows: SharedValues
    """Encoded, or structs that hold encoded ones."""
    length: int
    """Bytes of the rows without those that they hold."""
    is_reused: bool = False
    """Whether an operation found it."""
    lists: SharedValues | None = None
    """The JSON of each list, if the records belong to several lists; None until somebody asks for it."""


class RowCache:
    """The cached rows of one executor class, in two generations: rows that were used lately, and older ones."""

    def __init__(self, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self.max_bytes = max_bytes
        self._recent: dict[int, dict[int, CachedRow]] = {}
        """By the number of the plan and the identity of the record."""
        self._earlier: dict[int, dict[int, CachedRow]] = {}
        self._levels: dict[tuple[int, int], CachedLevel] = {}
        """By the number of the plan and the identity of the records; forgotten with each generation."""
        self._recent_bytes = self._earlier_bytes = 0
        self._timer_loop: asyncio.AbstractEventLoop | None = None
        """The event loop that forgets unused rows from time to time; None if nothing is cached."""

    def __len__(self) -> int:
        return sum(map(len, (*self._recent.values(), *self._earlier.values())))

    def find(
        self,
        plan: ObjectPlan,
        functions: tuple[Any, ...],
        records: Sequence[Any],
        columns: Sequence[Sequence[Any]],
    ) -> tuple[list[Any], list[int]]:
        """Return the cached row of each record or None, and the indexes of those that must be built."""
        recent, earlier = self._recent.setdefault(plan.number, {}), self._earlier.get(plan.number, {})
        rows: list[Any] = [None] * len(records)
        missing = []
        for index, record in enumerate(records):
            cached = recent.get(id(record)) or self._promoted(recent, earlier, record)
            if cached is None or cached.functions != functions:
                missing.append(index)
                continue
            for value, column in zip(cached.values, columns, strict=True):
                current = column[index]
                if current is not value and not _is_same(current, value):
                    missing.append(index)
                    break
            else:
                rows[index] = cached.row
        self._keep_within_bound()
        plan.cached_rows_used += len(rows) - len(missing)
        plan.rows_built += len(missing)
        return rows, missing

    def add(self, plan: ObjectPlan, rows: Sequence[CachedRow]) -> None:
        """Cache rows that were built just now."""
        recent = self._recent.setdefault(plan.number, {})
        for cached in rows:
            recent[id(cached.record)] = cached
            self._recent_bytes += _size(cached)
        self._keep_within_bound()
        self._start_timer()

    def find_level(
        self, plan: ObjectPlan, functions: tuple[Any, ...], records: SharedValues, columns: Sequence[Sequence[Any]]
    ) -> CachedLevel | None:
        """Return a level of the same records with the same columns, as objects; None if it is not cached."""
        level = self._levels.get((plan.number, id(records)))
        if level is None or level.records is not records or level.functions != functions:
            return None
        if not all(map(is_, level.columns, columns)):
            return None
        plan.cached_rows_used += len(records)
        level.is_reused = True
        return level

    def lists(
        self, plan: ObjectPlan, records: SharedValues, rows: Sequence[Any], lengths: Sequence[int]
    ) -> SharedValues | None:
        """
        Return the lists that the rows of a level belong to, each of them as JSON; their records are in one tuple.

        None if the rows are not those of a cached level, or were built just now and may never be used again.
        """
        level = self._levels.get((plan.number, id(records)))
        if level is None or level.rows is not rows or not level.is_reused:
            return None
        if level.lists is None:
            ends = accumulate(lengths)
            parts = [list(rows[end - length : end]) for length, end in zip(lengths, ends, strict=True)]
            level.lists = SharedValues([EncodedRow(b"".join(encode_around_rows(part))) for part in parts])
            self._recent_bytes += sum([len(row.json) for row in level.lists])
            self._keep_within_bound()
        return level.lists

    def add_level(self, plan: ObjectPlan, level: CachedLevel) -> None:
        """Cache a level that was built just now."""
        key = (plan.number, id(level.records))
        if key not in self._levels:
            self._recent_bytes += LEVEL_ROW_BYTES * len(level.rows)
        self._levels[key] = level
        self._keep_within_bound()
        self._start_timer()

    def clear(self) -> None:
        """Forget all rows."""
        self._recent, self._earlier, self._levels = {}, {}, {}
        self._recent_bytes = self._earlier_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Memory of the rows, by estimate."""
        return self._recent_bytes + self._earlier_bytes

    def _promoted(
        self, recent: dict[int, CachedRow], earlier: dict[int, CachedRow], record: Any
    ) -> CachedRow | None:
        """Return the row of a record that was not used lately, and move it to those used lately."""
        cached = earlier.pop(id(record), None)
        if cached is not None:
            recent[id(record)] = cached
            self._recent_bytes += _size(cached)
            self._earlier_bytes -= _size(cached)
        return cached

    def _keep_within_bound(self) -> None:
        """
        Start a generation if the present one takes half of the memory, and forget the earlier one if necessary.
        """
        if self._recent_bytes > self.max_bytes // 2:
            self._start_generation()
        if self.used_bytes > self.max_bytes:
            self._earlier, self._earlier_bytes = {}, 0

    def _start_generation(self) -> None:
        """Forget the rows that were not used lately."""
        self._recent, self._earlier, self._levels = {}, self._recent, {}
        self._recent_bytes, self._earlier_bytes = 0, self._recent_bytes

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer_loop is not loop:
            self._timer_loop = loop
            loop.call_later(MAX_UNUSED_SECONDS, self._forget_unused, loop)

    def _forget_unused(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer_loop is loop:
            self._start_generation()
            if len(self) or self._levels:
                loop.call_later(MAX_UNUSED_SECONDS, self._forget_unused, loop)
            else:
                self._timer_loop = None


async def build_or_reuse(  # noqa: PLR0917 - what rows are built from
    row_cache: RowCache,
    plan: ObjectPlan,
    functions: tuple[Any, ...],
    records: Sequence[Any],
    columns: Sequence[Sequence[Any]],
    build: Callable[[Sequence[Any], Sequence[Sequence[Any]]], Awaitable[list[Any]]],
    encoder: RowEncoder,
) -> Sequence[Any]:
    """
    Return the rows of records: cached ones, and others from `build`, which are cached from now on.

    If the records and columns of a level are those of cached answers, the complete level is looked up. Comparing
    its rows one by one would take as long as all its lookups.
    """
    if not isinstance(records, SharedValues) or not all(isinstance(column, SharedValues) for column in columns):
        return await _build_or_reuse_rows(row_cache, plan, functions, records, columns, build, encoder)
    level = row_cache.find_level(plan, functions, records, columns)
    if level is not None:
        encoder.count_bytes(level.length)
        return level.rows
    length = encoder.length
    rows = await _build_or_reuse_rows(row_cache, plan, functions, records, columns, build, encoder)
    level = CachedLevel(records, columns, functions, SharedValues(rows), encoder.length - length)
    row_cache.add_level(plan, level)
    return level.rows


async def _build_or_reuse_rows(  # noqa: PLR0917 - what rows are built from
    row_cache: RowCache,
    plan: ObjectPlan,
    functions: tuple[Any, ...],
    records: Sequence[Any],
    columns: Sequence[Sequence[Any]],
    build: Callable[[Sequence[Any], Sequence[Sequence[Any]]], Awaitable[list[Any]]],
    encoder: RowEncoder,
) -> list[Any]:
    if encoder.holds_rows or not is_cache_of_use(plan):
        return await build(records, columns)
    rows, missing = row_cache.find(plan, functions, records, columns)
    encoder.count([row.json for row in rows if row is not None])
    if not missing:
        return rows
    missing_records = [records[index] for index in missing]
    missing_columns = [[column[index] for index in missing] for column in columns]
    built = await build(missing_records, missing_columns)
    values = zip(*missing_columns, strict=True) if missing_columns else repeat(())
    for index, row in zip(missing, built, strict=True):
        rows[index] = row
    row_cache.add(
        plan,
        [
            CachedRow(record, row_values, functions, row)
            for record, row_values, row in zip(missing_records, values, built, strict=False)
        ],
    )
    return rows


def may_cache_rows(plan: ObjectPlan, functions: Sequence[Callable[[Any], Any]]) -> bool:
    """Return whether rows depend on nothing but records and columns, and are of no restricted class of data."""
    return plan.has_cacheable_rows and all(map(_depends_on_record_only, functions))


def is_cache_of_use(plan: ObjectPlan) -> bool:
    """Return whether caching the rows of a plan one by one has been of use, or may be."""
    return plan.rows_built < TRIAL_ROWS or plan.cached_rows_used * 3 >= plan.rows_built


def _depends_on_record_only(function: Any) -> bool:
    return isinstance(function, Constant) or (isfunction(function) and function.__closure__ is None)


def _is_same(value: Any, other: Any) -> bool:
    """Return whether two values have the same JSON: equal leaves, or lists of the same objects."""
    if value.__class__ is not other.__class__:
        return False
    if value.__class__ is list:
        return len(value) == len(other) and all(map(is_, value, other))
    return value.__class__ in _LEAF_CLASSES and bool(value == other)


def _size(cached: CachedRow) -> int:
    return ROW_OVERHEAD_BYTES + 2 * len(cached.row.json)
