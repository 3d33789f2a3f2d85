"""The viewer: the signed-in person or service, with their own sections, schools and students."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import SectionId
from student_graph.adapters.sources import Key
from student_graph.resolvers.cohorts.conditions.reads import reads_of_list
from student_graph.resolvers.context import Info, ViewerRole
from student_graph.resolvers.context import Viewer as ContextViewer
from student_graph.resolvers.fields.arguments import After, AsOf, First
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import EXPLAIN_METADATA, LIST_READS_METADATA, field, uses_lookups
from student_graph.resolvers.fields.ids import decode
from student_graph.resolvers.fields.load import load_batch, load_many, load_one
from student_graph.resolvers.student_list.connection import StudentConnection, student_connection
from student_graph.resolvers.student_list.explanation import explain_students
from student_graph.resolvers.student_list.filter import FilterArgument, OrderBy, StudentFilter, visible_district
from student_graph.resolvers.types.district import LocalEducationAgency, agencies
from student_graph.resolvers.types.permission import Permission, permission
from student_graph.resolvers.types.staff import Caseload, caseloads

described_enum(ViewerRole)


@described
@strawberry.type
class Viewer:
    """The signed-in person or service that sends the request."""

    viewer: strawberry.Private[ContextViewer]
    role: ViewerRole
    """Role of the viewer in the district."""
    operator: bool
    """Whether the viewer operates the gateway and may see the health and identity counts of sources."""

    @field
    def grants(self) -> list[model.Sensitivity]:
        """
        Classes of data that the viewer may see in addition to `OPEN`, ordered by name.

        A class may be granted for some students only; `why` tells which.
        """
        classes = {sensitivity for grant in self.viewer.grants for sensitivity in grant.classes}
        return sorted(classes, key=lambda sensitivity: sensitivity.name)

    @field
    def districts(self, info: Info) -> list[LocalEducationAgency]:
        """Districts whose records the viewer may see, ordered by short name."""
        return agencies(info)

    @field
    @uses_lookups(Adapter.staff_by_id)
    async def staff(self, info: Info) -> model.Staff | None:
        """The viewer's own staff record; null if the viewer is not a member of staff."""
        return await load_one(info, Adapter.staff_by_id, await _staff_key(info, self.viewer))

    @field
    @uses_lookups(Adapter.section_staff_by_staff, Adapter.sections_by_id)
    async def sections(self, info: Info, as_of: AsOf = None) -> list[model.Section] | None:
        """Sections that the viewer teaches or assists in on a day; empty if the viewer is not staff."""
        key = await _staff_key(info, self.viewer)
        if key is None:
            return []
        keys = [Key(key.district, section) for section in await _section_ids(info, key, as_of)]
        return [section for section in await load_batch(info, Adapter.sections_by_id, keys) if section]

    @field
    @uses_lookups(
        Adapter.schools_by_district,
        Adapter.staff_assignments_by_staff,
        own_list=Adapter.staff_assignments_by_staff,
    )
    async def schools(self, info: Info) -> list[model.School] | None:
        """
        Schools at which the viewer is employed today.

        A viewer who is not employed at a single school, such as a superintendent, gets all schools of their
        districts.
        """
        districts = sorted(id_ for id_ in self.viewer.districts if visible_district(info.context, id_))
        schools_of_districts = await asyncio.gather(
            *(load_many(info, Adapter.schools_by_district, Key(id_, id_)) for id_ in districts)
        )
        schools = [school for district_schools in schools_of_districts for school in district_schools]
        key = await _staff_key(info, self.viewer)
        if key is None:
            return schools
        today = info.context.sources.districts[key.district].today()
        assignments = await load_many(info, Adapter.staff_assignments_by_staff, key)
        current = {a.education_organization_id for a in assignments if is_active(a.begin_date, a.end_date, today)}
        return [school for school in schools if school.school_id in current] or schools

    @partial(
        field,
        metadata={EXPLAIN_METADATA: explain_students, LIST_READS_METADATA: reads_of_list(in_school=False)},
    )
    @uses_lookups(Adapter.students_by_district, Adapter.school_enrollments_by_student, Adapter.students_by_id)
    async def students(
        self,
        info: Info,
        filter: FilterArgument = None,
        first: First = 25,
        after: After = None,
        order_by: OrderBy = None,
    ) -> StudentConnection | None:
        """
        Students that the viewer may see, by student number or by a metric.

        A teacher sees the students of their sections, school staff those of their schools, a parent their
        children, and a student themselves.
        """
        return await student_connection(info, filter or StudentFilter(), first, after, order=order_by)

    @field
    @uses_lookups(Adapter.caseload_staff_by_staff, Adapter.school_enrollments_by_school, list_length=1)
    async def caseloads(self, info: Info) -> list[Caseload] | None:
        """
        Groups of students that the viewer serves outside classes today, by district.

        They are those of the student information system for teachers, principals and counselors, and the students
        that the settings assign to the viewer.
        """
        return await caseloads(info)

    @field
    async def why(
        self,
        info: Info,
        student: Annotated[strawberry.ID, strawberry.argument(description="Global id of the student.")],
    ) -> Permission:
        """
        Whether and why the viewer may see a student, and which classes of the student's data.

        A student that the viewer may not see looks the same as one that does not exist.
        """
        return await permission(info, decode(student, "Student"))


async def _staff_key(info: Info, viewer: ContextViewer) -> Key | None:
    """
    The viewer's staff number with its district; None if the viewer is not a member of staff.

    A staff number is meaningful in one district only, so a viewer of several districts has none.
    """
    if (viewer.staff_id is None and viewer.email is None) or len(viewer.districts) != 1:
        return None
    [district] = viewer.districts
    if visible_district(info.context, district) is None:
        return None
    number = viewer.staff_id or (await info.context.reach(district)).staff_id
    return None if number is None else Key(district, number)


async def _section_ids(info: Info, key: Key, as_of: date | None) -> list[SectionId]:
    """Ids of the sections that a member of staff teaches or assists in on a day, each once."""
    day = as_of or info.context.sources.districts[key.district].today()
    assignments = await load_many(info, Adapter.section_staff_by_staff, key)
    return list(dict.fromkeys(a.section_id for a in assignments if is_active(a.begin_date, a.end_date, day)))
