"""Lookups of attendance and behavior."""

from collections.abc import Sequence

from student_graph.adapters.lookup import Batch, hours, lookup, minutes, students
from student_graph.adapters.model import (
    AttendanceEvent,
    DisciplineAction,
    DisciplineIncident,
    DistrictId,
    SchoolId,
    SectionId,
    StudentId,
)


class SchoolLifeLookups:
    """What happened at school."""

    @lookup(fresh=minutes(1), stale=hours(4), about=students)
    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Events about each student's school days in a school year, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students)
    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """The same of everybody at each school."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students)
    async def section_attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Events about each student's class periods in a school year, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students)
    async def section_attendance_events_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[AttendanceEvent]]:
        """The same of everybody in each section."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_incidents_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineIncident]]:
        """Incidents in which each student's own behavior is recorded, earliest first; each incident once."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_incidents_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineIncident]]:
        """The same of everybody in the district: one record for each student and incident."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_actions_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineAction]]:
        """What followed for each student, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_actions_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineAction]]:
        """The same of everybody in the district."""
        raise NotImplementedError
