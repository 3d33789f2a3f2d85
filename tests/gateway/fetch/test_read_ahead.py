"""Sources with ids of their own and the system of record are asked at the same time, with no further calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import AccessPath, Adapter, Batch, CallCost
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, SectionEnrollment, SectionId, Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.small_district import (
    DISTRICT,
    Ledger,
    Lms,
    Sis,
    identity,
    section,
    source,
    submitted,
)

ROSTERS = lookup_of(Adapter.section_enrollments_by_section)
SECTION_WORK = lookup_of(Adapter.assignment_work_by_section)
STUDENT_WORK = lookup_of(Adapter.assignment_work_by_student)
VIEWER = Viewer("all", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), unlimited_grants(*Sensitivity))
SECTION = SectionId("1/Fall/ALG-1")
STUDENTS = ("s1", "s2", "s3", "s4")
BY_STATE_NUMBER = IdentityRules(
    students=(IdentityRule(field="sis_user_id", system="State"),),
    sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
)


class RosterSis(Sis):
    """An SIS with rosters, whose identities can be read in a list of the district."""

    paths: ClassVar[Any] = {
        Adapter.student_identities_by_id: (
            AccessPath(
                coarse_lookup=Adapter.student_identities_by_district,
                key_of=lambda i: i.student_id,
                cost=lambda s: CallCost(per_key=1, per_coarse_key=s.coarse_calls),
            ),
        ),
    }
    meeting: asyncio.Barrier | None = None

    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        self.ledger.record_call("section_enrollments_by_section", ids)
        return {i: [_enrollment(student, i) for student in self.ledger.students] for i in ids}

    async def student_identities_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, Any]:
        """The identities, once the LMS is being asked, too."""
        identities = await super().student_identities_by_district(ids)
        if self.meeting is not None:
            await self.meeting.wait()
        return identities


class MeetingLms(Lms):
    """An LMS that answers once the identities are being read, too."""

    meeting: asyncio.Barrier | None = None

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Any]:
        work = await super().assignment_work_by_section(ids)
        if self.meeting is not None:
            await self.meeting.wait()
        return work

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Any]:
        work = await super().assignment_work_by_student(ids)
        if self.meeting is not None:
            await self.meeting.wait()
        return work


def _enrollment(student: str, section_id: SectionId) -> SectionEnrollment:
    return SectionEnrollment(
        vendor_id=f"{student}@{section_id}",
        student_id=StudentId(student),
        section_id=section_id,
    )


@dataclass
class School:
    """A pipeline over an SIS and an LMS, in which one student of the roster has no account."""

    list_calls: int = 1
    """Vendor calls for the identities of the district."""
    rules: IdentityRules | None = None
    ledger: Ledger = field(default_factory=lambda: Ledger(
        students=list(STUDENTS),
        identities=[identity(student, State=student) for student in STUDENTS],
        sections=[section("ALG-1")],
        work=[submitted(student) for student in STUDENTS[:-1]],
    ))  # fmt: skip

    def __post_init__(self) -> None:
        self.sis = source(RosterSis, self.ledger, "sis", coarse_calls=self.list_calls)
        self.lms = source(MeetingLms, self.ledger, "lms")
        self.lms = replace(self.lms, identity=self.rules or self.lms.identity)
        self.pipeline = FetchPipeline([District(DISTRICT, "Hill", (self.sis, self.lms))], HmacSigner(b"0" * 32))
        self.fetch = self.pipeline.start_operation(VIEWER).sources.fetch

    def meet(self) -> None:
        """Let the LMS and the list of identities answer only while both are being asked."""
        adapters: list[Any] = [self.sis.adapter, self.lms.adapter]
        meeting = asyncio.Barrier(len(adapters))
        for adapter in adapters:
            adapter.meeting = meeting

    async def rosters(self) -> None:
        """Read the roster of the section, as the page does before it asks for the work."""
        await self.fetch(self.sis, Ask(ROSTERS, (SECTION,)))

    async def section_work(self) -> Answers:
        """The work of the section."""
        return await self.fetch(self.lms, Ask(SECTION_WORK, (SECTION,)))

    def identity_calls(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The calls for identities."""
        return [(name, keys) for name, keys in self.ledger.calls if "identities" in name]


@pytest.mark.parametrize("rules", [None, BY_STATE_NUMBER])
async def test_identities_are_read_while_the_source_reads_its_sections(rules: IdentityRules | None) -> None:
    """Neither of the two answers before both were requested, and each is requested once."""
    school = School(rules=rules)
    school.meet()
    await school.rosters()
    answers = await school.section_work()
    assert [work.student_id for work in answers[SECTION].value] == ["s1", "s2", "s3"]
    assert [name for name, _ in school.ledger.calls] == [
        "section_enrollments_by_section",
        "sections_by_id",
        "student_identities_by_district",
        "sections_by_school",
        "assignment_work_by_section",
    ]


async def test_students_are_requested_from_the_source_while_their_identities_are_read() -> None:
    """With the keys that the translation would make of the identities, so that no key is requested twice."""
    school = School()
    school.meet()
    answers = await school.fetch(school.lms, Ask(STUDENT_WORK, STUDENTS[:-1]))
    assert {key: len(answer.value) for key, answer in answers.items()} == {"s1": 1, "s2": 1, "s3": 1}
    keys = tuple(f"sis_user_id:{student}" for student in STUDENTS[:-1])
    assert school.ledger.calls.count(("assignment_work_by_student", keys)) == 1
    assert [name for name, _ in school.identity_calls()] == ["student_identities_by_district"]


async def test_only_the_named_identities_are_read_where_a_list_would_cost_more() -> None:
    """The student without an account, who is on the roster only, costs no call."""
    school = School(list_calls=40)
    await school.rosters()
    await school.section_work()
    assert school.identity_calls() == [("student_identities_by_id", ("s1", "s2", "s3"))]


async def test_rosters_are_not_read_for_their_identities() -> None:
    """Without a roster that was read before, the source says whose identities are needed."""
    school = School()
    await school.section_work()
    names = [name for name, _ in school.ledger.calls]
    assert names[-2:] == ["assignment_work_by_section", "student_identities_by_district"]
    assert "section_enrollments_by_section" not in names


async def test_cached_answers_are_not_read_ahead() -> None:
    """A second operation needs no call and counts each key that it takes from the cache once."""
    school = School()
    for _ in range(2):
        school.ledger.calls.clear()
        context = school.pipeline.start_operation(VIEWER)
        school.fetch = context.sources.fetch
        await school.rosters()
        await school.section_work()
    assert school.ledger.calls == []
    traffic = context.operation.traffic.by_source
    assert {name: (counts.asks, counts.hits) for name, counts in traffic.items()} == {
        "hill/sis": (4, 4),
        "hill/lms": (1, 1),
    }
