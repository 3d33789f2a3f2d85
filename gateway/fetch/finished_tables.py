"""The finished tables of a process, as one operation uses them: it gets a kept one, or computes and keeps it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.cache.table_cache import TableCache
from student_graph.gateway.cache.table_dependencies import merge, new_part
from student_graph.resolvers.access import TableKey
from student_graph.resolvers.context import Context
from student_graph.resolvers.operation import Operation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OperationTables:
    """The kept tables, for one operation of one viewer."""

    tables: TableCache
    districts: Mapping[DistrictId, District]
    operation: Operation
    start_part: Callable[[Operation], Context]
    """Returns a context of the same viewer whose reads a part of the operation counts."""

    async def get(self, key: TableKey, compute: Callable[[Any], Awaitable[T]], size_of: Callable[[T], int]) -> T:
        """A finished table, kept or computed; see `student_graph.resolvers.access.FinishedTables`."""
        cached = self.tables.get(key, self.operation.staleness.max_age)
        if cached is not None:
            merge(cached.bookkeeping, self.operation, kept_for=self.tables.now - cached.kept_at)
            value: T = cached.value
            return value
        part = new_part(self.operation)
        try:
            value = await compute(self.start_part(part))
        finally:
            merge(part, self.operation)
        day_ends_at = self.districts[key.scope.district].end_of_day()
        self.tables.set(key, value, size_of(value), part, day_ends_at)
        return value
