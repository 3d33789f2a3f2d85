"""Lookups of students and staff, their enrollments and assignments."""

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
    EnglishProficiency,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionStaff,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentAddress,
    StudentContact,
    StudentId,
    StudentIdentity,
)


class PeopleLookups:
    """Students, staff, enrollments and assignments."""

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students by the district's unique number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, paged=True)
    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """All students in the district's records, enrolled now or not, one page at a time."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=5000)
    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """All students in the district's records, by number; the coarse lookup of `students_by_id`."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """Numbers and e-mail addresses that identify each student in other systems."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=5000)
    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """Numbers and e-mail addresses that identify all students of the district in other systems."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """Birth date, sex, races, ethnicity and languages of each student."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=5000)
    async def demographics_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Demographics]]:
        """Birth date, sex, races, ethnicity and languages of all students of the district, by number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students)
    async def english_proficiency_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, EnglishProficiency]:
        """Whether each student's English is limited; students without a recorded status are absent."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=5000)
    async def english_proficiency_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[EnglishProficiency]]:
        """Whether the English of each student of the district is limited, by number, as far as it is recorded."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=1)
    async def addresses_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentAddress]]:
        """Addresses of each student, including earlier ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=5000)
    async def addresses_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[StudentAddress]]:
        """Addresses of all students of the district, by student, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=2)
    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """Parents, guardians and other contacts of each student, primary contacts first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=10_000)
    async def contacts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[StudentContact]]:
        """Parents, guardians and other contacts of all students of the district, by student."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=students, records_per_key=2)
    async def contacts_by_contact(self, ids: Sequence[ContactId]) -> Batch[ContactId, list[StudentContact]]:
        """Students of each parent, guardian or other contact: one record for each student, by number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=2)
    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Enrollments of each student at schools of the district, including ended ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=600)
    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """Enrollments at each school, including ended ones, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=6000)
    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """Enrollments in the district, including ended ones, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=8)
    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """Enrollments of each student in sections, including ended ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=4000)
    async def section_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SectionEnrollment]]:
        """Enrollments of students in the sections of each school, also ended ones, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=students, records_per_key=30_000)
    async def section_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SectionEnrollment]]:
        """Enrollments of students in all sections of the district, also ended ones, by student and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """Staff members by the district's unique number."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff, records_per_key=400)
    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """All staff members of the district, by number; used to find a staff member by e-mail address."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff, records_per_key=6)
    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """Sections that each staff member teaches or taught, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff, records_per_key=1500)
    async def section_staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[SectionStaff]]:
        """All staff members who teach or help in sections of the district, by staff number and first day."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff)
    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """Positions of each staff member and where they are, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=hours(1), stale=hours(24), about=staff, records_per_key=600)
    async def staff_assignments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StaffAssignment]]:
        """Positions of all staff members of the district, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=staff, records_per_key=600)
    async def caseload_staff_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[CaseloadStaff]]:
        """All caseloads that open their students' records to staff, including ended ones, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=staff)
    async def caseload_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[CaseloadStaff]]:
        """Caseloads that open their students' records to each staff member, ended ones too, the earliest first."""
        raise NotImplementedError

    @lookup(fresh=minutes(15), stale=minutes(45), about=students, records_per_key=30)
    async def caseload_students_by_caseload(
        self, ids: Sequence[CaseloadId]
    ) -> Batch[CaseloadId, list[CaseloadStudent]]:
        """Students of each caseload, including ended ones, by student and first day."""
        raise NotImplementedError
