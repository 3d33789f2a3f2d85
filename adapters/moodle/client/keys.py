"""Converts keys such as `idnumber:604822` and `sis_section:ALG-1` to what Moodle finds by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.keys import query_text
from student_graph.adapters.model import LmsCourseId, SectionId, StudentId

SectionLink: TypeAlias = Literal["idnumber", "shortname"]
"""Which part of a course names its section of the student information system."""

USER_FIELDS = ("idnumber", "username", "email", "id")
"""Fields by which Moodle finds users (`core_user_get_users_by_field`); the first that a user has is its key."""
SECTION_FIELD = "sis_section"
_MAX_ID_DIGITS = 18
"""Maximum number of digits of an id: Moodle's ids are 64-bit numbers."""
_MARKUP = frozenset("<>&")
"""Characters that Moodle's cleaning of parameters may change: it then refuses the batch of the key."""


def user_field(student_id: StudentId) -> tuple[str, str]:
    """
    The field and the value by which Moodle finds a user.

    Raises:
        BadKeyError: The key cannot be sent to Moodle.
    """
    field, _, text = student_id.partition(":")
    if field not in USER_FIELDS or (field == "id" and not _is_id(text)):
        raise BadKeyError("Moodle does not look up this kind of id")
    return field, _plain(text)


def course_id(key: LmsCourseId) -> int:
    """
    Moodle's id of a course.

    Raises:
        BadKeyError: It is no such id.
    """
    if not _is_id(key):
        raise BadKeyError("not an id of a course")
    return int(key)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and text[:1] != "0" and len(text) <= _MAX_ID_DIGITS


def _plain(text: str) -> str:
    """
    The text, if Moodle compares it unchanged.

    Raises:
        BadKeyError: Moodle trims blanks and removes markup before it compares.
    """
    if text != text.strip() or not _MARKUP.isdisjoint(text):
        raise BadKeyError("not a possible id")
    return query_text(text)


@dataclass(frozen=True, slots=True)
class SectionNames:
    """How courses name their section of the student information system."""

    link: SectionLink | None
    """None if they do not."""
    prefix: str = ""
    """Text before the section's identifier."""

    def text(self, section_id: SectionId) -> str:
        """
        What names the course of a section.

        Raises:
            BadKeyError: No course can have it.
        """
        field, _, identifier = section_id.partition(":")
        if field != SECTION_FIELD:
            raise BadKeyError("Moodle does not look up this kind of id")
        return _plain(f"{self.prefix}{_plain(identifier)}")

    def section_id(self, text: str | None) -> SectionId | None:
        """The key of the section that a text of a course names; None if it names none."""
        text = (text or "").strip()
        identifier = text.removeprefix(self.prefix)
        if self.link is None or not text.startswith(self.prefix) or not identifier.strip():
            return None
        return SectionId(vendor_key(SECTION_FIELD, identifier))
