"""Lookups of caseloads: cohorts and programs whose students' records are open to a member of staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product

from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.api.payload import Filters, Resource
from student_graph.adapters.edfi.client.keys import CohortParts, caseload_parts
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_staff
from student_graph.adapters.edfi.mapping import services as mapping
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import CaseloadId, CaseloadStaff, CaseloadStudent, StaffId

_STAFF = api.STAFF_COHORTS.name, api.STAFF_PROGRAMS.name
_PROGRAMS = {
    each.name: Resource.of(each.name, api.ProgramMember)
    for each in (
        api.PROGRAMS,
        api.LANGUAGE_INSTRUCTION,
        api.TITLE_I,
        api.MIGRANT,
        api.SPECIAL_EDUCATION,
        api.HOMELESS,
        api.FOOD_SERVICE,
    )
}
"""Where students of programs are listed: a district may keep those of any kind in the general one."""


class Caseloads(EdFiAccess):
    """Who answers for whom beside classes."""

    async def caseload_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[CaseloadStaff]]:
        """Ed-Fi `staffCohortAssociations` and `staffProgramAssociations`, those that say `studentRecordAccess`."""

        async def read(asked: tuple[StaffId, str]) -> list[CaseloadStaff]:
            key, resource = asked
            if resource == api.STAFF_COHORTS.name:
                cohorts = await self.rows(api.STAFF_COHORTS, by_staff(key))
                return [mapping.caseload_staff(row) for row in cohorts if row.studentRecordAccess]
            programs = await self.rows(api.STAFF_PROGRAMS, by_staff(key))
            return [mapping.caseload_staff(row) for row in programs if row.studentRecordAccess]

        told = await self.gather_by_key(list(product(ids, _STAFF)), read)
        return {key: self.together([told[key, name] for name in _STAFF], _by_begin) for key in ids}

    async def caseload_students_by_caseload(
        self, ids: Sequence[CaseloadId]
    ) -> Batch[CaseloadId, list[CaseloadStudent]]:
        """Ed-Fi `studentCohortAssociations`, or the associations between students and programs of every kind."""

        async def read(asked: tuple[CaseloadId, str]) -> list[CaseloadStudent]:
            key, resource = asked
            if resource == api.STUDENT_COHORTS.name:
                members = await self.rows(api.STUDENT_COHORTS, _filters(key))
                return [mapping.caseload_student(key, row) for row in members]
            rows = await self.rows(_PROGRAMS[resource], _filters(key))
            return [mapping.caseload_student(key, row) for row in rows]

        places = {key: _resources(key) for key in ids}
        told = await self.gather_by_key([(key, name) for key, names in places.items() for name in names], read)
        return {
            key: self.together([told[key, name] for name in names], _by_student) for key, names in places.items()
        }


def _resources(key: CaseloadId) -> Sequence[str]:
    """Where the students of a caseload are listed; a key that is none of a caseload is refused as it is read."""
    return [*_PROGRAMS] if key.startswith("program/") else [api.STUDENT_COHORTS.name]


def _filters(key: CaseloadId) -> Filters:
    """
    What names a caseload to the API.

    Raises:
        BadKeyError: the key is none of a caseload.
    """
    parts = caseload_parts(key)
    if isinstance(parts, CohortParts):
        return {"educationOrganizationId": parts.organization_id, "cohortIdentifier": parts.cohort_identifier}
    return {
        "programEducationOrganizationId": parts.organization_id,
        "programName": parts.program_name,
        "programTypeDescriptor": parts.program_type_descriptor,
    }


def _by_begin(each: CaseloadStaff) -> tuple[date, str, str]:
    return each.begin_date, each.caseload_id, each.vendor_id


def _by_student(each: CaseloadStudent) -> tuple[str, date, str]:
    return each.student_id, each.begin_date, each.vendor_id
