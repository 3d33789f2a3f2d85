"""Lookups of programs, school meals and transportation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import TypeVar

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups, merge_lists
from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.requests import by_student
from student_graph.adapters.edfi.mapping import services as mapping
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    DistrictId,
    FoodService,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    Section504,
    SpecialEducation,
    StudentId,
    Transportation,
)
from student_graph.adapters.reading import rows_needed_by

P = TypeVar("P", bound=Item)

_PROGRAM_RESOURCES = {
    api.PROGRAMS.name: (api.PROGRAMS, None),
    api.LANGUAGE_INSTRUCTION.name: (api.LANGUAGE_INSTRUCTION, ProgramType.LANGUAGE_INSTRUCTION),
    api.TITLE_I.name: (api.TITLE_I, ProgramType.TITLE_I),
    api.MIGRANT.name: (api.MIGRANT, ProgramType.MIGRANT),
}
"""Resources with programs that need no restricted grant, each with its program type; None if it has any type."""


class ServiceLookups(EdFiLookups):
    """Lookups of programs, school meals and transportation."""

    async def program_participations_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[ProgramParticipation]]:
        """Ed-Fi `studentProgramAssociations` and those of language instruction, Title I and migrant education."""

        async def read(key: tuple[StudentId, str]) -> list[ProgramParticipation]:
            student_id, name = key
            return await self._participations(name, by_student(student_id))

        keys = list(product(ids, _PROGRAM_RESOURCES))
        rows_needed_by({key: key[:1] for key in keys})
        lists = await self.client.read_by_key(keys, read)
        return {
            student_id: merge_lists([lists[student_id, name] for name in _PROGRAM_RESOURCES], _begin_date)
            for student_id in ids
        }

    async def program_participations_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[ProgramParticipation]]:
        """All pages of the same Ed-Fi resources."""
        lists = await self.client.read_by_key(list(_PROGRAM_RESOURCES), self._participations)
        return dict.fromkeys(ids, merge_lists([lists[name] for name in _PROGRAM_RESOURCES], _begin_date))

    async def special_education_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SpecialEducation]]:
        """Ed-Fi `studentSpecialEducationProgramAssociations` by student."""
        return await self.read_lists(
            ids, api.SPECIAL_EDUCATION, by_student, mapping.special_education, _begin_date
        )

    async def special_education_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SpecialEducation]]:
        """All pages of Ed-Fi `studentSpecialEducationProgramAssociations`."""
        return await self.read_district_list(ids, api.SPECIAL_EDUCATION, mapping.special_education, _begin_date)

    async def homelessness_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Homelessness]]:
        """Ed-Fi `studentHomelessProgramAssociations` by student."""
        return await self.read_lists(ids, api.HOMELESS, by_student, mapping.homelessness, _begin_date)

    async def homelessness_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Homelessness]]:
        """All pages of Ed-Fi `studentHomelessProgramAssociations`."""
        return await self.read_district_list(ids, api.HOMELESS, mapping.homelessness, _begin_date)

    async def food_service_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[FoodService]]:
        """Ed-Fi `studentSchoolFoodServiceProgramAssociations` by student."""
        return await self.read_lists(ids, api.FOOD_SERVICE, by_student, mapping.food_service, _begin_date)

    async def food_service_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[FoodService]]:
        """All pages of Ed-Fi `studentSchoolFoodServiceProgramAssociations`."""
        return await self.read_district_list(ids, api.FOOD_SERVICE, mapping.food_service, _begin_date)

    async def section_504_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Section504]]:
        """Ed-Fi `studentSection504ProgramAssociations` by student, from Data Standard 6 on."""
        resource = _required((await self.client.discovery.standard()).section_504, "Section 504 programs")
        return await self.read_lists(ids, resource, by_student, mapping.section_504, _begin_date)

    async def section_504_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Section504]]:
        """All pages of Ed-Fi `studentSection504ProgramAssociations`, from Data Standard 6 on."""
        resource = _required((await self.client.discovery.standard()).section_504, "Section 504 programs")
        return await self.read_district_list(ids, resource, mapping.section_504, _begin_date)

    async def transportation_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Transportation]]:
        """Ed-Fi `studentTransportations` by student, from Data Standard 5.1 on."""
        resource = _required((await self.client.discovery.standard()).transportation, "transportation")
        return await self.read_lists(ids, resource, by_student, mapping.transportation, _vendor_id)

    async def transportation_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[Transportation]]:
        """All pages of Ed-Fi `studentTransportations`, from Data Standard 5.1 on."""
        resource = _required((await self.client.discovery.standard()).transportation, "transportation")
        return await self.read_district_list(ids, resource, mapping.transportation, _vendor_id)

    async def _participations(self, name: str, filters: Filters | None = None) -> list[ProgramParticipation]:
        """The participations in a resource that need no restricted grant."""
        resource, program_type = _PROGRAM_RESOURCES[name]
        rows = await self.client.read_rows(resource, filters)
        records = (mapping.program_participation(self.codes, row, program_type) for row in rows)
        return [record for record in records if record is not None]


def _required(resource: Resource[P] | None, records: str) -> Resource[P]:
    """The resource itself; raises NotOfferedError if the Data Standard of the API has no such records."""
    if resource is None:
        raise NotOfferedError(f"the Data Standard of the API has no resource for {records}")
    return resource


def _vendor_id(record: Transportation) -> str:
    return record.vendor_id


def _begin_date(
    record: ProgramParticipation | SpecialEducation | Section504 | Homelessness | FoodService,
) -> tuple[date, str, str]:
    return record.begin_date, record.program_name, record.vendor_id
