"""
`soak`: what the gateway holds after many distinct keys, and whether it grows while nothing new happens.

Ten minutes of steady load when run in full; what is asked ages within a twentieth of a second, so that answers are
kept, served stale, asked again and replaced all the time.
"""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.support.district import DISTRICT, VIEWER, Records, make_district, make_records, make_source
from benchmarks.support.figures import Row
from benchmarks.support.in_process import create_app, post
from student_graph.adapters import model
from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import Freshness, Source
from student_graph.gateway.cache import CachedFetch, Dependencies, Limits
from student_graph.gateway.cache.limits import BYTES_PER_MIB
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.operation import Staleness, Traffic

MEMORY = 64
"""MiB that the cache is given."""
KEYS, BATCH = 200_000, 500
SECONDS = 600.0
OVER, GROWN = 1.2, 1.0
"""Times its bound by which the process may grow, and MiB that it may grow under steady load."""
STUDENTS = lookup_of(Adapter.students_by_id)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return await _many(20_000 if quick else KEYS) + await _steady(2.0 if quick else SECONDS)


def _resident() -> float:
    """MiB that the process holds, after garbage is gone."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / BYTES_PER_MIB


class _Everybody(Adapter):
    """Knows every student that is asked for, and keeps none."""

    async def students_by_id(self, ids: Any) -> Any:
        """A new record for each."""
        return {one: _student(one) for one in ids}


def _student(one: StudentId) -> model.Student:
    name = model.PersonName(first_name=f"Ada {one}", last_name=f"Hill {one}")
    return model.Student(vendor_id=f"row-{one}", student_id=one, name=name)


async def _many(count: int) -> list[Row]:
    """Growth of the process after so many distinct keys."""
    kept = make_source(Records({}))
    adapter = _Everybody("everybody", kept.adapter.settings, kept.adapter.http)
    everybody = Source("everybody", "memory", DISTRICT, adapter)
    operations = FetchPipeline(
        [make_district(everybody)], HmacSigner(b"k" * 32), Limits(memory=MEMORY * BYTES_PER_MIB)
    )
    operations.start_operation(VIEWER)
    before = _resident()
    for start in range(0, count, BATCH):
        keys = tuple(StudentId(str(10_000_000 + start + n)) for n in range(BATCH))
        deadline = asyncio.get_running_loop().time() + 10
        reading = CachedFetch(operations.cache, Traffic(), Staleness(), Dependencies(), deadline)
        await reading(everybody, Ask(STUDENTS, keys))
    grown = _resident() - before
    store = operations.cache.store
    case = f"{count} distinct keys"
    return [
        Row("soak", case, "growth over the bound", grown / MEMORY, "x", OVER),
        Row("soak", case, "growth", grown, "MiB"),
        Row("soak", case, "counted", store.used_bytes / BYTES_PER_MIB, "MiB"),
        Row("soak", case, "answers kept", len(store), "answers"),
    ]


async def _steady(seconds: float) -> list[Row]:
    """Growth of the process while the same is asked, after a quarter of the time to warm up."""
    kept = make_records(30)
    ages = dict.fromkeys(kept.by_lookup, Freshness(timedelta(seconds=0.05), timedelta(hours=1)))
    app = create_app(
        make_district(replace(make_source(kept), freshness_by_lookup=ages)),
        limits=Limits(memory=8 * BYTES_PER_MIB),
    )
    started = time.monotonic()
    asked, before, tasks = 0, None, 0
    while (passed := time.monotonic() - started) < seconds:
        for _ in range(200):
            await post(app)
            asked += 1
        await asyncio.sleep(0)
        if before is None and passed >= seconds / 4:
            before, tasks = _resident(), len(asyncio.all_tasks())
    grown = _resident() - (before or _resident())
    more = len(asyncio.all_tasks()) - tasks
    case = f"{seconds:g} s of steady load"
    return [
        Row("soak", case, "growth", max(grown, 0.0), "MiB", GROWN),
        Row("soak", case, "tasks left over", float(more), "tasks", 0.0),
        Row("soak", case, "pages", float(asked), "pages"),
    ]
