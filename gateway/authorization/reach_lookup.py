"""
One question of whom a viewer may see in a district, put to its system of record.

By sections, employment, rights and caseloads, each on the day; what the settings give beside is added.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from student_graph.adapters.answers import Ask, Ref
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District, Fetch
from student_graph.gateway.auth.issuers import STAFF_ROLES
from student_graph.resolvers.access import Assigned, Reach, united
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.dates import active
from student_graph.resolvers.student_list.matching import enrolled

log = logging.getLogger("student_graph.gateway")

OF_AGE = 18
"""Years at which a parent's rights pass to the student (34 CFR 99.5)."""

EVERYBODY = frozenset({ViewerRole.SUPERINTENDENT, ViewerRole.SERVICE})
"""Roles that reach all students of their districts."""
BUILDING = frozenset({ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR})
"""Roles that reach the students of the schools at which they are employed."""


class MissingCaseloads:
    """Districts whose system of record does not tell the gateway caseloads."""

    def __init__(self, clock: Callable[[], float], rest: timedelta) -> None:
        """One that did not tell is asked again after a while."""
        self._clock, self._rest = clock, rest.total_seconds()
        self._until: dict[DistrictId, float] = {}

    def now(self, district: DistrictId) -> bool:
        """Whether it need not be asked at the moment."""
        return self._clock() < self._until.get(district, 0.0)

    def note(self, district: DistrictId, error: AdapterError) -> None:
        """Note that it did not tell them."""
        log.warning("district %s: caseloads are not told, and nobody has one (%s)", district, error.code)
        self._until[district] = self._clock() + self._rest


@dataclass(frozen=True, slots=True)
class ReachLookup:
    """One question of whom a viewer may see in a district."""

    viewer: Viewer
    district: District
    today: date
    fetch: Fetch
    age: timedelta
    untold: MissingCaseloads

    async def reach(self, *, keep_rights: bool) -> Reach:
        """The viewer's students, and for whom bounded grants open their classes."""
        if self.viewer.role in EVERYBODY:
            return Reach(everybody=True, staff_id=await self._number(), bounded=await self._bounded())
        number = await self._number()
        bounded, *parts = await asyncio.gather(
            self._bounded(),
            self._by_role(number, keep_rights),
            self._served(number),
            *map(self._assigned, self.viewer.assigned),
        )
        return Reach(through=united(part for those in parts for part in those), staff_id=number, bounded=bounded)

    async def _number(self) -> StaffId | None:
        """The viewer's number as a member of staff: as the token says, or by an address that is just one's."""
        if self.viewer.staff_id is not None or self.viewer.email is None:
            return self.viewer.staff_id
        everybody = (await self._rows(Adapter.staff_by_district, [self.district.id])).get(self.district.id, [])
        known = {one.staff_id for one in everybody if self.viewer.email in map(str.casefold, one.emails)}
        return known.pop() if len(known) == 1 else None

    def _by_role(
        self, number: StaffId | None, keep_rights: bool
    ) -> Coroutine[Any, Any, list[tuple[Ref, frozenset[StudentId]]]]:
        role = self.viewer.role
        if role in BUILDING:
            return self._employed(number)
        if role is ViewerRole.TEACHER:
            return self._taught(number)
        if role is ViewerRole.PARENT:
            return self._children(keep_rights)
        return self._self()

    async def _self(self) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Oneself, and nobody without a number."""
        own = self.viewer.student_id if self.viewer.role is ViewerRole.STUDENT else None
        return [(Ref("self", own), frozenset({own}))] if own else []

    async def _taught(self, number: StaffId | None) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Students with a place today in the sections in front of which the viewer stands today."""
        if number is None:
            return []
        places = (await self._rows(Adapter.section_staff_by_staff, [number]))[number]
        sections = sorted({p.section_id for p in places if active(p.begin_date, p.end_date, self.today)})
        rosters = await self._rows(Adapter.section_enrollments_by_section, sections)
        return [
            (
                Ref("section", section),
                frozenset(p.student_id for p in roster if active(p.begin_date, p.end_date, self.today)),
            )
            for section, roster in rosters.items()
        ]

    async def _served(self, number: StaffId | None) -> list[tuple[Ref, frozenset[StudentId]]]:
        """
        Students on caseloads of the viewer today, such as a program of special education.

        A district keeps caseloads or does not, and opens them to the gateway or does not: then there are none.
        """
        offered = self.district.authority(lookup_of(Adapter.caseload_staff_by_staff)) is not None
        if number is None or self.viewer.role not in STAFF_ROLES or not offered or self.untold.now(self.district.id):
            return []
        try:
            charges = (await self._rows(Adapter.caseload_staff_by_staff, [number]))[number]
            mine = {each.caseload_id for each in charges if active(each.begin_date, each.end_date, self.today)}
            places = await self._rows(Adapter.caseload_students_by_caseload, sorted(mine))
        except (NotOfferedError, RefusedError) as error:
            self.untold.note(self.district.id, error)
            return []
        return [
            (
                Ref("caseload", caseload),
                frozenset(p.student_id for p in those if active(p.begin_date, p.end_date, self.today)),
            )
            for caseload, those in places.items()
        ]

    async def _employed(self, number: StaffId | None) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Students enrolled today at the schools at which the viewer is employed today."""
        if number is None:
            return []
        jobs = (await self._rows(Adapter.staff_assignments_by_staff, [number]))[number]
        at = {job.education_organization_id for job in jobs if active(job.begin_date, job.end_date, self.today)}
        schools = (await self._rows(Adapter.schools_by_district, [self.district.id]))[self.district.id]
        return await self._at({school.school_id for school in schools if school.school_id in at})

    async def _children(self, keep_rights: bool) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Children in whose education the viewer has a parent's rights: not every contact has."""
        if self.viewer.contact_id is None:
            return []
        links = (await self._rows(Adapter.contacts_by_contact, [self.viewer.contact_id]))[self.viewer.contact_id]
        mine = {link.student_id for link in links if link.legal_guardian and not link.restricted}
        if mine and not keep_rights:
            born = await self._rows(Adapter.demographics_by_student, sorted(mine))
            mine -= {child for child, told in born.items() for one in told if _of_age(one.birth_date, self.today)}
        return [(Ref("contact", self.viewer.contact_id), frozenset(mine))]

    async def _assigned(self, given: Assigned) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Students whom the district gave to the viewer."""
        if not given.holds(self.district.id, self.today):
            return []
        by_school = await self._at(given.schools, given.grade_levels)
        return [(Ref("caseload", self.viewer.subject), given.students), *by_school]

    async def _at(
        self, schools: frozenset[SchoolId] | set[SchoolId], grade_levels: frozenset[Any] | None = None
    ) -> list[tuple[Ref, frozenset[StudentId]]]:
        """Students enrolled today at schools, in grade levels where they are named."""
        rolls = await self._rows(Adapter.school_enrollments_by_school, sorted(schools))
        return [
            (
                Ref("school", school),
                frozenset(
                    stay.student_id
                    for stay in stays
                    if enrolled(stay, self.today) and (grade_levels is None or stay.grade_level in grade_levels)
                ),
            )
            for school, stays in rolls.items()
        ]

    async def _bounded(self) -> dict[Sensitivity, frozenset[StudentId]]:
        """For whom the classes are open that are granted for some students only."""
        found: dict[Sensitivity, frozenset[StudentId]] = {}
        for grant in self.viewer.grants:
            if not grant.bounded or not grant.holds(self.district.id, self.today, self.viewer.purpose):
                continue
            students = grant.students
            if grant.schools is not None:
                enrolled_there = frozenset().union(*(those for _, those in await self._at(grant.schools)))
                students = enrolled_there if students is None else students & enrolled_there
            for each in grant.classes:
                found[each] = found.get(each, frozenset()) | (students or frozenset())
        return found

    async def _rows(self, method: LookupMethod, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """
        The records of each key, by the system of record.

        Raises:
            AdapterError: it failed for one of them, or does not tell such records.
        """
        if not keys:
            return {}
        lookup = lookup_of(method)
        source = self.district.authority(lookup)
        if source is None:
            raise NotOfferedError(f"no source of the district answers {lookup.name}, which says whom one may see")
        told = await self.fetch(source, Ask(lookup, tuple(keys), max_age=self.age))
        if failed := next((a.value for a in told.values() if isinstance(a.value, AdapterError)), None):
            raise failed
        values: dict[Any, Any] = {key: answer.value for key, answer in told.items()}
        return {
            key: value if isinstance(value, list) else [value]
            for key in keys
            if (value := values.get(key, [])) is not None
        }


def _of_age(birth: date | None, today: date) -> bool:
    """Whether somebody born on a day is eighteen; nobody is of whom it is not recorded."""
    return (
        birth is not None
        and (today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))) >= OF_AGE
    )
