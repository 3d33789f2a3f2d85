"""
By which of their fields students, staff, schools and sections are known.

A system of record is asked by the district's own numbers. A source that is linked by identity rules is asked by
field and value, such as `userIds.State:604822`; its records then tell whom the vendor takes them to be about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from student_graph.adapters.identity import vendor_key
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import SectionId, StaffId, StudentId
from student_graph.adapters.oneroster.api.rostering import User
from student_graph.adapters.oneroster.client.filters import literal

_FIELDS = frozenset({"email", "identifier", "sourcedId", "userMasterIdentifier", "username"})
_TYPED = "userIds."


class StudentKey(NamedTuple):
    """A student as a lookup is asked for one."""

    field: str
    value: str
    linked: bool
    """Whether identity rules made the key, so that its records carry a subject."""


def student_key(key: StudentId, own_field: str) -> StudentKey:
    """
    What a key asks for.

    Raises:
        BadKeyError: nobody can have such a number.
    """
    field, colon, value = key.partition(":")
    linked = bool(colon) and (field in _FIELDS or field.startswith(_TYPED))
    found = StudentKey(field, value, linked=True) if linked else StudentKey(own_field, key, linked=False)
    path_id(found.value) if found.field == "sourcedId" else literal(found.value)
    return found


def section_key(key: SectionId) -> str:
    """
    The `sourcedId` of a class.

    Raises:
        BadKeyError: no class can have it.
    """
    return path_id(key.removeprefix("sourcedId:"))


def is_linked(key: SectionId) -> bool:
    """Whether identity rules made the key of a section."""
    return key.startswith("sourcedId:")


def student_id_of(user: User, own_field: str) -> StudentId | None:
    """The district's number of a student; None for a row that does not tell it."""
    return StudentId(number) if (number := next(user.values(own_field), None)) else None


def staff_id_of(user: User) -> StaffId:
    """The district's number of a member of staff: `identifier`, and `sourcedId` where there is none."""
    return StaffId(user.identifier or user.sourcedId)


def linked_id_of(user: User) -> StudentId:
    """A student of a linked source who was not asked for by a key of its own."""
    return StudentId(vendor_key("sourcedId", user.sourcedId))


def ids_of(users: Iterable[User]) -> tuple[tuple[str, str], ...]:
    """Every (field, value) by which identity rules may know a user."""
    found: dict[tuple[str, str], None] = {}
    for user in users:
        plain = (
            ("sourcedId", user.sourcedId),
            ("identifier", user.identifier),
            ("userMasterIdentifier", user.userMasterIdentifier),
            ("username", user.username),
            ("email", user.email),
        )
        typed = ((f"{_TYPED}{each.type}", each.identifier) for each in user.userIds if each.type)
        found.update(((field, value), None) for field, value in (*plain, *typed) if value)
    return tuple(found)
