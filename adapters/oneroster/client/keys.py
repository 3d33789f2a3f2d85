"""
Keys of students, staff, schools and sections, and the fields of OneRoster that hold them.

For a student information system, a key is the district's own number. For a source that identity rules link, it is
a field and its value, such as `userIds.State:604822`, and the records say which identifiers the vendor has for the
student.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from student_graph.adapters.identity import vendor_key
from student_graph.adapters.keys import query_text
from student_graph.adapters.model import ContactId, SectionId, StaffId, StudentId
from student_graph.adapters.oneroster.api.rostering import User

_FIELDS = frozenset({"email", "identifier", "sourcedId", "userMasterIdentifier", "username"})
_TYPED_PREFIX = "userIds."


class StudentKey(NamedTuple):
    """The parsed key of a student."""

    field: str
    value: str
    linked: bool
    """Whether identity rules made the key. The records then have a subject."""


def parse_student_key(key: StudentId, number_field: str) -> StudentKey:
    """
    Parse the key of a student; `number_field` is the field that holds the district's student number.

    Raises:
        BadKeyError: No student can have such a key.
    """
    field, _, value = key.partition(":")
    number = is_district_id(key)
    parsed = StudentKey(number_field, key, linked=False) if number else StudentKey(field, value, linked=True)
    query_text(parsed.value)
    return parsed


def is_district_id(key: str) -> bool:
    """Whether a key is the district's own id; identity rules make keys of a field and its value instead."""
    field, colon, _ = key.partition(":")
    return not colon or not (field in _FIELDS or field.startswith(_TYPED_PREFIX))


def parse_section_key(key: SectionId) -> str:
    """
    Parse the key of a section; returns the `sourcedId` of its class.

    Raises:
        BadKeyError: No class can have such a key.
    """
    return query_text(key.removeprefix("sourcedId:"))


def is_linked(key: SectionId) -> bool:
    """Whether identity rules made the key of a section."""
    return key.startswith("sourcedId:")


def student_id_of(user: User, number_field: str) -> StudentId | None:
    """The district's number of a student; None if the user has none."""
    return StudentId(number) if (number := next(user.values(number_field), None)) else None


def number_of(user: User) -> str:
    """The district's number of a member of staff or a contact: `identifier`, or `sourcedId` if there is none."""
    return user.identifier or user.sourcedId


def staff_id_of(user: User) -> StaffId:
    """The district's number of a member of staff."""
    return StaffId(number_of(user))


def contact_id_of(user: User) -> ContactId:
    """The district's number of a parent, guardian or relative."""
    return ContactId(number_of(user))


def linked_id_of(user: User) -> StudentId:
    """The key of a student in a linked source who is found through another record."""
    return StudentId(vendor_key("sourcedId", user.sourcedId))


def ids_of(users: Iterable[User]) -> tuple[tuple[str, str], ...]:
    """All identifiers of users as pairs of field and value, which identity rules compare."""
    identifiers: dict[tuple[str, str], None] = {}
    for user in users:
        plain = (
            ("sourcedId", user.sourcedId),
            ("identifier", user.identifier),
            ("userMasterIdentifier", user.userMasterIdentifier),
            ("username", user.username),
            ("email", user.email),
        )
        typed = (
            (f"{_TYPED_PREFIX}{user_id.type}", user_id.identifier) for user_id in user.userIds if user_id.type
        )
        identifiers.update(((field, value), None) for field, value in (*plain, *typed) if value)
    return tuple(identifiers)
