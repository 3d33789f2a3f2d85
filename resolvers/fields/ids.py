"""
Global ids: opaque text that names one thing of the graph, in whichever district.

An id is no secret and no permission. It is read strictly: text that this gateway cannot have made is refused
before anything is asked.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import DistrictId, SchoolId, Section, Session, StudentId

_LONGEST = 1024
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_YEAR = re.compile(r"[1-9][0-9]{3}")


class GlobalId(NamedTuple):
    """What a global id names."""

    type: str
    """Name of the GraphQL type."""
    district: DistrictId
    key: str
    """The thing's key in its district."""


class NodeKind(NamedTuple):
    """A type whose things have global ids."""

    key: Callable[[Any], str]
    """The key of a thing, in its district."""
    valid: Callable[[str], object]
    """Whether text can be such a key."""


class TermKey(NamedTuple):
    """What names a term in its district: sessions have no number, their names are unique in school and year."""

    school_id: SchoolId
    school_year: int
    session_name: str

    @classmethod
    def of(cls, record: Session | Section) -> TermKey:
        """The term that a session is, or that a section is taught in."""
        return cls(record.school_id, record.school_year, record.session_name)

    def text(self) -> str:
        """The key as a global id holds it."""
        return f"{self.school_id}/{self.school_year}/{quote(self.session_name, safe='')}"


def term_key(text: str) -> TermKey | None:
    """The term that a key in a global id names; None when the text can be no such key."""
    match text.split("/"):
        case [school, year, name] if _NUMBER.fullmatch(school) and _YEAR.fullmatch(year) and name.isascii():
            named = TermKey(SchoolId(school), int(year), unquote(name))
            return named if named.session_name and named.text() == text else None
    return None


def _opaque(text: str) -> bool:
    return 0 < len(text) <= 256 and text.isprintable()


NODES: Mapping[str, NodeKind] = {
    "LocalEducationAgency": NodeKind(attrgetter("district_id"), _NUMBER.fullmatch),
    "School": NodeKind(attrgetter("school_id"), _NUMBER.fullmatch),
    "Section": NodeKind(attrgetter("section_id"), _opaque),
    "Session": NodeKind(lambda session: TermKey.of(session).text(), term_key),
    "Staff": NodeKind(attrgetter("staff_id"), _PERSON.fullmatch),
    "Student": NodeKind(attrgetter("student_id"), _PERSON.fullmatch),
}
"""Types whose things have global ids, by name."""


def encode(named: GlobalId) -> str:
    """The global id of something."""
    text = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str, *types: str) -> GlobalId:
    """
    What a global id names; one of `types`, when any is given.

    Raises:
        BadKeyError: the text is not an id that this gateway can have made, or is one of another type.
    """
    named = _read(text)
    kind = NODES.get(named.type)
    if kind is None or not kind.valid(named.key) or not _NUMBER.fullmatch(named.district):
        raise BadKeyError("not an id of this graph")
    if encode(named) != text or (types and named.type not in types):
        raise BadKeyError("an id of another type")
    return named


def parse_student_id(text: str) -> StudentId:
    """
    A student's unique number, as clients write it.

    Raises:
        BadKeyError: no district can have given this number.
    """
    if not _PERSON.fullmatch(text):
        raise BadKeyError("not a student's number")
    return StudentId(text)


def parse_district_id(text: str) -> DistrictId:
    """
    A district as clients name it: by its global id or by its configured short name.

    Raises:
        BadKeyError: it can be neither.
    """
    try:
        return decode(text, "LocalEducationAgency").district
    except BadKeyError:
        if not _NUMBER.fullmatch(text):
            raise
        return DistrictId(text)


def _read(text: str) -> GlobalId:
    """The three parts of an id."""
    if len(text) > _LONGEST:
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
