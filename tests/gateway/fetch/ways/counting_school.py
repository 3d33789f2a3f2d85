"""A district whose reads cost known numbers of calls, for tests that count the calls of choices between them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Ask, Ref
from student_graph.adapters.contract import AccessPath, Adapter, AdapterSettings, Batch, CallCost
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    AttendanceEvent,
    DistrictId,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionId,
    StudentId,
)
from student_graph.adapters.sources import Source
from student_graph.gateway.telemetry import count_call
from tests.gateway.small_district import DISTRICT, YEAR, enrollment, event

EVENTS = lookup_of(Adapter.attendance_events_by_student)
ENROLLMENTS = lookup_of(Adapter.school_enrollments_by_student)
ARGUMENTS = {"school_year": YEAR}
SCHOOLS, SECTIONS_PER_SCHOOL, SECTION_SIZE = 4, 16, 20
SECTIONS_PER_STUDENT = 4
EVENTS_PER_PAGE = 25
EVENTS_PER_STUDENT = 3


class SchoolFacts:
    """Students of four schools of different sizes, their sections, and their events."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - not for cryptography
        self.schools_of: dict[str, list[str]] = {}
        self.sections_of: dict[str, list[str]] = {}
        self.students_of: dict[str, list[str]] = {}
        """Students by school and by section."""
        for school in map(str, range(SCHOOLS)):
            sections = [f"{school}-{number}" for number in range(SECTIONS_PER_SCHOOL)]
            for number in range(SECTIONS_PER_SCHOOL * SECTION_SIZE // SECTIONS_PER_STUDENT // (1 + int(school))):
                student = f"s{school}-{number}"
                self.schools_of[student] = [school]
                self.sections_of[student] = rng.sample(sections, SECTIONS_PER_STUDENT)
        for student in rng.sample(sorted(self.schools_of), 4):  # two schools
            self.schools_of[student] = sorted({*self.schools_of[student], rng.choice("0123")})
        for groups in (self.schools_of, self.sections_of):
            for student, names in groups.items():
                for name in names:
                    self.students_of.setdefault(name, []).append(student)
        self.events: dict[str, list[AttendanceEvent]] = {
            student: [
                event(student, rng.choice(schools), day)
                for day in sorted(rng.sample(range(1, 28), rng.randint(0, 2 * EVENTS_PER_STUDENT)))
            ]
            for student, schools in self.schools_of.items()
        }


class CountingSettings(AdapterSettings):
    """Settings of the counting adapter."""

    school_guess: float = 6
    section_guess: float = 1
    district_guess: float = 20


def _pages(rows: int) -> int:
    return max(1, math.ceil(rows / EVENTS_PER_PAGE))


class CountingSis(Adapter):
    """Answers from facts, and counts a call for each key, or for each page of a list."""

    settings: CountingSettings
    facts: SchoolFacts
    calls: int = 0
    by_school: ClassVar[Any] = AccessPath(
        coarse_lookup=Adapter.attendance_events_by_school,
        key_of=lambda e: e.student_id,
        cost=lambda s: CallCost(per_key=1, per_coarse_key=s.school_guess),
        coarse_keys_from=Adapter.school_enrollments_by_student,
        coarse_key_of=lambda e: e.school_id,
        sort_key=lambda e: e.date,
    )
    by_section: ClassVar[Any] = AccessPath(
        coarse_lookup=Adapter.section_attendance_events_by_section,
        key_of=lambda e: e.student_id,
        cost=lambda s: CallCost(per_key=1, per_coarse_key=s.section_guess),
        coarse_keys_from=Adapter.section_enrollments_by_student,
        coarse_key_of=lambda e: e.section_id,
        sort_key=lambda e: e.date,
    )
    enrollments: ClassVar[Any] = AccessPath(
        coarse_lookup=Adapter.school_enrollments_by_district,
        key_of=lambda e: e.student_id,
        cost=lambda _: CallCost(per_key=1, per_coarse_key=4),
    )
    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: (by_school, by_section),
        Adapter.school_enrollments_by_student: (enrollments,),
    }

    def _call(self, calls: int = 1) -> None:
        self.calls += calls
        for _ in range(calls):
            count_call()

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        self._call(len(ids))
        return {i: list(self.facts.events[i]) for i in ids}

    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        answers = {
            i: [e for s in self.facts.students_of[i] for e in self.facts.events[s] if e.school_id == i]
            for i in ids
        }
        self._call(sum(_pages(len(events)) for events in answers.values()))
        return answers

    async def section_attendance_events_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[AttendanceEvent]]:
        """The events of a student are at all sections in turn, each at one of them."""
        answers: dict[SectionId, list[AttendanceEvent]] = {i: [] for i in ids}
        for section in ids:
            for student in self.facts.students_of[section]:
                position = self.facts.sections_of[student].index(section)
                events = self.facts.events[student][position::SECTIONS_PER_STUDENT]
                answers[section] += [replace(event, section_id=section) for event in events]
        self._call(sum(_pages(len(events)) for events in answers.values()))
        return answers

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        self._call(sum(i in self.facts.schools_of for i in ids))
        return {
            i: [enrollment(i, school) for school in self.facts.schools_of[i]]
            if i in self.facts.schools_of
            else RefusedError("no id of a student")
            for i in ids
        }

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        rows = [enrollment(s, school) for s, schools in self.facts.schools_of.items() for school in schools]
        self._call(_pages(len(rows)))
        return dict.fromkeys(ids, rows)

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        self._call(len(ids))
        return {
            i: [
                SectionEnrollment(vendor_id=f"{i}@{name}", student_id=i, section_id=SectionId(name))
                for name in self.facts.sections_of[i]
            ]
            for i in ids
        }


def counting_source(facts: SchoolFacts, kind: type[CountingSis] = CountingSis, **settings: Any) -> Source:
    """A source with the facts."""
    address = AnyHttpUrl("http://127.0.0.1:9")
    adapter = kind("sis", CountingSettings(base_url=address, **settings), httpx.AsyncClient())
    adapter.facts = facts
    return Source("sis", "sis", DISTRICT, adapter)


def random_batch(facts: SchoolFacts, rng: random.Random) -> Ask[Any]:
    """A batch as pages have it: a class, a few students, a school, or the classes of a teacher."""
    sections = sorted(name for name in facts.students_of if "-" in name)
    kind = rng.choice(("class", "class", "few", "school", "teacher"))
    refs: list[Ref] = []
    match kind:
        case "few":
            keys = rng.sample(sorted(facts.schools_of), rng.randint(1, 8))
        case "school":
            school = rng.choice("0123")
            keys, refs = facts.students_of[school], [Ref("school", school)]
        case _:
            names = rng.sample(sections, 1 if kind == "class" else 5)
            keys = [student for name in names for student in facts.students_of[name]]
            refs = [Ref("section", name) for name in names]
    return Ask(EVENTS, tuple(dict.fromkeys(keys)), ARGUMENTS, reached_via=frozenset(refs))
