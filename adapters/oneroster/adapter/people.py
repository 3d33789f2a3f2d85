"""Lookups of students, their contacts and stays, and of staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from student_graph.adapters.errors import AdapterError
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
    StudentContact,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.oneroster.adapter.schools import Schools
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.mapping import people as mapping
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.oneroster.mapping.schools import school_id


class People(Schools):
    """Who is who, and who is at which school."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """OneRoster `students`; a child with two users is one student."""
        return {
            key: each if isinstance(each, AdapterError) else mapping.student(each)
            for key, each in (await self.persons(ids)).items()
        }

    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """OneRoster `students`, every page."""
        found = [mapping.student(person) for person in await self.everybody()]
        return dict.fromkeys(ids, found)

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """
        OneRoster `students`, read whole for each page: the users of one child may be pages apart.

        The cursor is the number of the last student; wanted ids are applied.
        """
        after = "" if window.after is None else query_text(window.after)
        everybody = await self.everybody()
        if filter and filter.ids is not None:
            everybody = [person for person in everybody if person.student_id in filter.ids]
        rest = [person for person in everybody if person.student_id > after]
        part = rest[: window.first]
        page = Page(
            [mapping.student(person) for person in part],
            part[-1].student_id if len(rest) > len(part) else None,
            len(everybody),
            frozenset({"ids"}) if filter and filter.ids is not None else frozenset(),
        )
        return dict.fromkeys(ids, page)

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """OneRoster `students`, and birth dates from `demographics` where they are read."""
        persons = await self.persons(ids)

        async def read(key: StudentId) -> StudentIdentity | None:
            match persons.get(key):
                case None:
                    return None
                case AdapterError() as why:
                    raise why
                case person:
                    born = await self.birth_date(person.users) if self.settings.birth_dates else None
                    return mapping.identity(person, born)

        return await self.gather_by_key(ids, read)

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """OneRoster `students` and `demographics`, every page of both."""
        people = await self.everybody()
        rows = await self.rows(api.DEMOGRAPHICS) if self.settings.birth_dates else []
        born = {row.sourcedId: row.birthDate for row in rows}

        def of(person: Person) -> dt.date | None:
            return next((day for user in person.users if (day := born.get(user.sourcedId))), None)

        found = [mapping.identity(person, of(person)) for person in people]
        return dict.fromkeys(ids, found)

    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """OneRoster `demographics`, for which a scope of its own is needed."""
        persons = await self.persons(ids)

        async def read(key: StudentId) -> Demographics | None:
            person = persons.get(key)
            if person is None or isinstance(person, AdapterError):
                if person:
                    raise person
                return None
            for user in person.users:
                if row := await self.one(api.DEMOGRAPHICS, user.sourcedId):
                    return mapping.demographics(person, row)
            return None

        return await self.gather_by_key(ids, read)

    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """OneRoster `agents` of each student who are parents, guardians or relatives, by number."""
        persons = await self.persons(ids)
        agents = {
            each.sourcedId
            for person in persons.values()
            if isinstance(person, Person)
            for user in person.users
            for each in user.agents
        }
        users = await self.by_ids(api.USERS, agents, 3 * self.settings.students)
        contacts = {each: user for each, user in users.items() if user.has_role(*api.CONTACT_ROLES)}
        found: dict[StudentId, list[StudentContact] | AdapterError] = {}
        for key, person in persons.items():
            if isinstance(person, AdapterError):
                found[key] = person
                continue
            named = dict.fromkeys(each.sourcedId for user in person.users for each in user.agents)
            own = [mapping.contact(contacts[each], person) for each in named if each in contacts]
            found[key] = sorted(own, key=lambda each: each.contact_id)
        return found

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """OneRoster `roles` of each student, or `orgs` in version 1.1: stays that last, as far as roles go."""
        persons = await self.persons(ids)
        if not any(isinstance(person, Person) for person in persons.values()):
            return {key: why for key, why in persons.items() if isinstance(why, AdapterError)}
        stays = await self._stays([person for person in persons.values() if isinstance(person, Person)])
        return {
            key: person if isinstance(person, AdapterError) else stays[person.student_id]
            for key, person in persons.items()
        }

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """The same of everybody at each school; all students are read."""
        schools = {school_id(row) for row in await self.schools()}
        stays = [stay for own in (await self._stays(await self.everybody())).values() for stay in own]
        return {key: [stay for stay in stays if stay.school_id == key] for key in ids if key in schools}

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """The same of everybody."""
        stays = await self._stays(await self.everybody())
        found = [stay for own in stays.values() for stay in own]
        return dict.fromkeys(ids, found)

    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """OneRoster `users` with a role of staff."""
        return {
            key: user if isinstance(user, AdapterError) else mapping.staff(user)
            for key, user in (await self.members(ids)).items()
        }

    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """OneRoster `roles` of each member of staff, or `role` and `orgs` in version 1.1."""
        members = await self.members(ids)
        if not any(isinstance(user, api.User) for user in members.values()):
            return {key: why for key, why in members.items() if isinstance(why, AdapterError)}
        orgs = {row.sourcedId: row for row in await self.rows(api.ORGS)}
        calendar, today = await self.calendar(), _today()
        found: dict[StaffId, list[StaffAssignment] | AdapterError] = {}
        for key, user in members.items():
            if isinstance(user, AdapterError):
                found[key] = user
            else:
                own = mapping.staff_assignments(user, key, orgs, calendar, today)
                found[key] = sorted(own, key=lambda each: (each.begin_date, each.vendor_id))
        return found

    async def _stays(self, persons: Sequence[Person]) -> dict[StudentId, list[SchoolEnrollment]]:
        """Stays of each person; schools and sessions are read once for all."""
        schools = {row.sourcedId: row for row in await self.schools()}
        calendar, today = await self.calendar(), _today()
        return {
            person.student_id: mapping.school_enrollments(person, schools, calendar, today) for person in persons
        }


def _today() -> dt.date:
    """Today in UTC: which school year has begun is asked of nothing finer."""
    return dt.datetime.now(dt.UTC).date()
