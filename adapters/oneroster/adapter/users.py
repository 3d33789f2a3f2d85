"""Who a key stands for, and who the users are that other rows name."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence

from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.model import StaffId, StudentId
from student_graph.adapters.oneroster.api.payload import Resource
from student_graph.adapters.oneroster.api.rostering import (
    DEMOGRAPHICS,
    SESSIONS,
    STAFF_ROLES,
    STUDENTS,
    USERS,
    User,
)
from student_graph.adapters.oneroster.client.filters import Field, literal, one_of
from student_graph.adapters.oneroster.client.keys import (
    StudentKey,
    linked_id_of,
    staff_id_of,
    student_id_of,
    student_key,
)
from student_graph.adapters.oneroster.client.requests import OneRosterAccess, Related, whole
from student_graph.adapters.oneroster.mapping.people import Person, subject_of
from student_graph.adapters.oneroster.mapping.schools import Calendar

log = logging.getLogger(__name__)

USER_OF_ID = Related(USERS, "sourcedId")
FILTERED: dict[str, Field] = {"identifier": "identifier", "userMasterIdentifier": "userMasterIdentifier"}
"""Fields of a user that servers may filter by; by any other everybody is read."""


class Users(OneRosterAccess):
    """People by their keys, and keys by people. A child with two users is one person."""

    async def calendar(self) -> Calendar:
        """The district's school years, terms and grading periods."""
        return Calendar(await self.rows(SESSIONS))

    async def everybody(self) -> list[Person]:
        """All students who have the district's number, by number."""
        found: dict[StudentId, list[User]] = {}
        for user in sorted(await self.rows(STUDENTS), key=lambda user: user.sourcedId):
            if number := student_id_of(user, self.settings.student_id_field):
                found.setdefault(number, []).append(user)
            else:
                log.warning("a student without the district's number was dropped")
        return [Person(number, found[number]) for number in sorted(found)]

    async def persons(self, ids: Sequence[StudentId]) -> dict[StudentId, Person | AdapterError]:
        """The person of each key; absent where there is none."""
        keys: dict[StudentId, StudentKey] = {}
        found: dict[StudentId, Person | AdapterError] = {}
        for each in ids:
            try:
                keys[each] = student_key(each, self.settings.student_id_field)
            except BadKeyError as why:
                found[each] = why
        told: dict[tuple[str, str], list[User] | AdapterError] = {}
        for field in dict.fromkeys(key.field for key in keys.values()):
            values = dict.fromkeys(key.value for key in keys.values() if key.field == field)
            users = await self._users_by(STUDENTS, field, list(values))
            told.update(((field, value), some) for value, some in users.items())

        async def person(each: StudentId) -> Person | None:
            key = keys[each]
            users = told.get((key.field, key.value))
            if isinstance(users, AdapterError):
                raise users
            return await self._person(each, users, linked=key.linked) if users else None

        return found | await self.gather_by_key(list(keys), person)

    async def owners(
        self, ids: Iterable[str], *, linked: bool = False, known: Iterable[User] = ()
    ) -> dict[str, Person]:
        """Students by the ids of their users, as far as they have a number; `known` need no reading."""
        wanted, own = set(ids), self.settings.student_id_field
        if own == "sourcedId" and not linked:
            return {each: Person(StudentId(each)) for each in wanted}
        users = {user.sourcedId: user for user in known if user.sourcedId in wanted}
        users |= await self.by_ids(STUDENTS, wanted - users.keys(), self.settings.students)

        async def owner(each: str) -> Person | None:
            number = linked_id_of(users[each]) if linked else student_id_of(users[each], own)
            return await self._person(number, [users[each]], linked=linked) if number else None

        found = whole(await self.gather_by_key(list(users), owner))
        if nameless := len(wanted - found.keys()):
            log.warning("rows of %d users without the district's number were dropped", nameless)
        return found

    async def members(self, ids: Sequence[StaffId]) -> dict[StaffId, User | AdapterError]:
        """Members of staff by number; absent where there is none."""
        numbers: list[str] = []
        found: dict[StaffId, User | AdapterError] = {}
        for each in ids:
            try:
                literal(each)
                numbers.append(each)
            except BadKeyError as why:
                found[each] = why
        for number, users in (await self._users_by(USERS, "identifier", numbers)).items():
            if isinstance(users, AdapterError):
                found[StaffId(number)] = users
            elif members := [user for user in users if user.has_role(*STAFF_ROLES)]:
                found[StaffId(number)] = members[0]
        nameless = [each for each in numbers if each not in found]
        for key, users in (await self.related(USER_OF_ID, nameless)).items():
            if isinstance(users, AdapterError):
                found[StaffId(key)] = users
            elif members := [user for user in users if user.has_role(*STAFF_ROLES) and staff_id_of(user) == key]:
                found[StaffId(key)] = members[0]
        return found

    async def birth_date(self, users: Iterable[User]) -> dt.date | None:
        """Birth date of a person, who may have several users."""
        for user in users:
            row = await self.one(DEMOGRAPHICS, user.sourcedId)
            if row and row.birthDate:
                return row.birthDate
        return None

    async def _person(self, key: StudentId, users: Sequence[User], *, linked: bool) -> Person:
        users = sorted(users, key=lambda user: user.sourcedId)
        if not linked:
            return Person(key, users)
        born = await self.birth_date(users) if self.settings.birth_dates else None
        return Person(key, users, subject_of(users, born))

    async def _users_by(
        self, resource: Resource[User], field: str, values: list[str]
    ) -> dict[str, list[User] | AdapterError]:
        """Users whose field has each value: by id, by a filter that works, or from everybody."""
        if not values:
            return {}
        if field == "sourcedId":
            return {
                value: user if isinstance(user, AdapterError) else [user]
                for value, user in (await self.gather_by_key(values, lambda one: self.one(resource, one))).items()
            }
        by = FILTERED.get(field)
        if by and await self.probe.filters(resource, by):
            return await self._filtered(resource, by, values)
        wanted, found = set(values), dict[str, list[User] | AdapterError]()
        for user in await self.rows(resource):
            for value in wanted & set(user.values(field)):
                some = found.setdefault(value, [])
                if isinstance(some, list):
                    some.append(user)
        return found

    async def _filtered(
        self, resource: Resource[User], by: Field, values: list[str]
    ) -> dict[str, list[User] | AdapterError]:
        """One question for each value, or for every two where the server takes that."""
        size = 2 if len(values) > 1 and await self.probe.filters(resource, by, either=True) else 1
        asks = [tuple(values[start : start + size]) for start in range(0, len(values), size)]

        async def ask(some: tuple[str, ...]) -> list[User]:
            return await self.rows(resource, one_of(by, some))

        found: dict[str, list[User] | AdapterError] = {}
        for some, users in (await self.gather_by_key(asks, ask)).items():
            for value in some:
                found[value] = (
                    users if isinstance(users, AdapterError) else [u for u in users if value in u.values(by)]
                )
        return found


def made(batch: dict[StudentId, Person | AdapterError]) -> dict[StudentId, Person]:
    """The persons of a batch that were found."""
    return {key: person for key, person in batch.items() if isinstance(person, Person)}
