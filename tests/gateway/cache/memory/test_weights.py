"""What the cache counts of records is near to what they take, so that its bound is one for memory."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from tests.long_runs import LONG_RUNS
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, sandbox_district

STUDENT_COUNT = 40
LOOKUPS: dict[str, tuple[LookupMethod, ...]] = {
    "edfi": (
        Adapter.students_by_id,
        Adapter.school_enrollments_by_student,
        Adapter.section_enrollments_by_student,
        Adapter.attendance_events_by_student,
        Adapter.course_grades_by_student,
        Adapter.assessment_results_by_student,
        Adapter.contacts_by_student,
    ),
    "canvas": (Adapter.assignment_work_by_student, Adapter.course_grades_by_student),
}
MIN_SHARE, MAX_SHARE = 0.2, 1.1
"""
What is freed when answers are removed, compared with what is counted.

Strings count in each record that shares them, and what may be kept beside an answer counts before it is there.
"""
REST_SECONDS = 0.3
"""Time for tasks and connections to release what they hold; more of it changes nothing."""


class TestWeights:
    """Records of two vendors for a page of each student, all of them counted by the allocator of Python."""

    __test__ = LONG_RUNS

    async def test_answers_take_no_more_than_is_counted_and_no_less_than_a_fifth_of_it(self) -> None:
        """Measured by what a purge frees."""
        facts = make_district(STUDENT_COUNT)
        ids = tuple(StudentId(student.id) for student in facts.students)
        async with sandbox_district(facts) as served_district:
            pipeline = FetchPipeline(
                [served_district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS
            )
            fetch, _ = pipeline.background_fetch(is_awaited=True)
            tracemalloc.start()
            try:
                for kind, methods in LOOKUPS.items():
                    for lookup in map(lookup_of, methods):
                        year = {"school_year": facts.year} if "school_year" in lookup.argument_names else {}
                        await fetch(served_district.source(kind), Ask(lookup, ids, year))
                del fetch
                held, counted = await _traced_bytes(), pipeline.cache.store.used_bytes
                await pipeline.cache.purge(Purge(district=DISTRICT_ID))
                freed = held - await _traced_bytes()
            finally:
                tracemalloc.stop()
                await pipeline.close()
        assert counted > 1_000_000
        assert MIN_SHARE < freed / counted < MAX_SHARE, (freed, counted)


async def _traced_bytes() -> int:
    """Bytes that Python holds when what has ended is released."""
    await asyncio.sleep(REST_SECONDS)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
