"""
`soak`: the memory of the gateway after many distinct keys, and its growth under steady load.

The steady load runs for ten minutes. Records become stale after a twentieth of a second, so that the gateway
caches, serves stale, fetches and replaces them all the time.
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

CACHE_MIB = 64
KEY_COUNT, BATCH_SIZE = 200_000, 500
STEADY_LOAD_SECONDS = 600.0
MAX_GROWTH_OVER_CACHE = 1.2
"""Goal: growth of the process after many keys, as a multiple of the cache's memory limit."""
MAX_STEADY_GROWTH_MIB = 1.0
"""Goal: growth of the process under steady load."""
STUDENTS = lookup_of(Adapter.students_by_id)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return await _grow_by_keys(20_000 if quick else KEY_COUNT) + await _grow_by_steady_load(
        2.0 if quick else STEADY_LOAD_SECONDS
    )


def _resident_mib() -> float:
    """The resident memory of the process in MiB, after a garbage collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / BYTES_PER_MIB


class _AnyStudentAdapter(Adapter):
    """An adapter that creates a record for any student."""

    async def students_by_id(self, ids: Any) -> Any:
        """A new record for each id."""
        return {student: _student(student) for student in ids}


def _student(student: StudentId) -> model.Student:
    name = model.PersonName(first_name=f"Ada {student}", last_name=f"Hill {student}")
    return model.Student(vendor_id=f"row-{student}", student_id=student, name=name)


async def _grow_by_keys(count: int) -> list[Row]:
    """Growth of the process after this number of distinct keys."""
    memory_source = make_source(Records({}))
    adapter = _AnyStudentAdapter("everybody", memory_source.adapter.settings, memory_source.adapter.http)
    everybody = Source("everybody", "memory", DISTRICT, adapter)
    pipeline = FetchPipeline(
        [make_district(everybody)], HmacSigner(b"k" * 32), Limits(memory=CACHE_MIB * BYTES_PER_MIB)
    )
    pipeline.start_operation(VIEWER)
    before = _resident_mib()
    for start in range(0, count, BATCH_SIZE):
        keys = tuple(StudentId(str(10_000_000 + start + n)) for n in range(BATCH_SIZE))
        deadline = asyncio.get_running_loop().time() + 10
        cached_fetch = CachedFetch(pipeline.cache, Traffic(), Staleness(), Dependencies(), deadline)
        await cached_fetch(everybody, Ask(STUDENTS, keys))
    growth = _resident_mib() - before
    store = pipeline.cache.store
    case = f"{count} distinct keys"
    return [
        Row("soak", case, "growth over the bound", growth / CACHE_MIB, "x", MAX_GROWTH_OVER_CACHE),
        Row("soak", case, "growth", growth, "MiB"),
        Row("soak", case, "counted", store.used_bytes / BYTES_PER_MIB, "MiB"),
        Row("soak", case, "answers kept", len(store), "answers"),
    ]


async def _grow_by_steady_load(seconds: float) -> list[Row]:
    """Growth of the process while the same page is requested; the first quarter of the time is warm-up."""
    records = make_records(30)
    freshness = dict.fromkeys(records.by_lookup, Freshness(timedelta(seconds=0.05), timedelta(hours=1)))
    app = create_app(
        make_district(replace(make_source(records), freshness_by_lookup=freshness)),
        limits=Limits(memory=8 * BYTES_PER_MIB),
    )
    started = time.monotonic()
    pages, before, tasks = 0, None, 0
    while (passed := time.monotonic() - started) < seconds:
        for _ in range(200):
            await post(app)
            pages += 1
        await asyncio.sleep(0)
        if before is None and passed >= seconds / 4:
            before, tasks = _resident_mib(), len(asyncio.all_tasks())
    growth = _resident_mib() - (before or _resident_mib())
    new_tasks = len(asyncio.all_tasks()) - tasks
    case = f"{seconds:g} s of steady load"
    return [
        Row("soak", case, "growth", max(growth, 0.0), "MiB", MAX_STEADY_GROWTH_MIB),
        Row("soak", case, "tasks left over", float(new_tasks), "tasks", 0.0),
        Row("soak", case, "pages", float(pages), "pages"),
    ]
