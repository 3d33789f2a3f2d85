"""Lookups of schools, their sessions, calendars and sections."""

from collections.abc import Sequence

from student_graph.adapters.lookup import Batch, hours, lookup, nobody, staff, students
from student_graph.adapters.model import (
    CalendarDay,
    ClassPeriod,
    Course,
    DistrictId,
    LocalEducationAgency,
    School,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    Session,
)


class SchoolLookups:
    """Agencies, schools, sessions, calendars and sections."""

    @lookup(fresh=hours(24), stale=hours(168), about=nobody)
    async def local_education_agencies_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[LocalEducationAgency]]:
        """Education agencies of the district, by number."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=10)
    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        """Schools of the district, by number."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody)
    async def schools_by_id(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, School]:
        """Schools by number."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=4)
    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        """Sessions (terms) of each school, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=200)
    async def calendar_days_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[CalendarDay]]:
        """Days of each school's calendars in a school year, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=10)
    async def class_periods_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[ClassPeriod]]:
        """Class periods of each school, by name."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=nobody, records_per_key=100)
    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        """Sections of each school in a school year, by identifier."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=nobody)
    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        """Sections by id."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=nobody, records_per_key=1000)
    async def sections_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Section]]:
        """Sections of all schools of the district in all school years, by id."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody)
    async def courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Course]:
        """The course that each section teaches."""
        raise NotImplementedError

    @lookup(fresh=hours(24), stale=hours(168), about=nobody, records_per_key=1000)
    async def courses_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Course]]:
        """The course that each section of the district teaches, by section."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=30)
    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        """Enrollments of students in each section, including ended ones, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def section_staff_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[SectionStaff]]:
        """Staff members who teach or help in each section, by staff number."""
        raise NotImplementedError
