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
    """Attendance and behavior."""

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=8)
    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Attendance of each student on school days of a school year, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=5000)
    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """Attendance of all students at each school on school days of a school year."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=40_000)
    async def attendance_events_by_district(
        self, ids: Sequence[DistrictId], *, school_year: int
    ) -> Batch[DistrictId, list[AttendanceEvent]]:
        """Attendance of all students of the district on school days of a school year."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=8)
    async def section_attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Attendance of each student in sections in a school year, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=30)
    async def section_attendance_events_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[AttendanceEvent]]:
        """Attendance of all students in each section."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=5000)
    async def section_attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int | None = None
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """Attendance of all students in the sections of each school in a school year, or in all of them."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=hours(4), about=students, records_per_key=40_000)
    async def section_attendance_events_by_district(
        self, ids: Sequence[DistrictId], *, school_year: int
    ) -> Batch[DistrictId, list[AttendanceEvent]]:
        """Attendance of all students of the district in sections in a school year."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_incidents_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineIncident]]:
        """Incidents with a behavior of the student, the earliest first; one record for each incident."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=500)
    async def discipline_incidents_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineIncident]]:
        """Incidents of all students in the district: one record for each student and incident."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students)
    async def discipline_actions_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineAction]]:
        """Actions taken with each student, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(1), stale=minutes(0), about=students, records_per_key=500)
    async def discipline_actions_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineAction]]:
        """Actions taken with all students in the district."""
        raise NotImplementedError
