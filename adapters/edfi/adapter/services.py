"""Lookups of programs, meals and transport."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product

from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_student
from student_graph.adapters.edfi.mapping import services as mapping
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    FoodService,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    SpecialEducation,
    StudentId,
    Transportation,
)

_PROGRAMS = {
    api.PROGRAMS.name: (api.PROGRAMS, None),
    api.LANGUAGE_INSTRUCTION.name: (api.LANGUAGE_INSTRUCTION, ProgramType.LANGUAGE_INSTRUCTION),
    api.TITLE_I.name: (api.TITLE_I, ProgramType.TITLE_I),
    api.MIGRANT.name: (api.MIGRANT, ProgramType.MIGRANT),
}
"""Where programs that need no restricted grant are listed, and of which kind they are."""


class Services(EdFiAccess):
    """What the district does for a student beside teaching."""

    async def program_participations_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[ProgramParticipation]]:
        """Ed-Fi `studentProgramAssociations` and those of language instruction, Title I and migrant education."""

        async def read(asked: tuple[StudentId, str]) -> list[ProgramParticipation]:
            resource, kind = _PROGRAMS[asked[1]]
            rows = await self.rows(resource, by_student(asked[0]))
            found = (mapping.program_participation(self.codes, row, kind) for row in rows)
            return [record for record in found if record is not None]

        told = await self.gather_by_key(list(product(ids, _PROGRAMS)), read)
        return {key: self.together([told[key, name] for name in _PROGRAMS], _by_begin) for key in ids}

    async def special_education_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SpecialEducation]]:
        """Ed-Fi `studentSpecialEducationProgramAssociations`."""
        return await self.lists(ids, api.SPECIAL_EDUCATION, by_student, mapping.special_education, _by_begin)

    async def homelessness_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Homelessness]]:
        """Ed-Fi `studentHomelessProgramAssociations`."""
        return await self.lists(ids, api.HOMELESS, by_student, mapping.homelessness, _by_begin)

    async def food_service_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[FoodService]]:
        """Ed-Fi `studentSchoolFoodServiceProgramAssociations`."""
        return await self.lists(ids, api.FOOD_SERVICE, by_student, mapping.food_service, _by_begin)

    async def transportation_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Transportation]]:
        """Ed-Fi `studentTransportations`, from Data Standard 5.1 on."""
        if await self.discovery.standard() < (5, 1):
            raise NotOfferedError("transportation came with Data Standard 5.1")
        return await self.lists(
            ids, api.TRANSPORTATION, by_student, mapping.transportation, lambda each: each.vendor_id
        )


def _by_begin(each: ProgramParticipation | SpecialEducation | Homelessness | FoodService) -> tuple[date, str, str]:
    return each.begin_date, each.program_name, each.vendor_id
