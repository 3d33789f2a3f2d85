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
from student_graph.resolvers.fields.field import derived, field, uses_lookups
from student_graph.resolvers.fields.load import district_of
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.connection import StudentConnection, student_connection
from student_graph.resolvers.student_list.filter import FilterArgument, StudentFilter, visible_district
from student_graph.resolvers.types.metrics.presets import Preset, presets
from student_graph.resolvers.types.metrics.tables import district_metrics
from student_graph.resolvers.types.scorecard.fields import scorecard_of_district
from student_graph.resolvers.types.scorecard.models import Scorecard


@record_type
class EducationAgency(model.LocalEducationAgency):
    """A local education agency as the district's system of record describes it."""


@described
@strawberry.type
class LocalEducationAgency(Node):
    """A school district. Its data come from the source systems that the gateway is configured with."""

    district: strawberry.Private[District]
    name: str
    """Name of the district, as configured in the gateway."""

    @property
    def district_id(self) -> DistrictId:
        """Configured id of the district."""
        return self.district.id

    @field
    def short_name(self) -> str:
        """Configured short name of the district. Arguments that take a district's id accept it, too."""
        return self.district.id

    @field
    def school_year(self) -> int:
        """Current school year, named by the calendar year in which it ends: 2027 is 2026-27."""
        return self.district.school_year(self.district.today())

    education_agencies = lookup(Adapter.local_education_agencies_by_district, key="district_id")
    """Education agencies in the district's system of record, by number."""
    schools = lookup(Adapter.schools_by_district, key="district_id")
    """Schools of the district, by number."""

    @field
    def presets(self, info: Info) -> list[Preset]:
        """Definitions by which metrics are judged, by name: those that every district has, and its own."""
        return presets(info, self.district)

    @field
    def scorecard(self, info: Info) -> Scorecard | None:
        """
        What the gateway measured about the district's sources, under the domains of CoSN's maturity model.

        From what was counted since the gateway started. For operators and superintendents only; counts of students
        and rows are for operators only.
        """
        return scorecard_of_district(info, self.district)

    metrics = district_metrics

    @field
    @uses_lookups(Adapter.students_by_district, Adapter.school_enrollments_by_student, Adapter.students_by_id)
    async def students(
        self, info: Info, filter: FilterArgument = None, first: First = 25, after: After = None
    ) -> StudentConnection | None:
        """
        Students of the district whose records the viewer may see, enrolled today or not.

        `filter` must not name a district or school.
        """
        student_filter = filter or StudentFilter()
        if student_filter.district or student_filter.districts or student_filter.school or student_filter.schools:
            raise bad_input("filter: leave out districts and schools here.")
        student_filter.district = strawberry.ID(self.district.id)
        return await student_connection(info, student_filter, first, after)


@derived
def district(context: Context) -> Callable[[model.Record], LocalEducationAgency | None]:
    """The district that the record belongs to."""
    agency_by_id: dict[DistrictId, LocalEducationAgency | None] = {}

    def of(record: model.Record) -> LocalEducationAgency | None:
        district_id = district_of(record)
        if district_id not in agency_by_id:
            agency_by_id[district_id] = _agency(context, district_id)
        return agency_by_id[district_id]

    return of


def agency(info: Info, district_id: DistrictId) -> LocalEducationAgency | None:
    """The district with an id, if it is one of the viewer's; None for others, whether or not they exist."""
    return _agency(info.context, district_id)


def agencies(info: Info) -> list[LocalEducationAgency]:
    """The viewer's districts, ordered by short name; a district without a configuration is left out."""
    districts = (agency(info, district_id) for district_id in sorted(info.context.viewer.districts))
    return [district for district in districts if district is not None]


def _agency(context: Context, district_id: DistrictId) -> LocalEducationAgency | None:
    district = visible_district(context, district_id)
    return LocalEducationAgency(district=district, name=district.name) if district else None
