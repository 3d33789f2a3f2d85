"""Lookups of programs, meals and transportation."""

from collections.abc import Sequence

from student_graph.adapters.lookup import Batch, hours, lookup, minutes, students
from student_graph.adapters.model import (
    DistrictId,
    FoodService,
    Homelessness,
    ProgramParticipation,
    Section504,
    SpecialEducation,
    StudentId,
    Transportation,
)


class ServiceLookups:
    """Services of the district other than teaching."""

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def program_participations_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[ProgramParticipation]]:
        """
        Programs of each student, including ended ones, the earliest first.

        A program is left out if it may be of a restricted class of data, such as one of a kind that is not known.
        """
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=2500)
    async def program_participations_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[ProgramParticipation]]:
        """Programs of all students of the district, by the same rule, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def special_education_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SpecialEducation]]:
        """Special education of each student, including ended participation, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=700)
    async def special_education_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SpecialEducation]]:
        """Special education of all students of the district, including ended participation, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def section_504_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Section504]]:
        """Section 504 programs of each student, including ended participation, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=200)
    async def section_504_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Section504]]:
        """Section 504 programs of all students, including ended participation, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def homelessness_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Homelessness]]:
        """Participation of each student in the program for homeless children, also ended ones, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=100)
    async def homelessness_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Homelessness]]:
        """Participation of all students in the program for homeless children, also ended ones, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def food_service_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[FoodService]]:
        """Meals programs of each student, including ended ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=2500)
    async def food_service_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[FoodService]]:
        """Meals programs of all students of the district, including ended ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def transportation_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[Transportation]]:
        """Transportation of each student to and from school."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=2500)
    async def transportation_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[Transportation]]:
        """Transportation of all students of the district to and from school."""
        raise NotImplementedError
