"""Counts the students of a district in a process that serves nobody."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.cohorts.aggregates.aggregate import metric_table
from student_graph.resolvers.cohorts.aggregates.checkpoint import Checkpoint
from student_graph.resolvers.cohorts.aggregates.members import Cohort
from student_graph.resolvers.cohorts.aggregates.request import TableRequest
from student_graph.resolvers.cohorts.aggregates.table import MetricTable
from student_graph.resolvers.context import Info, Viewer, ViewerRole
from student_graph.resolvers.fields.outcome import Outcome
from student_graph.resolvers.metrics.facts import MetricSettings

MAX_SECONDS = 24 * 3600.0
"""How long a count may wait for the sources."""
MIN_SOURCE_SECONDS = 300.0
"""How long the lists of a part may take, at least: a source's timeout is how long people wait for a page."""
CACHE_BYTES = 32 * 1024 * 1024
"""Memory of answers that are used again within a part."""


async def count_district(
    district: District,
    request: TableRequest,
    checkpoint: Checkpoint,
    *,
    settings: Mapping[DistrictId, MetricSettings],
    complete: bool,
) -> Outcome[MetricTable]:
    """
    Return a table of all students of a district, without small cells unless it is to be `complete`.

    Raises:
        AdapterError: the students or their groups could not be read.
        GraphQLError: a choice is not possible.
    """
    pipeline = FetchPipeline(
        [district],
        HmacSigner(secrets.token_bytes(32)),
        Limits(memory=CACHE_BYTES),
        metric_settings=settings,
        operation_seconds=MAX_SECONDS,
        min_source_seconds=MIN_SOURCE_SECONDS,
    )
    classes = [sensitivity for sensitivity in Sensitivity if sensitivity is not Sensitivity.OPEN]
    viewer = Viewer(
        "command line",
        ViewerRole.SERVICE,
        frozenset({district.id}),
        unlimited_grants(*classes),
        counts_only=not complete,
    )
    info: Any = SimpleNamespace(
        context=pipeline.start_operation(viewer), path=SimpleNamespace(as_list=lambda: ["metrics"])
    )
    pipeline.cache.start()
    try:
        return await metric_table(cast("Info", info), Cohort(district), request, checkpoint)
    finally:
        await pipeline.close()
        await asyncio.gather(*(source.adapter.http.aclose() for source in district.sources))
