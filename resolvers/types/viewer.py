"""Who asks, and where their own sections, schools and students are."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import SectionId
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info, ViewerRole
from student_graph.resolvers.context import Viewer as Asker
from student_graph.resolvers.fields.arguments import After, AsOf, First
from student_graph.resolvers.fields.dates import active
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import asks, field
from student_graph.resolvers.fields.ids import decode
from student_graph.resolvers.fields.load import load_each, load_many, load_one
from student_graph.resolvers.student_list.connection import StudentConnection, students_in
from student_graph.resolvers.student_list.filter import Filter, StudentFilter, visible
from student_graph.resolvers.types.district import LocalEducationAgency, agency
from student_graph.resolvers.types.permission import Permission, permission

described_enum(ViewerRole)


@described
@strawberry.type
class Viewer:
    """Who asks."""

    asker: strawberry.Private[Asker]
    role: ViewerRole
    """What the viewer is to the district."""
    operator: bool
    """Whether the viewer runs the gateway: sees the sources' health and identity counts."""

    @field
    def grants(self) -> list[model.Sensitivity]:
        """Classes of data that the viewer may see beside the open one."""
        classes = {each for grant in self.asker.grants for each in grant.classes}
        return sorted(classes, key=lambda each: each.name)

    @field
    def districts(self, info: Info) -> list[LocalEducationAgency]:
        """Districts whose records the viewer may see, by short name."""
        found = (agency(info, district) for district in sorted(self.asker.districts))
        return [district for district in found if district is not None]

    @field
    @asks(Adapter.staff_by_id)
    async def staff(self, info: Info) -> model.Staff | None:
        """The viewer as a member of staff; null for others."""
        return await load_one(info, Adapter.staff_by_id, await _staff_key(info, self.asker))

    @field
    @asks(Adapter.section_staff_by_staff, Adapter.sections_by_id)
    async def sections(self, info: Info, as_of: AsOf = None) -> list[model.Section] | None:
        """Sections that the viewer teaches on a day, or helps to; none for those who are not staff."""
        key = await _staff_key(info, self.asker)
        if key is None:
            return []
        keys = [Key(key.district, section) for section in await _taught(info, key, as_of)]
        return [section for section in await load_each(info, Adapter.sections_by_id, keys) if section]

    @field
    @asks(Adapter.schools_by_district, Adapter.staff_assignments_by_staff)
    async def schools(self, info: Info) -> list[model.School] | None:
        """Schools at which the viewer is employed; all of the districts for those employed at no single school."""
        names = sorted(name for name in self.asker.districts if visible(info.context, name))
        found = await asyncio.gather(
            *(load_many(info, Adapter.schools_by_district, Key(name, name)) for name in names)
        )
        schools = [school for those in found for school in those]
        key = await _staff_key(info, self.asker)
        if key is None:
            return schools
        today = info.context.sources.districts[key.district].today()
        places = await load_many(info, Adapter.staff_assignments_by_staff, key)
        at = {p.education_organization_id for p in places if active(p.begin_date, p.end_date, today)}
        return [school for school in schools if school.school_id in at] or schools

    @field
    @asks(Adapter.students_by_district, Adapter.school_enrollments_by_student, Adapter.students_by_id)
    async def students(
        self, info: Info, filter: Filter = None, first: First = 25, after: After = None
    ) -> StudentConnection | None:
        """The viewer's students, by number: those of own sections and schools, one's children, oneself."""
        return await students_in(info, filter or StudentFilter(), first, after)

    @field
    async def why(
        self,
        info: Info,
        student: Annotated[strawberry.ID, strawberry.argument(description="Global id of a student.")],
    ) -> Permission:
        """Why the viewer may see a student and what of one; of a stranger as of one who does not exist."""
        return await permission(info, decode(student, "Student"))


async def _staff_key(info: Info, asker: Asker) -> Key | None:
    """The viewer's staff number in the one district where it counts; a number says nothing in another district."""
    if (asker.staff_id is None and asker.email is None) or len(asker.districts) != 1:
        return None
    [district] = asker.districts
    if visible(info.context, district) is None:
        return None
    number = asker.staff_id or (await info.context.reach(district)).staff_id
    return None if number is None else Key(district, number)


async def _taught(info: Info, key: Key, as_of: date | None) -> list[SectionId]:
    """Sections in front of which a member of staff stands on a day."""
    day = as_of or info.context.sources.districts[key.district].today()
    places = await load_many(info, Adapter.section_staff_by_staff, key)
    return list(dict.fromkeys(p.section_id for p in places if active(p.begin_date, p.end_date, day)))
