"""The base of lookups about people: finds students by key, their users by reference, and staff by number."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence

from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.model import StaffId, StudentId
from student_graph.adapters.oneroster.adapter.lookups import OneRosterLookups
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
    parse_student_key,
    staff_id_of,
    student_id_of,
)
from student_graph.adapters.oneroster.client.requests import Relation, require_all
from student_graph.adapters.oneroster.mapping.people import Person, subject_of
from student_graph.adapters.oneroster.mapping.schools import Calendar

log = logging.getLogger(__name__)

USERS_WITH_ID = Relation(USERS, "sourcedId")
FILTER_FIELDS: dict[str, Field] = {"identifier": "identifier", "userMasterIdentifier": "userMasterIdentifier"}
"""Fields by which servers may filter users. For other fields all users are read."""


class UserLookups(OneRosterLookups):
    """Finds the users of students and staff. All users with one student number are one person."""

    async def calendar(self) -> Calendar:
        """The school years, terms and grading periods of the district."""
        return Calendar(await self.client.read_rows(SESSIONS))

    async def all_students(self) -> list[Person]:
        """All students who have a student number, sorted by number."""
        users_by_number: dict[StudentId, list[User]] = {}
        for user in sorted(await self.client.read_rows(STUDENTS), key=lambda user: user.sourcedId):
            if number := student_id_of(user, self.settings.student_id_field):
                users_by_number.setdefault(number, []).append(user)
            else:
                log.warning("a student without a student number was dropped")
        return [Person(number, users_by_number[number]) for number in sorted(users_by_number)]

    async def find_persons(self, keys: Sequence[StudentId]) -> dict[StudentId, Person | AdapterError]:
        """The person of each key; a key of no student is absent."""
        parsed_keys: dict[StudentId, StudentKey] = {}
        errors: dict[StudentId, Person | AdapterError] = {}
        for key in keys:
            try:
                parsed_keys[key] = parse_student_key(key, self.settings.student_id_field)
            except BadKeyError as error:
                errors[key] = error
        answers: dict[tuple[str, str], list[User] | AdapterError] = {}
        for field in dict.fromkeys(parsed.field for parsed in parsed_keys.values()):
            values = dict.fromkeys(parsed.value for parsed in parsed_keys.values() if parsed.field == field)
            users_by_value = await self._users_by_field(STUDENTS, field, list(values))
            answers.update(((field, value), answer) for value, answer in users_by_value.items())

        async def person_of(key: StudentId) -> Person | None:
            parsed = parsed_keys[key]
            users = answers.get((parsed.field, parsed.value))
            if isinstance(users, AdapterError):
                raise users
            return await self._person(key, users, linked=parsed.linked) if users else None

        return errors | await self.client.read_by_key(list(parsed_keys), person_of)

    async def persons_of_users(
        self, user_ids: Iterable[str], *, linked: bool = False, loaded: Iterable[User] = ()
    ) -> dict[str, Person]:
        """
        The student of each user, by the user's id; users without a student number are absent.

        Users in `loaded` are not read again. `linked` makes keys for a source that identity rules link.
        """
        distinct_ids, number_field = set(user_ids), self.settings.student_id_field
        if number_field == "sourcedId" and not linked:
            return {user_id: Person(StudentId(user_id)) for user_id in distinct_ids}
        users = {user.sourcedId: user for user in loaded if user.sourcedId in distinct_ids}
        users |= await self.client.read_by_ids(
            STUDENTS, distinct_ids - users.keys(), estimated_rows=self.settings.students
        )

        async def person_of(user_id: str) -> Person | None:
            user = users[user_id]
            number = linked_id_of(user) if linked else student_id_of(user, number_field)
            return await self._person(number, [user], linked=linked) if number else None

        persons = require_all(await self.client.read_by_key(list(users), person_of))
        if dropped := len(distinct_ids - persons.keys()):
            log.warning("rows of %d users without a student number were dropped", dropped)
        return persons

    async def staff_users(self, keys: Sequence[StaffId]) -> dict[StaffId, User | AdapterError]:
        """The user of each member of staff, by `identifier` or `sourcedId`; an unknown key is absent."""
        numbers: list[str] = []
        answers: dict[StaffId, User | AdapterError] = {}
        for key in keys:
            try:
                literal(key)
                numbers.append(key)
            except BadKeyError as error:
                answers[key] = error
        for number, users in (await self._users_by_field(USERS, "identifier", numbers)).items():
            if isinstance(users, AdapterError):
                answers[StaffId(number)] = users
            elif members := [user for user in users if user.has_role(*STAFF_ROLES)]:
                answers[StaffId(number)] = members[0]
        remaining = [number for number in numbers if number not in answers]
        for number, users in (await self.client.read_related(USERS_WITH_ID, remaining)).items():
            if isinstance(users, AdapterError):
                answers[StaffId(number)] = users
            elif members := [
                user for user in users if user.has_role(*STAFF_ROLES) and staff_id_of(user) == number
            ]:
                answers[StaffId(number)] = members[0]
        return answers

    async def birth_date(self, users: Iterable[User]) -> dt.date | None:
        """The birth date of a person, from the demographics of the first user that has it; None if none has."""
        for user in users:
            row = await self.client.read_object(DEMOGRAPHICS, user.sourcedId)
            if row and row.birthDate:
                return row.birthDate
        return None

    async def _person(self, key: StudentId, users: Sequence[User], *, linked: bool) -> Person:
        """A person; with a subject if the source is linked by identity rules."""
        users = sorted(users, key=lambda user: user.sourcedId)
        if not linked:
            return Person(key, users)
        birth_date = await self.birth_date(users) if self.settings.birth_dates else None
        return Person(key, users, subject_of(users, birth_date))

    async def _users_by_field(
        self, resource: Resource[User], field: str, values: list[str]
    ) -> dict[str, list[User] | AdapterError]:
        """The users whose field has each value: read by id, with a filter that works, or from all users."""
        if not values:
            return {}
        if field == "sourcedId":
            users = await self.client.read_by_key(values, lambda key: self.client.read_object(resource, key))
            return {key: user if isinstance(user, AdapterError) else [user] for key, user in users.items()}
        filter_field = FILTER_FIELDS.get(field)
        if filter_field and await self.client.probe.supports_filter(resource, filter_field):
            return await self._filtered_users(resource, filter_field, values)
        distinct_values, users_by_value = set(values), dict[str, list[User] | AdapterError]()
        for user in await self.client.read_rows(resource):
            for value in distinct_values & set(user.values(field)):
                users_of_value = users_by_value.setdefault(value, [])
                if isinstance(users_of_value, list):
                    users_of_value.append(user)
        return users_by_value

    async def _filtered_users(
        self, resource: Resource[User], field: Field, values: list[str]
    ) -> dict[str, list[User] | AdapterError]:
        """The users of each value: one request for each two values if the server supports `OR`, else for each."""
        probe = self.client.probe
        size = 2 if len(values) > 1 and await probe.supports_filter(resource, field, two_values=True) else 1
        groups = [tuple(values[start : start + size]) for start in range(0, len(values), size)]

        async def read_group(group: tuple[str, ...]) -> list[User]:
            return await self.client.read_rows(resource, one_of(field, group))

        users_by_value: dict[str, list[User] | AdapterError] = {}
        for group, users in (await self.client.read_by_key(groups, read_group)).items():
            for value in group:
                users_by_value[value] = (
                    users
                    if isinstance(users, AdapterError)
                    else [user for user in users if value in user.values(field)]
                )
        return users_by_value
