"""Converts keys such as `email:ada@hill.example` and `sis_section:ALG-1` to what Classroom finds by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.keys import is_path_segment
from student_graph.adapters.model import SectionId, StudentId

SectionLink: TypeAlias = Literal["domain_alias", "project_alias", "section"]
"""Which part of a course names its section of the student information system."""

SECTION_FIELD = "sis_section"
_ALIAS_SCOPES = {"domain_alias": "d:", "project_alias": "p:"}
_EMAIL = re.compile(r"[a-z0-9][a-z0-9.!#&'*+=_~-]{0,63}@[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9.!#&'*+=_~-]{0,63}")
_MAX_USER_ID_DIGITS = 32


def user_of(student_id: StudentId, student_domain: str | None) -> str:
    """
    What names a user in a request: an e-mail address, or Google's number.

    The text `me` would name the administrator, so that an id must be digits.

    Raises:
        BadKeyError: The key cannot be sent to Classroom.
    """
    field, _, text = student_id.partition(":")
    if field == "email" and _EMAIL.fullmatch(text):
        return text
    if field == "id" and text.isascii() and text.isdigit() and len(text) <= _MAX_USER_ID_DIGITS:
        return text
    if field == "login" and student_domain is not None and _LOGIN.fullmatch(text):
        return f"{text}@{student_domain}"
    raise BadKeyError("Google Classroom does not look up this kind of id")


@dataclass(frozen=True, slots=True)
class SectionNames:
    """How courses name their section of the student information system."""

    link: SectionLink | None
    """None if they do not."""
    prefix: str = ""
    """Text before the section's identifier."""

    @property
    def in_aliases(self) -> bool:
        """Whether aliases name the section, which take a request of their own for each course."""
        return self.link in _ALIAS_SCOPES

    def text(self, section_id: SectionId) -> str:
        """
        The alias, or the text in `section`, of the course of a section.

        Raises:
            BadKeyError: No course can have it.
        """
        field, _, identifier = section_id.partition(":")
        if field != SECTION_FIELD or not is_path_segment(identifier):
            raise BadKeyError("Google Classroom does not look up this kind of id")
        return f"{_ALIAS_SCOPES.get(self.link or '', '')}{self.prefix}{identifier}"

    def section_id(self, text: str | None) -> SectionId | None:
        """The key of the section that an alias, or the text in `section`, names; None if it names none."""
        scope = _ALIAS_SCOPES.get(self.link or "", "") + self.prefix
        text = (text or "").strip()
        identifier = text.removeprefix(scope)
        if self.link is None or not text.startswith(scope) or not is_path_segment(identifier):
            return None
        return SectionId(vendor_key(SECTION_FIELD, identifier))
