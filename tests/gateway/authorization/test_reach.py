"""Whom a viewer may see: by role, by date, and while the system of record does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Ask, Ref
from student_graph.adapters.errors import AdapterError, NotOfferedError, UnavailableError
from student_graph.adapters.model import (
    ContactId,
    Demographics,
    Descriptor,
    DistrictId,
    GradeLevel,
    PersonName,
    SchoolId,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    Sensitivity,
    StaffAssignment,
    StaffClassification,
    StaffId,
    StudentContact,
    StudentId,
)
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.authorization.reach_cache import ReachCache
from student_graph.gateway.cache import Cache, CachedFetch, Dependencies, Purge
from student_graph.resolvers.access import AssignedStudents, Grant
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import Staleness, Traffic
from tests.gateway.cache.small_cache import Clock
from tests.resolvers.third_party import Desk, Shelf, stamped, stranger
from tests.resolvers.two_districts import CEDAR, school, stay

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
NINTH, TENTH = GradeLevel.NINTH, GradeLevel.TENTH


def place(number: str, section: str, begin: date | None = None, end: date | None = None) -> SectionEnrollment:
    return SectionEnrollment(
        vendor_id=f"{number}@{section}",
        student_id=StudentId(number),
        section_id=SectionId(section),
        begin_date=begin,
        end_date=end,
    )


def taught(section: str, begin: date | None = None, end: date | None = None) -> SectionStaff:
    return SectionStaff(
        vendor_id=section, staff_id=StaffId("7"), section_id=SectionId(section), begin_date=begin, end_date=end
    )


def job(where: str, end: date | None = None) -> StaffAssignment:
    return StaffAssignment(
        vendor_id=where,
        staff_id=StaffId("7"),
        education_organization_id=where,
        classification=StaffClassification.PRINCIPAL,
        classification_descriptor=Descriptor(code_value="Principal"),
        begin_date=date(2020, 8, 1),
        end_date=end,
    )


def child(number: str, *, guardian: bool | None = True, restricted: bool = False) -> StudentContact:
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


def born(number: str, on: date | None) -> Demographics:
    return Demographics(vendor_id=number, student_id=StudentId(number), birth_date=on, races=[])


def shelf() -> Shelf:
    """A district of two schools."""
    rosters = {
        "own": [place("1", "own"), place("2", "own", end=date(2027, 2, 1)), place("3", "own", date(2027, 3, 2))],
        "shared": [place("4", "shared")],
        "substitute": [place("5", "substitute")],
        "over": [place("6", "over")],
    }
    in_front = [
        taught("own"),
        taught("shared"),
        taught("substitute", date(2027, 2, 20), date(2027, 3, 5)),
        taught("over", end=date(2026, 12, 20)),
    ]
    return Shelf(
        {
            "section_staff_by_staff": {"7": in_front},
            "section_enrollments_by_section": rosters,
            "staff_assignments_by_staff": {"7": [job("101"), job("102", date(2026, 6, 30))]},
            "schools_by_district": {CEDAR: [school("101"), school("102")]},
            "school_enrollments_by_school": {
                "101": [stay("1"), stay("2", grade=TENTH), stay("9", exit_withdraw_date=date(2027, 2, 1))],
                "102": [stay("8", "102")],
            },
            "contacts_by_contact": {
                "C1": [
                    child("1"),
                    child("2", restricted=True),
                    child("3", guardian=False),
                    child("4", guardian=None),
                    child("5"),
                    child("6"),
                ]
            },
            "demographics_by_student": {
                "1": born("1", date(2009, 3, 2)),
                "5": born("5", date(2009, 3, 1)),
                "6": born("6", None),
            },
        }
    )


@dataclass
class Office:
    """A district whose system of record can be told to fail, and a clock that tests turn."""

    shelf: Shelf = field(default_factory=shelf)
    clock: Clock = field(default_factory=Clock)
    dependents: frozenset[DistrictId] = frozenset()
    down: AdapterError | None = None

    def __post_init__(self) -> None:
        self.desk = Desk()
        self.sis = stranger("sis", self.shelf)
        self.districts = {CEDAR: District(CEDAR, "Cedar", (self.sis,), frozen_on=NOW)}
        self.cache = Cache(self.vendor, self.districts, clock=self.clock)
        self.scopes = ReachCache(self.districts, self.begin, self.clock, self.dependents)

    async def vendor(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """What the system of record says now."""
        now = datetime.now(UTC)
        if self.down is not None:
            return {key: Answer(self.down, "sis", now) for key in ask.keys}
        told = await self.desk(source, ask)
        return {key: Answer(stamped(answer.value, source), "sis", now) for key, answer in told.items()}

    def begin(self, seconds: float) -> tuple[Fetch, Traffic, Dependencies]:
        traffic, dependencies = Traffic(), Dependencies()
        deadline = asyncio.get_running_loop().time() + seconds
        return CachedFetch(self.cache, traffic, Staleness(), dependencies, deadline), traffic, dependencies

    async def seen(self, viewer: Viewer) -> set[str]:
        """Students whom a viewer may see."""
        return set((await self.scopes.find(viewer, CEDAR)).reach.students)


def viewer(role: ViewerRole, **more: Any) -> Viewer:
    return Viewer("ada", role, frozenset({CEDAR}), **more)


TEACHER = viewer(ViewerRole.TEACHER, staff_id=StaffId("7"))
PARENT = viewer(ViewerRole.PARENT, contact_id=ContactId("C1"))


async def test_a_teacher_sees_who_sits_today_where_the_teacher_stands_today() -> None:
    """Sections of one's own, shared ones and those of a substitute's days; not those that left or come later."""
    office = Office()
    assert await office.seen(TEACHER) == {"1", "4", "5"}
    reach = (await office.scopes.find(TEACHER, CEDAR)).reach
    assert reach.why(StudentId("5")) == [Ref("section", "substitute")]


@pytest.mark.parametrize("role", [ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR])
async def test_a_building_leader_sees_who_is_enrolled_today_where_employed_today(role: ViewerRole) -> None:
    """Neither those who left nor the school of a job that ended."""
    assert await Office().seen(viewer(role, staff_id=StaffId("7"))) == {"1", "2"}


@pytest.mark.row("K08")
async def test_a_parent_sees_children_by_rights_and_not_by_mere_contact() -> None:
    """No child of a restricted contact or whose guardian one is not; none who is eighteen today."""
    assert await Office().seen(PARENT) == {"1", "6"}


@pytest.mark.row("K08")
async def test_a_district_may_say_that_parents_of_dependents_keep_their_rights() -> None:
    """Then nobody's birthday is asked for."""
    office = Office(dependents=frozenset({CEDAR}))
    assert await office.seen(PARENT) == {"1", "5", "6"}
    assert "demographics_by_student" not in office.desk.names()


@pytest.mark.parametrize(("who", "seen"), [
    (viewer(ViewerRole.STUDENT, student_id=StudentId("1")), {"1"}),
    (viewer(ViewerRole.STUDENT), set()),
    (viewer(ViewerRole.TEACHER), set()),
    (viewer(ViewerRole.PRINCIPAL), set()),
    (viewer(ViewerRole.PARENT), set()),
    (viewer(ViewerRole.PARENT, student_id=StudentId("1")), set()),
    (viewer(ViewerRole.TEACHER, student_id=StudentId("1")), set()),
])  # fmt: skip
async def test_who_has_no_number_of_the_right_kind_sees_nobody(who: Viewer, seen: set[str]) -> None:
    """Deny by default; a student sees oneself, and nobody is asked for it."""
    office = Office()
    assert await office.seen(who) == seen
    assert office.desk.asks == []


async def test_a_district_may_give_a_grade_or_a_caseload_to_somebody() -> None:
    """Beside the own sections, between its days."""
    grade = AssignedStudents(CEDAR, schools=frozenset({SchoolId("101")}), grade_levels=frozenset({TENTH}))
    caseload = AssignedStudents(CEDAR, students=frozenset({StudentId("8")}), begin=TODAY, until=TODAY)
    over = replace(caseload, students=frozenset({StudentId("9")}), until=date(2027, 2, 28), begin=None)
    elsewhere = replace(caseload, district=DistrictId("birch"), students=frozenset({StudentId("6")}))
    given = replace(TEACHER, assigned=frozenset({grade, caseload, over, elsewhere}))
    office = Office()
    assert await office.seen(given) == {"1", "2", "4", "5", "8"}
    reach = (await office.scopes.find(given, CEDAR)).reach
    assert reach.why(StudentId("8")) == [Ref("caseload", "ada")]


async def test_a_grant_for_schools_is_for_those_who_are_enrolled_there() -> None:
    """Also for viewers who see everybody."""
    grant = Grant(frozenset({Sensitivity.MEAL}), schools=frozenset({SchoolId("102")}))
    scope = await Office().scopes.find(viewer(ViewerRole.SUPERINTENDENT, grants=frozenset({grant})), CEDAR)
    assert scope.reach.everybody
    assert scope.reach.bounded == {Sensitivity.MEAL: {"8"}}


@pytest.mark.row("K07")
async def test_who_leaves_a_section_is_gone_within_fifteen_minutes() -> None:
    """Until then nothing is asked; a purge makes it at once."""
    office = Office()
    assert await office.seen(TEACHER) == {"1", "4", "5"}
    office.shelf.answers["section_enrollments_by_section"]["own"] = []
    office.clock.now += 14 * 60
    assert await office.seen(TEACHER) == {"1", "4", "5"}
    office.clock.now += 60
    assert await office.seen(TEACHER) == {"4", "5"}
    office.shelf.answers["section_enrollments_by_section"]["shared"] = []
    await office.cache.purge(Purge(district=CEDAR))
    assert await office.seen(TEACHER) == {"5"}


@pytest.mark.row("K09")
async def test_without_the_system_of_record_an_hour_counts_and_then_nobody_is_seen() -> None:
    """A viewer who was not there before is answered by what others have had asked."""
    office = Office()
    await office.seen(TEACHER)
    office.down = UnavailableError("no answer in time")
    office.clock.now += 59 * 60
    assert await office.seen(TEACHER) == {"1", "4", "5"}
    assert await office.seen(replace(TEACHER, subject="substitute")) == {"1", "4", "5"}
    office.clock.now += 60
    for who in (TEACHER, replace(TEACHER, subject="substitute")):
        with pytest.raises(UnavailableError):
            await office.seen(who)
    office.down = None
    assert await office.seen(TEACHER) == {"1", "4", "5"}


async def test_a_district_that_does_not_tell_who_teaches_shows_nobody() -> None:
    """It is said which kind of record is missing."""
    office = Office(shelf=Shelf({"students_by_id": {}}))
    with pytest.raises(NotOfferedError, match="section_staff_by_staff"):
        await office.seen(TEACHER)


async def test_a_hundred_requests_find_out_once() -> None:
    """Whoever comes while it is being found out waits for it."""
    office = Office()
    await asyncio.gather(*(office.seen(TEACHER) for _ in range(100)))
    assert office.desk.names() == ["section_staff_by_staff", "section_enrollments_by_section"]
    office.clock.now += timedelta(minutes=5).total_seconds()
    await office.seen(TEACHER)
    assert len(office.desk.asks) == 2
