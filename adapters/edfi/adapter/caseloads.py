"""Lookups of caseloads: cohorts and programs in which a member of staff may see the students' records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import date
from itertools import product

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups, merge_lists
from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.api.payload import Filters, Resource
from student_graph.adapters.edfi.client.keys import CohortKey, ProviderKey, parse_caseload_id, unique_id
from student_graph.adapters.edfi.client.requests import by_staff
from student_graph.adapters.edfi.mapping import services as mapping
from student_graph.adapters.errors import (
    AdapterError,
    BadKeyError,
    NotOfferedError,
    RefusedError,
)
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import CaseloadId, CaseloadStaff, CaseloadStudent, DistrictId, StaffId
from student_graph.adapters.paging import ListTooLongError
from student_graph.adapters.reading import rows_needed_by

log = logging.getLogger(__name__)

_PROVIDERS = "providers"
"""
Marks reads of the resource that names the providers of single students, because it is also a resource of programs.
"""
_STAFF_RESOURCES = api.STAFF_COHORTS.name, api.STAFF_PROGRAMS.name, _PROVIDERS
_PROGRAM_RESOURCES = {
    resource.name: Resource.of(resource.name, api.CaseloadProgramAssociation)
    for resource in (
        api.PROGRAMS,
        api.LANGUAGE_INSTRUCTION,
        api.TITLE_I,
        api.MIGRANT,
        api.SPECIAL_EDUCATION,
        api.SECTION_504,
        api.HOMELESS,
        api.FOOD_SERVICE,
    )
}
"""Resources with students of programs. A district may list students of any program in the general resource."""


class CaseloadLookups(EdFiLookups):
    """Lookups of the caseloads of staff and of their students."""

    async def caseload_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[CaseloadStaff]]:
        """
        Ed-Fi `staffCohortAssociations` and `staffProgramAssociations` with a true `studentRecordAccess`.

        The providers of services of single students are in all `studentSpecialEducationProgramAssociations`: Ed-Fi
        cannot find them by staff. This part is optional: if Ed-Fi refuses it, the other caseloads remain.
        """
        if not ids:
            return {}

        async def read(key: tuple[StaffId, str]) -> list[CaseloadStaff]:
            staff_id, resource = key
            if resource == api.STAFF_COHORTS.name:
                cohorts = await self.client.read_rows(api.STAFF_COHORTS, by_staff(staff_id))
                return [mapping.caseload_staff(row) for row in cohorts if row.studentRecordAccess]
            if resource == _PROVIDERS:
                served = await providers
                if isinstance(served, AdapterError):
                    raise served
                return [record for row in served for record in mapping.provider_caseload(row, staff_id)]
            programs = await self.client.read_rows(api.STAFF_PROGRAMS, by_staff(staff_id))
            return [mapping.caseload_staff(row) for row in programs if row.studentRecordAccess]

        keys = list(product(ids, _STAFF_RESOURCES))
        rows_needed_by({key: key[:1] for key in keys})
        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            providers = reads.create_task(self._served_students())
            lists = await self.client.read_by_key(keys, read)
        return {
            staff_id: merge_lists([lists[staff_id, resource] for resource in _STAFF_RESOURCES], caseload_order)
            for staff_id in ids
        }

    async def caseload_staff_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[CaseloadStaff]]:
        """All pages of the same resources; the part about single students is optional here, too."""
        if not ids:
            return {}

        async def read(resource: str) -> list[CaseloadStaff]:
            if resource == api.STAFF_COHORTS.name:
                cohorts = await self.client.read_rows(api.STAFF_COHORTS, {})
                return [mapping.caseload_staff(row) for row in cohorts if row.studentRecordAccess]
            if resource == api.STAFF_PROGRAMS.name:
                programs = await self.client.read_rows(api.STAFF_PROGRAMS, {})
                return [mapping.caseload_staff(row) for row in programs if row.studentRecordAccess]
            served = await providers
            if isinstance(served, AdapterError):
                raise served
            return [record for row in served for record in mapping.provider_caseloads(row)]

        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            providers = reads.create_task(self._served_students())
            lists = await self.client.read_by_key(_STAFF_RESOURCES, read)
        caseloads = merge_lists([lists[resource] for resource in _STAFF_RESOURCES], caseload_order)
        return dict.fromkeys(ids, caseloads)

    async def caseload_students_by_caseload(
        self, ids: Sequence[CaseloadId]
    ) -> Batch[CaseloadId, list[CaseloadStudent]]:
        """Ed-Fi `studentCohortAssociations`, or the associations of students with programs of every kind."""
        is_provider = any(caseload_id.startswith("provider/") for caseload_id in ids)
        served = await self._served_students() if is_provider else []

        async def read(key: tuple[CaseloadId, str]) -> list[CaseloadStudent]:
            caseload_id, resource = key
            if resource == _PROVIDERS:
                if isinstance(served, AdapterError):
                    raise served
                staff_id = _provider_of(caseload_id)
                return [record for row in served for record in mapping.served_student(caseload_id, row, staff_id)]
            if resource == api.STUDENT_COHORTS.name:
                cohort_rows = await self.client.read_rows(api.STUDENT_COHORTS, _by_caseload(caseload_id))
                return [mapping.caseload_student(caseload_id, row) for row in cohort_rows]
            rows = await self.client.read_rows(_PROGRAM_RESOURCES[resource], _by_caseload(caseload_id))
            return [mapping.caseload_student(caseload_id, row) for row in rows]

        programs = [*_PROGRAM_RESOURCES]
        if (await self.client.discovery.standard()).section_504 is None:
            programs.remove(api.SECTION_504.name)
        resources = {caseload_id: _resources_of(caseload_id, programs) for caseload_id in ids}
        keys = [(caseload_id, name) for caseload_id, names in resources.items() for name in names]
        rows_needed_by({key: key[:1] for key in keys})
        lists = await self.client.read_by_key(keys, read)
        return {
            caseload_id: merge_lists([lists[caseload_id, name] for name in names], _student_and_begin_date)
            for caseload_id, names in resources.items()
        }

    async def _served_students(self) -> list[api.ProviderAssociation] | AdapterError:
        """
        The rows that name the providers of single students; an error if they cannot be read now.

        If the API client may not read them, or the list is too long, they grant no access. All other caseloads do.
        """
        rows = await self.client.read_by_key(
            [_PROVIDERS], lambda _: self.client.read_shared(api.SERVICE_PROVIDERS)
        )
        if isinstance(error := rows[_PROVIDERS], RefusedError | ListTooLongError):
            log.warning("providers of single students cannot be read and grant no access (%s)", error.code)
            return NotOfferedError(error.reason)
        return rows[_PROVIDERS]


def _resources_of(caseload_id: CaseloadId, programs: Sequence[str]) -> Sequence[str]:
    """The resources with the students of a caseload; an invalid id is refused when its filters are built."""
    if caseload_id.startswith("provider/"):
        return [_PROVIDERS]
    return programs if caseload_id.startswith("program/") else [api.STUDENT_COHORTS.name]


def _provider_of(caseload_id: CaseloadId) -> str:
    """
    The member of staff whose students are a caseload.

    Raises:
        BadKeyError: The text is not the id of such a caseload.
    """
    key = parse_caseload_id(caseload_id)
    if not isinstance(key, ProviderKey):
        raise BadKeyError("not an id of this source")
    return unique_id(key.staff_id)


def _by_caseload(caseload_id: CaseloadId) -> Filters:
    """
    Filters for the rows of a caseload.

    Raises:
        BadKeyError: The text is not the id of a caseload.
    """
    key = parse_caseload_id(caseload_id)
    if isinstance(key, CohortKey):
        return {"educationOrganizationId": key.organization_id, "cohortIdentifier": key.cohort_identifier}
    if isinstance(key, ProviderKey):
        raise BadKeyError("not an id of this source")
    return {
        "programEducationOrganizationId": key.organization_id,
        "programName": key.program_name,
        "programTypeDescriptor": key.program_type_descriptor,
    }


def caseload_order(record: CaseloadStaff) -> tuple[date, str, str]:
    """The sort key of the caseloads of a member of staff."""
    return record.begin_date, record.caseload_id, record.vendor_id


def _student_and_begin_date(record: CaseloadStudent) -> tuple[str, date, str]:
    return record.student_id, record.begin_date, record.vendor_id
