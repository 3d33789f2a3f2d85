"""Warms districts in a process that serves nobody: the answers are for the processes that share its Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Fleet, Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.warm.plan import WarmPlan
from student_graph.gateway.warm.warm_up import WarmProgress, WarmUp

JOIN_SECONDS = 5.0
"""How long Redis may take to answer at the start."""
JOIN_POLL_SECONDS = 0.02
FINISH_SECONDS = 10.0
"""How long the last answers may take to be written."""


async def warm_districts(
    districts: Sequence[District],
    fleet: Fleet,
    signing_key: bytes,
    limits: Limits,
    plans: Mapping[DistrictId, WarmPlan],
) -> AsyncIterator[WarmProgress]:
    """
    Warm the districts that have a plan, one after the other, and yield the progress.

    Raises:
        SettingsError: Redis does not answer.
    """
    pipeline = FetchPipeline(districts, HmacSigner(signing_key), limits, fleet)
    pipeline.cache.start()
    try:
        await _wait_for(fleet)
        for district, plan in plans.items():
            fetch, traffic = pipeline.background_fetch()
            async for progress in WarmUp(pipeline.districts[district], fetch, traffic, plan).run():
                yield progress
        await pipeline.cache.in_flight.finish(FINISH_SECONDS)  # the last answers are still being written
    finally:
        await pipeline.close()
        sources = (source for district in districts for source in district.sources)
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))


async def _wait_for(fleet: Fleet) -> None:
    """
    Wait until this process shares its answers.

    Raises:
        SettingsError: Redis does not answer.
    """
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            while not fleet.joined:  # noqa: ASYNC110 - the fleet has no event for it
                await asyncio.sleep(JOIN_POLL_SECONDS)
    except TimeoutError:
        raise SettingsError("cache.redis: Redis does not answer; nothing was warmed") from None
