"""A purge includes the answers that may be outdated, and no others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

from student_graph.adapters.answers import Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.reading import SharedReads
from student_graph.gateway.cache import Purge
from student_graph.gateway.cache.purges import PurgeLog
from tests.gateway.cache.slow_vendor import settle
from tests.gateway.cache.small_cache import EVENTS, PAGES, STUDENTS, CacheHarness
from tests.gateway.small_district import DISTRICT, Ledger, Lms, Sis, source, student
from tests.subcases import subcases

PURGES = [
    (Purge(district=DISTRICT), {"students", "events", "pages", "work"}),
    (Purge(district=DISTRICT, source="sis"), {"students", "events", "pages"}),
    (Purge(district=DISTRICT, records=frozenset({"AttendanceEvent"})), {"events"}),
    (Purge(district=DISTRICT, students=frozenset({"s1"})), {"students", "events", "pages", "work"}),
    (Purge(district=DISTRICT, students=frozenset({"s2"})), {"pages", "work"}),
    (Purge(district=DISTRICT, source="lms", students=frozenset({"s1"}), own=True), {"work"}),
    (Purge(district=DISTRICT, source="lms", students=frozenset({"s2"}), own=True), set()),
    (Purge(district=DistrictId("dale"), students=frozenset({"s1"})), set()),
]


@subcases(("purge", "included"), PURGES)
def test_a_purge_includes_what_may_be_outdated_and_nothing_else(purge: Purge, included: set[str]) -> None:
    """By student id: the student's answers, all answers about many students, all of a source with its own ids."""
    sis, lms = source(Sis, Ledger(), "sis"), source(Lms, Ledger(), "lms")
    work = next(lookup for lookup in Lms.capabilities() if lookup.name == "assignment_work_by_student")
    answers = {
        "students": (sis, STUDENTS, "s1"),
        "events": (sis, EVENTS, "s1"),
        "pages": (sis, PAGES, DISTRICT),
        "work": (lms, work, "sis_user_id:s1"),
    }
    assert {
        name
        for name, (source_, lookup, key) in answers.items()
        if purge.concerns(source_, lookup) and purge.includes(source_, lookup, key)
    } == included
    log = PurgeLog()
    log.add(purge, 5.0)
    assert {name for name, answer in answers.items() if log.last_purge(*answer)} == included


def test_the_oldest_purges_of_a_full_log_count_for_all_answers() -> None:
    """A log forgets which answers its oldest purges included, but not their time."""
    log, sis = PurgeLog(), source(Sis, Ledger(), "sis")
    log.MAX_PURGES = 2
    for number in range(3):
        log.add(Purge(district=DISTRICT, records=frozenset({f"Record{number}"})), 10.0 + number)
    assert log.last_purge(sis, STUDENTS, "s1") == 10.0


class SharingSis(Sis):
    """An SIS whose lookups share one read of the number of reads, which ends when the test lets it."""

    shared: ClassVar[SharedReads]
    may_end: ClassVar[asyncio.Event]
    count: ClassVar[int]

    async def students_by_id(self, ids: Any) -> Any:
        """Students with the number of the read."""
        number = await self.shared.read("all students", self._read)
        return {key: replace(student(key), vendor_id=f"read {number}") for key in ids}

    async def _read(self) -> int:
        type(self).count += 1
        number = self.count
        await self.may_end.wait()
        return number


async def test_a_request_after_a_purge_joins_no_read_of_an_adapter_from_before_it() -> None:
    """Requests of several keys share the rows that an adapter reads for all of them, except across a purge."""
    SharingSis.shared, SharingSis.may_end, SharingSis.count = SharedReads(), asyncio.Event(), 0
    harness = CacheHarness(adapter_type=SharingSis)
    asks = [asyncio.create_task(harness.ask(Ask(STUDENTS, (key,)))) for key in ("s1", "s2")]
    await settle()
    await harness.cache.purge(Purge(district=DISTRICT))
    asks.append(asyncio.create_task(harness.ask(Ask(STUDENTS, ("s3",)))))
    await settle()
    SharingSis.may_end.set()
    answers = [next(iter(answer.values())).value.vendor_id for answer in await asyncio.gather(*asks)]
    await harness.settle()
    assert answers[0] == answers[1] != answers[2]
