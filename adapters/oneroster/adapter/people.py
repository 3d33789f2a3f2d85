"""Lookups of students and their school enrollments, and of staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from student_graph.adapters.errors import AdapterError, PayloadError
from student_graph.adapters.keys import query_text
from student_graph.adapters.lookup import Batch, Page, StudentFilter, Window
from student_graph.adapters.model import (
    Demographics,
    DistrictId,
    SchoolEnrollment,
    SchoolId,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.oneroster.adapter.lookups import records_of
from student_graph.adapters.oneroster.adapter.schools import SchoolLookups
from student_graph.adapters.oneroster.adapter.users import answers_of, birth_date_of, current_day
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import staff_id_of
from student_graph.adapters.oneroster.mapping import people as mapping
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.oneroster.mapping.schools import school_id


class PeopleLookups(SchoolLookups):
    """Lookups of students and their school enrollments, and of staff."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """OneRoster `students`; all users with one student number are one student."""
        return answers_of(await self.find_persons(ids), mapping.student)

    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """All pages of OneRoster `students`."""
        students = [mapping.student(person) for person in await self.all_students()]
        return dict.fromkeys(ids, students)

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """
        All pages of OneRoster `students` for each page: the users of one student may be on different pages.

        The cursor is the student number of the last student. The filter by ids is applied.
        """
        after = "" if window.after is None else query_text(window.after)
        persons = await self.all_students()
        if filter and filter.ids is not None:
            persons = [person for person in persons if person.student_id in filter.ids]
        remaining = [person for person in persons if person.student_id > after]
        selected = remaining[: window.first]
        page = Page(
            [mapping.student(person) for person in selected],
            selected[-1].student_id if len(remaining) > len(selected) else None,
            len(persons),
            frozenset({"ids"}) if filter and filter.ids is not None else frozenset(),
        )
        return dict.fromkeys(ids, page)

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """OneRoster `students`, and the birth dates in `demographics` if `birth_dates` is set."""
        persons = await self.find_persons(ids)
        rows = await self.demographics_of(_users(persons)) if self.settings.birth_dates else {}
        return answers_of(persons, lambda person: mapping.identity(person, birth_date_of(person.users, rows)))

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """All pages of OneRoster `students` and, if `birth_dates` is set, of `demographics`."""
        persons = await self.all_students()
        rows = await self._all_demographics() if self.settings.birth_dates else {}
        identities = [mapping.identity(person, birth_date_of(person.users, rows)) for person in persons]
        return dict.fromkeys(ids, identities)

    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """OneRoster `demographics`, which have a scope of their own."""
        persons = await self.find_persons(ids)
        rows = await self.demographics_of(_users(persons))
        return answers_of(persons, lambda person: _demographics(person, rows))

    async def demographics_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Demographics]]:
        """All pages of OneRoster `students` and `demographics`."""
        persons, rows = await self.all_students(), await self._all_demographics()
        records = [record for person in persons if (record := _demographics(person, rows))]
        return dict.fromkeys(ids, records)

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """
        OneRoster `roles` of each student, or `orgs` in version 1.1: as far as servers keep them, the current ones.
        """
        persons = await self.find_persons(ids)
        if not any(isinstance(person, Person) for person in persons.values()):
            return {key: error for key, error in persons.items() if isinstance(error, AdapterError)}
        return answers_of(persons, await self._enrollment_mapper())

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """OneRoster `roles` or `orgs` of all students, by school."""
        school_ids = {school_id(row) for row in await self.school_rows()}
        enrollments = await self._all_school_enrollments()
        return {
            key: [enrollment for enrollment in enrollments if enrollment.school_id == key]
            for key in ids
            if key in school_ids
        }

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """OneRoster `roles` or `orgs` of all students."""
        return dict.fromkeys(ids, await self._all_school_enrollments())

    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """OneRoster `users` with a role of staff."""
        return {
            key: users if isinstance(users, AdapterError) else mapping.staff(users)
            for key, users in (await self.users_with_roles(ids, api.STAFF_ROLES)).items()
        }

    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """All pages of OneRoster `users`: those with a role of staff. All users with one number are one record."""
        users_by_key: dict[StaffId, list[api.User]] = {}
        for user in sorted(await self.client.read_rows(api.USERS), key=lambda user: user.sourcedId):
            if user.has_role(*api.STAFF_ROLES):
                users_by_key.setdefault(staff_id_of(user), []).append(user)
        records = [mapping.staff(users_by_key[key]) for key in sorted(users_by_key)]
        return dict.fromkeys(ids, records)

    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """OneRoster `roles` of each member of staff, or `role` and `orgs` in version 1.1."""
        users_by_key = await self.users_with_roles(ids, api.STAFF_ROLES)
        if not any(isinstance(users, list) for users in users_by_key.values()):
            return {key: error for key, error in users_by_key.items() if isinstance(error, AdapterError)}
        orgs = {row.sourcedId: row for row in await self.client.read_rows(api.ORGS)}
        calendar, today = await self.calendar(), current_day()
        batch: dict[StaffId, list[StaffAssignment] | AdapterError] = {}
        for key, users in users_by_key.items():
            if isinstance(users, AdapterError):
                batch[key] = users
                continue
            try:
                records = [
                    record
                    for user in users
                    for record in mapping.staff_assignments(
                        user, key, orgs, calendar, today, role_end=self.settings.role_end
                    )
                ]
            except PayloadError as error:
                batch[key] = error
            else:
                batch[key] = sorted(records, key=lambda record: (record.begin_date, record.vendor_id))
        return batch

    async def _all_demographics(self) -> dict[str, api.Demographics]:
        """The demographics of all users, by the user's id."""
        return {row.sourcedId: row for row in await self.client.read_rows(api.DEMOGRAPHICS)}

    async def _all_school_enrollments(self) -> list[SchoolEnrollment]:
        """The school enrollments of all students, by student."""
        persons = await self.all_students()
        lists = records_of(persons, await self._enrollment_mapper(), lambda person: person.student_id)
        return [enrollment for enrollments in lists for enrollment in enrollments]

    async def _enrollment_mapper(self) -> Callable[[Person], list[SchoolEnrollment]]:
        """
        A function that maps a student to school enrollments; schools and sessions are read once for all.

        It raises PayloadError for a student without a first day if no session has one either.
        """
        schools = {row.sourcedId: row for row in await self.school_rows()}
        calendar, today = await self.calendar(), current_day()
        end = self.settings.role_end
        return lambda person: mapping.school_enrollments(person, schools, calendar, today, end)


def _users(persons: Mapping[StudentId, Person | AdapterError]) -> list[api.User]:
    """The users of all persons."""
    return [user for person in persons.values() if isinstance(person, Person) for user in person.users]


def _demographics(person: Person, rows: Mapping[str, api.Demographics | AdapterError]) -> Demographics | None:
    """
    The demographics of the first user of a person that has them; None if none has.

    Raises:
        AdapterError: Those of a user could not be read.
    """
    row = next((rows[user.sourcedId] for user in person.users if user.sourcedId in rows), None)
    if isinstance(row, AdapterError):
        raise row
    return mapping.demographics(person, row) if row else None
