"""Lookups of students, staff and their places."""

from collections.abc import Sequence

from student_graph.adapters.lookup import (
    Batch,
    Page,
    StudentFilter,
    Window,
    hours,
    lookup,
    minutes,
    staff,
    students,
)
from student_graph.adapters.model import (
    CaseloadId,
    CaseloadStaff,
    CaseloadStudent,
    ContactId,
    Demographics,
    DistrictId,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionStaff,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentContact,
    StudentId,
    StudentIdentity,
)


class PeopleLookups:
    """Who is who, and who is where."""

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students by the district's unique number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, paged=True)
    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Everybody whom the district keeps as a student, enrolled now or not, a page at a time."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """The same, all at once and by number: the coarse way to the names of many."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """By which numbers and addresses other systems know each student."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """The same of everybody in the district."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """Birth date, sex and ethnicity of each student."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """Parents, guardians and other contacts of each student, primary contacts first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=students)
    async def contacts_by_contact(self, ids: Sequence[ContactId]) -> Batch[ContactId, list[StudentContact]]:
        """The children of each parent, guardian or other contact, by the student's number: once for each child."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """All stays of each student at schools of the district, ended ones too, earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """All stays at each school, ended ones too, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """All stays in the district, ended ones too, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """All places of each student in sections, ended ones too, earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """Members of staff by the district's unique number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """All members of staff of the district, by number: the way from an e-mail address to a number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """All sections that each member of staff teaches or taught, earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """What each member of staff is employed as, and where, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=staff)
    async def caseload_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[CaseloadStaff]]:
        """Caseloads whose students' records are open to each member of staff; ended ones too, earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=students)
    async def caseload_students_by_caseload(
        self, ids: Sequence[CaseloadId]
    ) -> Batch[CaseloadId, list[CaseloadStudent]]:
        """All places in each caseload, ended ones too, by student and first day."""
        raise NotImplementedError
