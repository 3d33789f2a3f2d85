"""Keys such as `sis_user_id:604822` as the segment of an address that Canvas reads them from."""

from __future__ import annotations

import re
from urllib.parse import quote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import SectionId, StudentId

USER_FIELDS = frozenset({"sis_user_id", "sis_integration_id"})
SECTION_FIELDS = frozenset({"sis_section_id"})

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@+_~-]{0,127}")


def user_path(student: StudentId) -> str:
    """
    The segment that names a user.

    Raises:
        BadKeyError: Canvas cannot be asked for it.
    """
    field, _, text = student.partition(":")
    if field == "sis_login_id" and _LOGIN.fullmatch(text):
        return f"{field}:{quote(text, safe='')}"  # mostly an e-mail address, which an id in general may not be
    return _segment(field, text, USER_FIELDS)


def section_path(section: SectionId) -> str:
    """
    The segment that names a section.

    Raises:
        BadKeyError: Canvas cannot be asked for it.
    """
    field, _, text = section.partition(":")
    return _segment(field, text, SECTION_FIELDS)


def _segment(field: str, text: str, fields: frozenset[str]) -> str:
    """`id` is Canvas's own number, and digits only: `self` would be whoever the token belongs to."""
    if field == "id" and text.isascii() and text.isdigit():
        return text
    if field not in fields:
        raise BadKeyError("not a kind of id that Canvas can be asked for")
    return f"{field}:{path_id(text)}"
