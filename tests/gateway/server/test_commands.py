"""What commands read from sources: somebody waits for it, so it goes before work in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, Batch
from student_graph.adapters.lookup import Page, StudentFilter, Window, lookup_of
from student_graph.adapters.model import DistrictId, Student, StudentId
from student_graph.adapters.reading import is_background_read
from student_graph.adapters.sources import District
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.commands.people import names_of_people
from student_graph.gateway.server.commands.sample_reads import read_samples
from student_graph.gateway.signing import HmacSigner
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source


class NotingSis(Sis):
    """Notes for each read of students whether it is work in the background."""

    reads: ClassVar[list[bool]] = []

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        self.reads.append(is_background_read())
        return await super().students_by_id(ids)

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        self.reads.append(is_background_read())
        return await super().students_by_district(ids, window=window, filter=filter)


def noting_district() -> District:
    """A district with one student, whose reads have not been noted yet."""
    NotingSis.reads.clear()
    return District(DISTRICT, "Hill", (source(NotingSis, Ledger(students=["s1"]), "sis"),))


async def test_the_check_is_no_work_in_the_background() -> None:
    """Canvas, for example, would be asked seconds later: questions in the background wait for more courses."""
    district = noting_district()
    await read_samples(district, district.sources)
    assert NotingSis.reads
    assert not any(NotingSis.reads)


async def test_names_for_the_record_are_no_work_in_the_background() -> None:
    """The same for who reads the record of disclosures."""
    assert await names_of_people(noting_district(), (), "s1") == {("student", "s1"): "Ada Hill"}
    assert NotingSis.reads == [False]


async def test_other_reads_without_a_viewer_are_work_in_the_background() -> None:
    """Warm-ups and calendars go after what people wait for."""
    district = noting_district()
    pipeline = FetchPipeline([district], HmacSigner(b"k" * 32))
    fetch, _ = pipeline.background_fetch()
    await fetch(district.sources[0], Ask(lookup_of(Adapter.students_by_id), (StudentId("s1"),)))
    await pipeline.close()
    assert NotingSis.reads == [True]
