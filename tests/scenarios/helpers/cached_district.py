"""A sandbox district behind a pipeline with a cache, whose schema is executed in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.operation import Operation
from student_graph.resolvers.schema import make_schema
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import SandboxDistrict, sandbox_district

SCHEMA = make_schema(BreadthExecutor)
STUDENTS = 60


@dataclass
class CachedDistrict:
    """A district's systems, by default the student information system alone, and a pipeline with a cache."""

    district: SandboxDistrict
    pipeline: FetchPipeline
    operation: Operation = field(default_factory=Operation)
    """The bookkeeping of the last operation."""

    @classmethod
    @asynccontextmanager
    async def opened(cls, kinds: Sequence[str] = ("edfi",)) -> AsyncIterator[Self]:
        """Open the district with sources of these kinds, and close it when the block ends."""
        async with sandbox_district(facts(), kinds, students=STUDENTS) as district:
            pipeline = FetchPipeline(
                [district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS
            )
            yield cls(district, pipeline)
            await pipeline.close()

    async def execute(self, document: str, viewer: Viewer, **variables: Any) -> Any:
        """Return the data of a viewer's operation, or the list of the codes of its errors."""
        context = self.pipeline.start_operation(viewer)
        self.operation = context.operation
        result: Any = await SCHEMA.execute(document, variable_values=variables, context_value=context)
        if result.errors:
            return [error.extensions["code"] for error in result.errors]
        return result.data

    @property
    def cached_tables(self) -> int:
        """How many tables are cached."""
        return len(self.pipeline.cache.tables)


@cache
def facts() -> DistrictFacts:
    """Return the district's facts, which no test changes."""
    return make_district(STUDENTS)
