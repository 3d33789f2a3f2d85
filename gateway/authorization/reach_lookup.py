"""
The lookup of a viewer's reach in one district: which students the viewer may see today.

Reach follows from the sections that a teacher teaches, the schools that employ a principal or counselor, a
parent's rights and the caseloads of staff, each on the current day. Students that the settings assign to the
viewer are added.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from student_graph.adapters.answers import Ask, Ref
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District, Fetch
from student_graph.gateway.auth.issuers import STAFF_ROLES
from student_graph.resolvers.access import AssignedStudents, Reach, merge_groups
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.student_list.matching import is_enrolled

log = logging.getLogger("student_graph.gateway")

AGE_OF_RIGHTS_YEARS = 18
"""The age at which a parent's rights pass to the student (34 CFR 99.5)."""

DISTRICT_ROLES = frozenset({ViewerRole.SUPERINTENDENT, ViewerRole.SERVICE})
"""Roles whose reach is all students of their districts."""
SCHOOL_ROLES = frozenset({ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR})
"""Roles whose reach is the students of the schools that employ them."""

Groups: TypeAlias = list[tuple[Ref, frozenset[StudentId]]]
"""Groups of students: each with the section, school, caseload or person that connects them to the viewer."""


class MissingCaseloads:
    """Districts whose system of record does not let the gateway read caseloads."""

    def __init__(self, clock: Callable[[], float], retry_after: timedelta) -> None:
        """Try again after `retry_after`."""
        self._clock, self._retry_after = clock, retry_after.total_seconds()
        self._until: dict[DistrictId, float] = {}

    def __contains__(self, district: DistrictId) -> bool:
        """Whether the caseloads of a district could not be read lately, so that they are not requested now."""
        return self._clock() < self._until.get(district, 0.0)

    def add(self, district: DistrictId, error: AdapterError) -> None:
        """Record that the caseloads of a district cannot be read, and log it."""
        log.warning("district %s: caseloads cannot be read and grant no access (%s)", district, error.code)
        self._until[district] = self._clock() + self._retry_after


@dataclass(frozen=True, slots=True)
class ReachLookup:
    """One lookup of the reach of a viewer in a district."""

    viewer: Viewer
    district: District
    today: date
    fetch: Fetch
    max_age: timedelta
    missing_caseloads: MissingCaseloads

    async def reach(self, *, parents_keep_rights: bool) -> Reach:
        """
        The reach of the viewer, with the students of grants that are limited to some students.

        If `parents_keep_rights`, a parent reaches a student who is 18 or older too.

        Raises:
            AdapterError: the system of record failed, or it does not provide a kind of record that decides.
        """
        if self.viewer.counts_only:
            return Reach()
        if self.viewer.role in DISTRICT_ROLES:
            return Reach(
                everybody=True, staff_id=await self._staff_id(), limited_classes=await self._students_of_grants()
            )
        staff_id = await self._staff_id()
        bounded, *parts = await asyncio.gather(
            self._students_of_grants(),
            self._reach_by_role(staff_id, parents_keep_rights),
            self._reach_by_caseloads(staff_id),
            *map(self._reach_by_assignment, self.viewer.assigned),
        )
        groups = (group for part in parts for group in part)
        return Reach(groups=merge_groups(groups), staff_id=staff_id, limited_classes=bounded)

    async def _staff_id(self) -> StaffId | None:
        """
        The staff id in the viewer's token, or the id of the only staff member with the viewer's e-mail address.
        """
        if self.viewer.staff_id is not None or self.viewer.email is None:
            return self.viewer.staff_id
        staff = (await self._records(Adapter.staff_by_district, [self.district.id])).get(self.district.id, [])
        matches = {member.staff_id for member in staff if self.viewer.email in map(str.casefold, member.emails)}
        return matches.pop() if len(matches) == 1 else None

    def _reach_by_role(self, staff_id: StaffId | None, parents_keep_rights: bool) -> Coroutine[Any, Any, Groups]:
        role = self.viewer.role
        if role in SCHOOL_ROLES:
            return self._reach_by_employment(staff_id)
        if role is ViewerRole.TEACHER:
            return self._reach_by_sections(staff_id)
        if role is ViewerRole.PARENT:
            return self._reach_by_parental_rights(parents_keep_rights)
        return self._reach_by_own_id()

    async def _reach_by_own_id(self) -> Groups:
        """A student reaches only their own records; a viewer without a student id reaches nobody."""
        student_id = self.viewer.student_id if self.viewer.role is ViewerRole.STUDENT else None
        return [(Ref("self", student_id), frozenset({student_id}))] if student_id else []

    async def _reach_by_sections(self, staff_id: StaffId | None) -> Groups:
        """Students who are enrolled today in the sections that the viewer teaches today."""
        if staff_id is None:
            return []
        teaching = (await self._records(Adapter.section_staff_by_staff, [staff_id]))[staff_id]
        sections = sorted({t.section_id for t in teaching if is_active(t.begin_date, t.end_date, self.today)})
        enrollments_of = await self._records(Adapter.section_enrollments_by_section, sections)
        return [
            (
                Ref("section", section),
                frozenset(e.student_id for e in enrollments if is_active(e.begin_date, e.end_date, self.today)),
            )
            for section, enrollments in enrollments_of.items()
        ]

    async def _reach_by_caseloads(self, staff_id: StaffId | None) -> Groups:
        """
        Students on the viewer's caseloads today, such as those of a special education program.

        If the district has no caseloads, or the gateway may not read them, there are none.
        """
        offered = self.district.authority(lookup_of(Adapter.caseload_staff_by_staff)) is not None
        if staff_id is None or self.viewer.role not in STAFF_ROLES or not offered:
            return []
        if self.district.id in self.missing_caseloads:
            return []
        try:
            staffing = (await self._records(Adapter.caseload_staff_by_staff, [staff_id]))[staff_id]
            caseloads = {s.caseload_id for s in staffing if is_active(s.begin_date, s.end_date, self.today)}
            students_of = await self._records(Adapter.caseload_students_by_caseload, sorted(caseloads))
        except (NotOfferedError, RefusedError) as error:
            self.missing_caseloads.add(self.district.id, error)
            return []
        return [
            (
                Ref("caseload", caseload),
                frozenset(s.student_id for s in students if is_active(s.begin_date, s.end_date, self.today)),
            )
            for caseload, students in students_of.items()
        ]

    async def _reach_by_employment(self, staff_id: StaffId | None) -> Groups:
        """Students who are enrolled today at the schools that employ the viewer today."""
        if staff_id is None:
            return []
        jobs = (await self._records(Adapter.staff_assignments_by_staff, [staff_id]))[staff_id]
        employers = {
            job.education_organization_id for job in jobs if is_active(job.begin_date, job.end_date, self.today)
        }
        schools = (await self._records(Adapter.schools_by_district, [self.district.id]))[self.district.id]
        return await self._enrolled_at({school.school_id for school in schools if school.school_id in employers})

    async def _reach_by_parental_rights(self, parents_keep_rights: bool) -> Groups:
        """Students whose unrestricted legal guardian is the viewer: other contacts have no parental rights."""
        if self.viewer.contact_id is None:
            return []
        contacts = (await self._records(Adapter.contacts_by_contact, [self.viewer.contact_id]))[
            self.viewer.contact_id
        ]
        children = {c.student_id for c in contacts if c.legal_guardian and not c.restricted}
        if children and not parents_keep_rights:
            demographics_of = await self._records(Adapter.demographics_by_student, sorted(children))
            children -= {
                child
                for child, demographics in demographics_of.items()
                for record in demographics
                if _has_own_rights(record.birth_date, self.today)
            }
        return [(Ref("contact", self.viewer.contact_id), frozenset(children))]

    async def _reach_by_assignment(self, assigned: AssignedStudents) -> Groups:
        """Students that the settings of the district assign to the viewer."""
        if not assigned.applies(self.district.id, self.today):
            return []
        by_school = await self._enrolled_at(assigned.schools, assigned.grade_levels)
        return [(Ref("caseload", self.viewer.subject), assigned.students), *by_school]

    async def _enrolled_at(
        self, schools: Collection[SchoolId], grade_levels: frozenset[Any] | None = None
    ) -> Groups:
        """Students who are enrolled today at schools, in these grade levels or in any."""
        enrollments_of = await self._records(Adapter.school_enrollments_by_school, sorted(schools))
        return [
            (
                Ref("school", school),
                frozenset(
                    enrollment.student_id
                    for enrollment in enrollments
                    if is_enrolled(enrollment, self.today)
                    and (grade_levels is None or enrollment.grade_level in grade_levels)
                ),
            )
            for school, enrollments in enrollments_of.items()
        ]

    async def _students_of_grants(self) -> dict[Sensitivity, frozenset[StudentId]]:
        """The students of each class of data that is granted to the viewer for some students only."""
        students_of: dict[Sensitivity, frozenset[StudentId]] = {}
        for grant in self.viewer.grants:
            if not grant.is_limited or not grant.applies(self.district.id, self.today, self.viewer.purpose):
                continue
            students = grant.students
            if grant.schools is not None:
                groups = await self._enrolled_at(grant.schools)
                at_schools = frozenset[StudentId]().union(*(group for _, group in groups))
                students = at_schools if students is None else students & at_schools
            for sensitivity in grant.classes:
                students_of[sensitivity] = students_of.get(sensitivity, frozenset()) | (students or frozenset())
        return students_of

    async def _records(self, method: LookupMethod, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """
        The records for each key, from the system of record.

        Raises:
            AdapterError: the system of record failed for one of the keys, or it does not provide such records.
        """
        if not keys:
            return {}
        lookup = lookup_of(method)
        source = self.district.authority(lookup)
        if source is None:
            reason = f"no source of the district answers {lookup.name}, which decides what a viewer may see"
            raise NotOfferedError(reason)
        answers = await self.fetch(source, Ask(lookup, tuple(keys), max_age=self.max_age))
        if failed := next((a.value for a in answers.values() if isinstance(a.value, AdapterError)), None):
            try:
                raise failed
            finally:
                del failed, answers  # its traceback refers to this frame
        values: dict[Any, Any] = {key: answer.value for key, answer in answers.items()}
        return {
            key: value if isinstance(value, list) else [value]
            for key in keys
            if (value := values.get(key, [])) is not None
        }


def _has_own_rights(birth_date: date | None, today: date) -> bool:
    """Whether a student is 18 or older; False if the birth date is not recorded."""
    return (
        birth_date is not None
        and (today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day)))
        >= AGE_OF_RIGHTS_YEARS
    )
