"""
Global ids: opaque text that names one object of the graph in any district.

An id is not secret and grants no access. Every id that the graph gives out is taken back: vendors number people,
schools and sections with any text, so a key may hold blanks, slashes, quotes and letters of any script. Text that
this gateway cannot have made is refused before any source is asked. The adapter decides whether and how a key can
be sent to its vendor.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import DistrictId, SchoolId, Section, Session, StudentId

MAX_KEY_CHARACTERS = 4_096
"""
Characters of a key.

The longest are those of Ed-Fi's sections: texts of up to 375 characters; a character is encoded as nine at most.
"""
MAX_ID_CHARACTERS = 8_192
"""Characters of a global id: those of the longest key in base64, with its type and district."""
MAX_CACHED_IDS = 256
"""Ids that are remembered with their parts: a page that is read again has the same ones."""
_DISTRICT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{MAX_KEY_CHARACTERS}}}")
"""Any text without control characters and halves of surrogate pairs."""
_TERM_KEY = re.compile(r"([^/]+)/([0-9]{1,4})/([^/]*)", re.ASCII)


class GlobalId(NamedTuple):
    """The parts of a global id."""

    type: str
    """Name of the GraphQL type."""
    district: DistrictId
    key: str
    """Key of the object in its district."""


class NodeType(NamedTuple):
    """A type whose objects have global ids."""

    key: Callable[[Any], str]
    """Returns the key of an object in its district."""
    valid: Callable[[str], object]
    """Returns something true if a text can be such a key."""


class TermKey(NamedTuple):
    """Key of a term in its district. Sessions have no number; their names are unique in a school and year."""

    school_id: SchoolId
    school_year: int
    session_name: str

    @classmethod
    def of(cls, record: Session | Section) -> TermKey:
        """Return the key of the term that a session is, or that a section is taught in."""
        return cls(record.school_id, record.school_year, record.session_name)

    def text(self) -> str:
        """Return the key as text for a global id."""
        return f"{quote(self.school_id, safe='')}/{self.school_year}/{quote(self.session_name, safe='')}"


def parse_term_key(text: str) -> TermKey | None:
    """Parse the key of a term in a global id; None if the text is not one."""
    if (match := _TERM_KEY.fullmatch(text)) is None or not text.isascii():
        return None
    school, year, name = match.groups()
    key = TermKey(SchoolId(unquote(school)), int(year), unquote(name))
    return key if key.text() == text and _KEY.fullmatch(key.school_id + key.session_name) else None


NODE_TYPES: Mapping[str, NodeType] = {
    "LocalEducationAgency": NodeType(attrgetter("district_id"), _DISTRICT.fullmatch),
    "School": NodeType(attrgetter("school_id"), _KEY.fullmatch),
    "Section": NodeType(attrgetter("section_id"), _KEY.fullmatch),
    "Session": NodeType(lambda session: TermKey.of(session).text(), parse_term_key),
    "Staff": NodeType(attrgetter("staff_id"), _KEY.fullmatch),
    "Student": NodeType(attrgetter("student_id"), _KEY.fullmatch),
}
"""Types whose objects have global ids, by name."""


def encode(global_id: GlobalId) -> str:
    """Return a global id as text."""
    text = json.dumps(global_id, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@lru_cache(MAX_CACHED_IDS)
def decode(text: str, *types: str) -> GlobalId:
    """
    Parse a global id; if `types` are passed, it must be of one of them.

    Raises:
        BadKeyError: this gateway cannot have made the text, or the id is of another type.
    """
    global_id = _parse_parts(text)
    node_type = NODE_TYPES.get(global_id.type)
    if node_type is None or not node_type.valid(global_id.key) or not _DISTRICT.fullmatch(global_id.district):
        raise BadKeyError("not an id of this graph")
    if encode(global_id) != text or (types and global_id.type not in types):
        raise BadKeyError("an id of another type")
    return global_id


def parse_student_id(text: str) -> StudentId:
    """
    Parse a student's unique number as clients write it.

    Raises:
        BadKeyError: no district can have assigned this number.
    """
    if not _KEY.fullmatch(text):
        raise BadKeyError("not a student's number")
    return StudentId(text)


def parse_school(text: str, district: Callable[[], DistrictId]) -> tuple[DistrictId, SchoolId]:
    """
    Parse a school as clients name it: by its global id, or by its number in the district that `district` returns.

    Raises:
        BadKeyError: the text can be neither, or is the id of another type.
    """
    try:
        global_id = decode(text)
    except BadKeyError:
        if not _KEY.fullmatch(text):
            raise
        return district(), SchoolId(text)
    if global_id.type != "School":
        raise BadKeyError("an id of another type")
    return global_id.district, SchoolId(global_id.key)


def parse_district_id(text: str) -> DistrictId:
    """
    Parse a district as clients name it: by its global id or by its configured short name.

    Raises:
        BadKeyError: the text can be neither.
    """
    try:
        return decode(text, "LocalEducationAgency").district
    except BadKeyError:
        if not _DISTRICT.fullmatch(text):
            raise
        return DistrictId(text)


def _parse_parts(text: str) -> GlobalId:
    """Return the three parts of an id without checking their content."""
    if len(text) > MAX_ID_CHARACTERS:
        raise BadKeyError("too long for an id")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = json.loads(content)
    except (binascii.Error, ValueError, RecursionError):
        raise BadKeyError("not an id of this graph") from None
    match parts:
        case [str(type_), str(district), str(key)]:
            return GlobalId(type_, DistrictId(district), key)
    raise BadKeyError("not an id of this graph")
