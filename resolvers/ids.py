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
from typing import NamedTuple

from adapters.errors import BadKeyError
from adapters.model import DistrictId, StudentId

_LONGEST = 1024
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,31}")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class GlobalId(NamedTuple):
    """What a global id names."""

    type: str
    """Name of the GraphQL type."""
    district: DistrictId
    key: str
    """The thing's key in its district."""


class NodeKind(NamedTuple):
    """A type whose things have global ids."""

    attribute: str
    """Attribute that holds the key."""
    valid: Callable[[str], object]
    """Whether text can be such a key."""


def _opaque(text: str) -> bool:
    return 0 < len(text) <= 256 and text.isprintable()


NODES: Mapping[str, NodeKind] = {
    "LocalEducationAgency": NodeKind("district_id", _NUMBER.fullmatch),
    "School": NodeKind("school_id", _NUMBER.fullmatch),
    "Section": NodeKind("section_id", _opaque),
    "Staff": NodeKind("staff_unique_id", _PERSON.fullmatch),
    "Student": NodeKind("student_unique_id", _PERSON.fullmatch),
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


def student_id(text: str) -> StudentId:
    """
    A student's unique number, as clients write it.

    Raises:
        BadKeyError: no district can have given this number.
    """
    if not _PERSON.fullmatch(text):
        raise BadKeyError("not a student's number")
    return StudentId(text)


def district_name(text: str) -> DistrictId:
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
