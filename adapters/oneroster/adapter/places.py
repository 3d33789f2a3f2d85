"""Lookups of who is in which class: OneRoster `enrollments`, the cheapest way that the server offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import SectionEnrollment, SectionId, SectionStaff, StaffId, StudentId
from student_graph.adapters.oneroster.adapter.schools import Schools, parsed
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import is_linked
from student_graph.adapters.oneroster.client.requests import Related, whole
from student_graph.adapters.oneroster.mapping import people as mapping
from student_graph.adapters.oneroster.mapping.people import Person

OF_CLASS = Related(api.ENROLLMENTS, "class.sourcedId")
OF_USER = Related(api.ENROLLMENTS, "user.sourcedId")
STUDENTS_OF_CLASS = "classes/{}/students"
CLASSES_OF_USER = "users/{}/classes"
ENROLLMENTS_OF_CLASS = "schools/{}/classes/{}/enrollments"
STUDENT = "student"

R = TypeVar("R")
Rows = Mapping[str, list[api.Enrollment] | AdapterError]


class Places(Schools):
    """Who is in which class, as student or as staff."""

    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        """OneRoster `enrollments` of each class, of students."""
        keys, bad = parsed(ids)
        rows = await self._in_classes(keys.values())
        linked = any(map(is_linked, ids))
        named = _users(rows, {STUDENT})
        owners = await self.owners(named, linked=linked, known=await self._students_in(keys.values(), named))
        found: dict[SectionId, list[SectionEnrollment] | AdapterError] = dict(bad.items())
        for key, each in keys.items():
            told = rows.get(each, [])
            found[key] = told if isinstance(told, AdapterError) else _enrollments(key, told, owners)
        return found

    async def section_staff_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[SectionStaff]]:
        """OneRoster `enrollments` of each class, of everybody but students."""
        keys, bad = parsed(ids)
        rows = await self._in_classes(keys.values())
        users = await self.by_ids(api.USERS, _users(rows, api.STAFF_ROLES), self.settings.students)
        found: dict[SectionId, list[SectionStaff] | AdapterError] = dict(bad.items())
        for key, each in keys.items():
            told = rows.get(each, [])
            found[key] = told if isinstance(told, AdapterError) else _staff(key, told, users)
        return found

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """OneRoster `enrollments` of all users that are each student."""
        persons = await self.persons(ids)
        people = {key: person for key, person in persons.items() if isinstance(person, Person)}
        rows = await self._of_users({user.sourcedId for person in people.values() for user in person.users})
        found: dict[StudentId, list[SectionEnrollment] | AdapterError] = {
            key: why for key, why in persons.items() if isinstance(why, AdapterError)
        }
        for key, person in people.items():
            told = joined([rows.get(user.sourcedId, []) for user in person.users])
            found[key] = told if isinstance(told, AdapterError) else _of_student(person, told)
        return found

    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """OneRoster `enrollments` of each member of staff."""
        members = await self.members(ids)
        users = {key: user for key, user in members.items() if isinstance(user, api.User)}
        rows = await self._of_users({user.sourcedId for user in users.values()})
        found: dict[StaffId, list[SectionStaff] | AdapterError] = {
            key: why for key, why in members.items() if isinstance(why, AdapterError)
        }
        for key, user in users.items():
            told = rows.get(user.sourcedId, [])
            found[key] = told if isinstance(told, AdapterError) else _of_staff(user, told)
        return found

    async def _in_classes(self, ids: Iterable[str]) -> Rows:
        """
        Enrollments of classes: by filter, at the route of a class in its school, or from all.

        The route needs the school of the class, which is one read more.
        """
        wanted = sorted(set(ids))
        if not wanted or await self.probe.filters(api.ENROLLMENTS, OF_CLASS.field):
            return await self.related(OF_CLASS, wanted)
        if not await self._has_routes():
            return await self.related(OF_CLASS, wanted)
        return await self._at_routes(await self.by_ids(api.CLASSES, wanted, self.settings.students))

    async def _of_users(self, ids: Iterable[str]) -> Rows:
        """Enrollments of users: by filter, or at the routes of their classes, or from all."""
        wanted = sorted(set(ids))
        if not wanted or await self.probe.filters(api.ENROLLMENTS, OF_USER.field):
            return await self.related(OF_USER, wanted)
        nested = await self.probe.nests(api.CLASSES, CLASSES_OF_USER, api.ENROLLMENTS, OF_USER.field)
        if not (nested and await self._has_routes()):
            return await self.related(OF_USER, wanted)
        told = await self.gather_by_key(wanted, lambda one: self.nested(api.CLASSES, CLASSES_OF_USER, one))
        taken = {row.sourcedId: row for rows in told.values() if isinstance(rows, list) for row in rows}
        rows = await self._at_routes(taken)
        found: dict[str, list[api.Enrollment] | AdapterError] = {}
        for user in wanted:
            own = told.get(user, [])
            parts: list[list[api.Enrollment] | AdapterError]
            parts = [own] if isinstance(own, AdapterError) else [rows.get(row.sourcedId, []) for row in own]
            told_of = joined(parts)
            found[user] = (
                told_of
                if isinstance(told_of, AdapterError)
                else [row for row in told_of if user in row.values(OF_USER.field)]
            )
        return found

    async def _has_routes(self) -> bool:
        """Whether classes have their enrollments at a route below their school."""
        inside, by = ENROLLMENTS_OF_CLASS, ("school.sourcedId", "sourcedId")
        return await self.probe.nests(api.ENROLLMENTS, inside, api.CLASSES, *by)

    async def _at_routes(self, classes: Mapping[str, api.Class]) -> Rows:
        schools = {each: row.school.sourcedId for each, row in classes.items() if row.school}

        async def read(each: str) -> list[api.Enrollment]:
            inside = ENROLLMENTS_OF_CLASS
            return await self.nested(api.ENROLLMENTS, inside, schools[each], each, field=OF_CLASS.field)

        return await self.gather_by_key(list(schools), read)

    async def _students_in(self, ids: Iterable[str], named: set[str]) -> list[api.User]:
        """Students of classes, where that is one read for a class; those who left are not among them."""
        classes = sorted(set(ids))
        if self.settings.student_id_field == "sourcedId" or len(named) <= len(classes):
            return []
        if not await self.probe.nests(api.STUDENTS, STUDENTS_OF_CLASS, api.CLASSES, "sourcedId"):
            return []
        told = await self.gather_by_key(classes, lambda one: self.nested(api.STUDENTS, STUDENTS_OF_CLASS, one))
        return [user for users in whole(told).values() for user in users]


def _users(rows: Rows, roles: Iterable[str]) -> set[str]:
    """Ids of the users who have one of the roles in enrollments."""
    told = (row for some in rows.values() if isinstance(some, list) for row in some)
    return {row.user.sourcedId for row in told if row.user and row.role in set(roles)}


def joined(parts: Sequence[list[R] | AdapterError]) -> list[R] | AdapterError:
    """All rows of all parts, or the failure of one."""
    failed = next((part for part in parts if isinstance(part, AdapterError)), None)
    return failed or [row for part in parts if isinstance(part, list) for row in part]


def _of_student(person: Person, rows: Sequence[api.Enrollment]) -> list[SectionEnrollment]:
    own = [
        mapping.section_enrollment(row, SectionId(row.class_.sourcedId), person)
        for row in rows
        if row.role == STUDENT and row.class_
    ]
    return sorted(own, key=_by_begin_and_section)


def _of_staff(user: api.User, rows: Sequence[api.Enrollment]) -> list[SectionStaff]:
    own = [
        mapping.section_staff(row, SectionId(row.class_.sourcedId), user)
        for row in rows
        if row.role in api.STAFF_ROLES and row.class_
    ]
    return sorted(own, key=_by_begin_and_section)


def _enrollments(
    key: SectionId, rows: Sequence[api.Enrollment], owners: Mapping[str, Person]
) -> list[SectionEnrollment]:
    own = [
        mapping.section_enrollment(row, key, owners[row.user.sourcedId])
        for row in rows
        if row.role == STUDENT and row.user and row.user.sourcedId in owners
    ]
    return sorted(own, key=lambda each: (each.student_id, each.begin_date or dt.date.min, each.vendor_id))


def _staff(key: SectionId, rows: Sequence[api.Enrollment], users: Mapping[str, api.User]) -> list[SectionStaff]:
    own = [
        mapping.section_staff(row, key, users[row.user.sourcedId])
        for row in rows
        if row.role in api.STAFF_ROLES and row.user and row.user.sourcedId in users
    ]
    return sorted(own, key=lambda each: (each.staff_id, each.vendor_id))


def _by_begin_and_section(each: SectionEnrollment | SectionStaff) -> tuple[dt.date, str, str]:
    return each.begin_date or dt.date.min, each.section_id, each.vendor_id
