"""A small district whose records decide which students a viewer may see, and its reach cache."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import (
    ContactId,
    Demographics,
    Descriptor,
    DistrictId,
    GradeLevel,
    PersonName,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    StaffAssignment,
    StaffClassification,
    StaffId,
    StudentContact,
    StudentId,
)
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.authorization.reach_cache import ReachCache
from student_graph.gateway.cache import AnswerCache, Cache, CachedFetch, Dependencies
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import Staleness, Traffic
from tests.gateway.cache.small_cache import Clock
from tests.resolvers.third_party import RecordingFetch, VendorData, third_party_source, with_provenance
from tests.resolvers.two_districts import CEDAR, school, school_enrollment

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def seat(number: str, section: str, begin: date | None = None, end: date | None = None) -> SectionEnrollment:
    """A student's enrollment in a section."""
    return SectionEnrollment(
        vendor_id=f"{number}@{section}",
        student_id=StudentId(number),
        section_id=SectionId(section),
        begin_date=begin,
        end_date=end,
    )


def teaching(section: str, begin: date | None = None, end: date | None = None) -> SectionStaff:
    """The assignment of staff member 7 to a section."""
    return SectionStaff(
        vendor_id=section, staff_id=StaffId("7"), section_id=SectionId(section), begin_date=begin, end_date=end
    )


def job(school_id: str, end: date | None = None) -> StaffAssignment:
    """The employment of staff member 7 at a school since 2020."""
    return StaffAssignment(
        vendor_id=school_id,
        staff_id=StaffId("7"),
        education_organization_id=school_id,
        classification=StaffClassification.PRINCIPAL,
        classification_descriptor=Descriptor(code_value="Principal"),
        begin_date=date(2020, 8, 1),
        end_date=end,
    )


def contact(number: str, *, guardian: bool | None = True, restricted: bool = False) -> StudentContact:
    """The relation of contact C1 to a student."""
    return StudentContact(
        vendor_id=number,
        student_id=StudentId(number),
        contact_id=ContactId("C1"),
        name=PersonName(first_name="Ann", last_name="Hill"),
        legal_guardian=guardian,
        restricted=restricted,
        emails=[],
        phones=[],
    )


def demographics(number: str, birth_date: date | None) -> Demographics:
    """The birth date of a student."""
    return Demographics(vendor_id=number, student_id=StudentId(number), birth_date=birth_date, races=[])


def district_records() -> VendorData:
    """
    The records of two schools, 101 and 102.

    Staff member 7 teaches two sections, a third as a substitute until March 5, and taught a fourth until December.
    Contact C1 is related to students 1 to 6 in different ways.
    """
    rosters = {
        "own": [seat("1", "own"), seat("2", "own", end=date(2027, 2, 1)), seat("3", "own", date(2027, 3, 2))],
        "shared": [seat("4", "shared")],
        "substitute": [seat("5", "substitute")],
        "over": [seat("6", "over")],
    }
    sections = [
        teaching("own"),
        teaching("shared"),
        teaching("substitute", date(2027, 2, 20), date(2027, 3, 5)),
        teaching("over", end=date(2026, 12, 20)),
    ]
    return VendorData(
        {
            "section_staff_by_staff": {"7": sections},
            "section_enrollments_by_section": rosters,
            "staff_assignments_by_staff": {"7": [job("101"), job("102", date(2026, 6, 30))]},
            "schools_by_district": {CEDAR: [school("101"), school("102")]},
            "school_enrollments_by_school": {
                "101": [
                    school_enrollment("1"),
                    school_enrollment("2", grade=GradeLevel.TENTH),
                    school_enrollment("9", exit_withdraw_date=date(2027, 2, 1)),
                ],
                "102": [school_enrollment("8", "102")],
            },
            "contacts_by_contact": {
                "C1": [
                    contact("1"),
                    contact("2", restricted=True),
                    contact("3", guardian=False),
                    contact("4", guardian=None),
                    contact("5"),
                    contact("6"),
                ]
            },
            "demographics_by_student": {
                "1": demographics("1", date(2009, 3, 2)),
                "5": demographics("5", date(2009, 3, 1)),
                "6": demographics("6", None),
            },
        }
    )


@dataclass
class ReachHarness:
    """A reach cache over one district. A test can change its records, its clock and whether the source answers."""

    records: VendorData = field(default_factory=district_records)
    clock: Clock = field(default_factory=Clock)
    dependents: frozenset[DistrictId] = frozenset()
    outage: AdapterError | None = None
    """The error of every request to the source; None while it answers."""

    def __post_init__(self) -> None:
        self._source = RecordingFetch()
        districts = {CEDAR: District(CEDAR, "Cedar", (third_party_source("sis", self.records),), frozen_on=NOW)}
        self.cache = Cache(AnswerCache(self._fetch, districts, clock=self.clock), districts)
        self.reach_cache = ReachCache(districts, self._start_fetch, self.clock, self.dependents)

    async def reach(self, viewer: Viewer) -> Reach:
        """The reach of a viewer."""
        return (await self.reach_cache.get(viewer, CEDAR)).reach

    async def visible_students(self, viewer: Viewer) -> set[str]:
        """The students that a viewer may see."""
        return set((await self.reach(viewer)).students)

    @property
    def lookups(self) -> list[str]:
        """The lookups that the source has answered so far."""
        return self._source.names()

    async def _fetch(self, source: Source, ask: Ask[Any], /) -> Answers:
        now = datetime.now(UTC)
        if self.outage is not None:
            return {key: Answer(self.outage, "sis", now) for key in ask.keys}
        answers = await self._source(source, ask)
        return {key: Answer(with_provenance(answer.value, source), "sis", now) for key, answer in answers.items()}

    def _start_fetch(self, seconds: float) -> tuple[Fetch, Traffic, Dependencies]:
        traffic, dependencies = Traffic(), Dependencies()
        deadline = asyncio.get_running_loop().time() + seconds
        return CachedFetch(self.cache, traffic, Staleness(), dependencies, deadline), traffic, dependencies


def viewer(role: ViewerRole, **more: Any) -> Viewer:
    """A viewer of the district."""
    return Viewer("ada", role, frozenset({CEDAR}), **more)


TEACHER = viewer(ViewerRole.TEACHER, staff_id=StaffId("7"))
PARENT = viewer(ViewerRole.PARENT, contact_id=ContactId("C1"))
