"""School districts."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import asks, derived, field
from student_graph.resolvers.fields.load import district_of
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.connection import StudentConnection, students_in
from student_graph.resolvers.student_list.filter import Filter, StudentFilter, visible


@record_type
class EducationAgency(model.LocalEducationAgency):
    """The agency as the district's system of record describes it."""


@described
@strawberry.type
class LocalEducationAgency(Node):
    """A school district whose systems this gateway asks."""

    district: strawberry.Private[District]
    name: str
    """Name of the district, as configured."""

    @property
    def district_id(self) -> DistrictId:
        """The district that this is."""
        return self.district.id

    @field
    def short_name(self) -> str:
        """Configured short name; stands for the id wherever a district is named."""
        return self.district.id

    @field
    def school_year(self) -> int:
        """Current school year by the calendar year in which it ends."""
        return self.district.school_year(self.district.today())

    education_agencies = lookup(Adapter.local_education_agencies_by_district, key="district_id")
    schools = lookup(Adapter.schools_by_district, key="district_id")

    @field
    @asks(Adapter.students_by_district, Adapter.school_enrollments_by_student, Adapter.students_by_id)
    async def students(
        self, info: Info, filter: Filter = None, first: First = 25, after: After = None
    ) -> StudentConnection | None:
        """Everybody whom the district keeps as a student, enrolled now or not."""
        asked = filter or StudentFilter()
        if asked.district or asked.school:
            raise bad_input("filter: leave out district and school here.")
        asked.district = strawberry.ID(self.district.id)
        return await students_in(info, asked, first, after)


@derived
def district(context: Context) -> Callable[[model.Record], LocalEducationAgency | None]:
    """The district that keeps it."""
    known: dict[DistrictId, LocalEducationAgency | None] = {}

    def of(record: model.Record) -> LocalEducationAgency | None:
        named = district_of(record)
        if named not in known:
            known[named] = _agency(context, named)
        return known[named]

    return of


def agency(info: Info, district: DistrictId) -> LocalEducationAgency | None:
    """A district of the viewer; None for others, whether or not they exist."""
    return _agency(info.context, district)


def _agency(context: Context, district: DistrictId) -> LocalEducationAgency | None:
    found = visible(context, district)
    return LocalEducationAgency(district=found, name=found.name) if found else None
