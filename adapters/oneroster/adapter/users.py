"""The base of lookups about people: finds students by key, their users by reference, and staff by number."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.keys import query_text
from student_graph.adapters.model import StudentId
from student_graph.adapters.oneroster.adapter.lookups import OneRosterLookups
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.oneroster.api.rostering import (
    DEMOGRAPHICS,
    SESSIONS,
    STUDENTS,
    USERS,
    Demographics,
    User,
)
from student_graph.adapters.oneroster.client.filters import Field
from student_graph.adapters.oneroster.client.keys import (
    StudentKey,
    linked_id_of,
    number_of,
    parse_student_key,
    student_id_of,
)
from student_graph.adapters.oneroster.client.requests import Relation
from student_graph.adapters.oneroster.client.rows import known_objects, require_all, rows_by_value
from student_graph.adapters.oneroster.mapping.people import Person, subject_of
from student_graph.adapters.oneroster.mapping.schools import Calendar
from student_graph.adapters.reading import reading_key

K = TypeVar("K", bound=str)
V = TypeVar("V")

log = logging.getLogger(__name__)

USERS_WITH_ID = Relation(USERS, "sourcedId")
FILTER_FIELDS: dict[str, Field] = {"identifier": "identifier", "userMasterIdentifier": "userMasterIdentifier"}
"""Fields by which servers may filter users. For other fields all users are read."""
USERS_PER_STUDENT = 3
"""Estimated number of users of the district divided by its students, contacts included."""


class UserLookups(OneRosterLookups):
    """Finds the users of students and staff. All users with one student number are one person."""

    async def calendar(self) -> Calendar:
        """The school years, terms and grading periods of the district."""
        return Calendar(await self.client.read_rows(SESSIONS), self.settings.session_end)

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
        users_by_key: dict[StudentId, list[User]] = {}
        for key, parsed in parsed_keys.items():
            users = answers.get((parsed.field, parsed.value), [])
            if isinstance(users, AdapterError):
                errors[key] = users
            elif own_users := users if parsed.linked else [user for user in users if self._number_of(user) == key]:
                users_by_key[key] = own_users
        linked = {key for key, parsed in parsed_keys.items() if parsed.linked}
        return errors | await self._persons(users_by_key, linked)

    async def persons_of_users(
        self, user_ids: Iterable[str], *, linked: bool = False, loaded: Iterable[User] = ()
    ) -> dict[str, Person]:
        """
        The student of each user, by the user's id; users without a student number, or not active, are absent.

        Users in `loaded` are not read again. `linked` makes keys for a source that identity rules link.
        """
        distinct_ids = set(user_ids)
        users = {user.sourcedId: user for user in loaded if user.sourcedId in distinct_ids}
        users |= await self.client.read_by_ids(
            STUDENTS, distinct_ids - users.keys(), estimated_rows=self.settings.students
        )
        return await self._persons_by_user(users, distinct_ids, linked=linked)

    async def persons_of_all_users(self, user_ids: Iterable[str]) -> dict[str, Person]:
        """Like `persons_of_users`, from the list of all students."""
        distinct_ids = set(user_ids)
        students = await self.client.read_rows(STUDENTS, with_inactive=True)
        users = {user.sourcedId: user for user in students if user.sourcedId in distinct_ids}
        users = known_objects(users, distinct_ids)
        return await self._persons_by_user(users, distinct_ids, linked=False)

    async def users_with_roles(
        self, keys: Sequence[K], roles: Collection[str]
    ) -> dict[K, list[User] | AdapterError]:
        """
        All users with one of the roles of each member of staff or contact; an unknown key is absent.

        A key is an `identifier`, or a `sourcedId` of a user without one. Some servers have a user for each school
        of a person.
        """
        numbers: list[K] = []
        answers: dict[K, list[User] | AdapterError] = {}
        for key in keys:
            try:
                query_text(key)
                numbers.append(key)
            except BadKeyError as error:
                answers[key] = error

        def add(users_by_value: Mapping[str, list[User] | AdapterError]) -> None:
            for number in numbers:
                users = users_by_value.get(number, [])
                if isinstance(users, AdapterError):
                    answers[number] = users
                elif own_users := [user for user in users if user.has_role(*roles) and number_of(user) == number]:
                    answers[number] = sorted(own_users, key=lambda user: user.sourcedId)

        add(await self._users_by_field(USERS, "identifier", list(numbers)))
        remaining = [number for number in numbers if number not in answers]
        add(await self.client.read_related(USERS_WITH_ID, remaining))
        return answers

    async def demographics_of(self, users: Iterable[User]) -> dict[str, Demographics | AdapterError]:
        """The demographics of users, by the user's id; users without demographics are absent."""
        ids = {user.sourcedId for user in users}
        return await self.client.read_objects(DEMOGRAPHICS, ids, estimated_rows=self.settings.students)

    def _number_of(self, user: User) -> StudentId | None:
        return student_id_of(user, self.settings.student_id_field)

    async def _persons_by_user(
        self, users: Mapping[str, User], user_ids: set[str], *, linked: bool
    ) -> dict[str, Person]:
        """The student of each user, by the user's id. The log says how many of the users are no students."""
        numbers: dict[str, StudentId] = {}
        for user_id, user in users.items():
            if number := linked_id_of(user) if linked else self._number_of(user):
                numbers[user_id] = number
        if dropped := len(user_ids - numbers.keys()):
            log.warning("rows of %d users without a student number were dropped", dropped)
        users_by_number: dict[StudentId, list[User]] = {}
        for user_id, number in numbers.items():
            users_by_number.setdefault(number, []).append(users[user_id])
        persons = require_all(await self._persons(users_by_number, users_by_number.keys() if linked else ()))
        return {user_id: persons[number] for user_id, number in numbers.items()}

    async def _persons(
        self, users_by_key: Mapping[StudentId, Sequence[User]], linked: Collection[StudentId]
    ) -> dict[StudentId, Person | AdapterError]:
        """The person of each key. Those in `linked` have a subject, which identity rules compare."""
        linked_users = [user for key in linked for user in users_by_key.get(key, ())]
        rows = await self.demographics_of(linked_users) if linked_users and self.settings.birth_dates else {}
        persons: dict[StudentId, Person | AdapterError] = {}
        for key, key_users in users_by_key.items():
            users = sorted(key_users, key=lambda user: user.sourcedId)
            if key not in linked:
                persons[key] = Person(key, users)
                continue
            try:
                persons[key] = Person(key, users, subject_of(users, birth_date_of(users, rows)))
            except AdapterError as error:
                persons[key] = error
        return persons

    async def _users_by_field(
        self, resource: Resource[User], field: str, values: list[str]
    ) -> dict[str, list[User] | AdapterError]:
        """The users whose field has each value: read by id, with filters that work, or from all users."""
        if not values:
            return {}
        client, estimated_rows = (
            self.client,
            self.settings.students * (USERS_PER_STUDENT if resource is USERS else 1),
        )
        if field == "sourcedId":
            users = await client.read_objects(resource, values, estimated_rows=estimated_rows)
            return {key: user if isinstance(user, AdapterError) else [user] for key, user in users.items()}
        filter_field = FILTER_FIELDS.get(field)
        if filter_field and (size := await client.values_per_filter(resource, filter_field, len(values))):
            calls = -(-len(values) // size)
            if calls <= self.settings.pages(estimated_rows):
                return await client.read_filtered(resource, filter_field, values, size)
        return rows_by_value(await client.read_rows(resource), field, values)


def birth_date_of(users: Iterable[User], rows: Mapping[str, Demographics | AdapterError]) -> dt.date | None:
    """
    The birth date of a person, from the demographics of the first user that has it; None if none has.

    Raises:
        AdapterError: The demographics of that user, or of one before it, could not be read.
    """
    for user in users:
        row = rows.get(user.sourcedId)
        if isinstance(row, AdapterError):
            raise row
        if row and row.birthDate:
            return row.birthDate
    return None


def answers_of(
    persons: Mapping[StudentId, Person | AdapterError], answer: Callable[[Person], V | None]
) -> dict[StudentId, V | AdapterError]:
    """
    The answer for each person, or the error of the person or of `answer`; absent where that returns None.
    """
    batch: dict[StudentId, V | AdapterError] = {}
    for key, person in persons.items():
        try:
            with reading_key(key):
                result = person if isinstance(person, AdapterError) else answer(person)
        except AdapterError as error:
            result = error
        if result is not None:
            batch[key] = result
    return batch


def current_day() -> dt.date:
    """Today in UTC: exact enough for school years that have begun and roles that have ended."""
    return dt.datetime.now(dt.UTC).date()
