"""Converts keys such as `sis_user_id:604822` to the path segments by which Canvas names users and sections."""

from __future__ import annotations

import re
from urllib.parse import quote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import SectionId, StudentId

USER_FIELDS = frozenset({"sis_user_id", "sis_integration_id"})
SECTION_FIELDS = frozenset({"sis_section_id"})

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@+_~-]{0,127}")


def user_segment(student_id: StudentId) -> str:
    """
    The path segment of a user.

    Raises:
        BadKeyError: The key cannot be sent to Canvas.
    """
    field, _, text = student_id.partition(":")
    if field == "sis_login_id" and _LOGIN.fullmatch(text):
        return f"{field}:{quote(text, safe='')}"  # usually an e-mail address, which `path_id` refuses
    return _segment(field, text, USER_FIELDS)


def section_segment(section_id: SectionId) -> str:
    """
    The path segment of a section.

    Raises:
        BadKeyError: The key cannot be sent to Canvas.
    """
    field, _, text = section_id.partition(":")
    return _segment(field, text, SECTION_FIELDS)


def _segment(field: str, text: str, fields: frozenset[str]) -> str:
    """An `id` is Canvas's own number and must be digits: the segment `self` would name the owner of the token."""
    if field == "id" and text.isascii() and text.isdigit():
        return text
    if field not in fields:
        raise BadKeyError("Canvas does not look up this kind of id")
    return f"{field}:{path_id(text)}"
