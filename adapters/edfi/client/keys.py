"""
Ed-Fi's natural keys as the opaque ids of the graph, and back.

A section has five parts and an assessment two. Each part is percent-encoded and the parts are joined by `/`,
so that any text survives; an id that this module would not have made is refused before anything is asked.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import query_text
from student_graph.adapters.model import AssessmentId, CaseloadId, SchoolId, SectionId

_LARGEST = 2**63 - 1


class SectionParts(NamedTuple):
    """Natural key of a section."""

    school_id: int
    school_year: int
    session_name: str
    local_course_code: str
    section_identifier: str


class CohortParts(NamedTuple):
    """Natural key of a cohort."""

    organization_id: int
    cohort_identifier: str


class ProgramParts(NamedTuple):
    """Natural key of a program."""

    organization_id: int
    program_name: str
    program_type_descriptor: str


class AssessmentParts(NamedTuple):
    """Natural key of an assessment."""

    identifier: str
    namespace: str


_CASELOADS: dict[type, str] = {CohortParts: "cohort", ProgramParts: "program"}


def section_id(
    school_id: int, school_year: int, session_name: str, local_course_code: str, section_identifier: str
) -> SectionId:
    """The id of a section."""
    return SectionId(_join(str(school_id), str(school_year), session_name, local_course_code, section_identifier))


def section_parts(key: SectionId) -> SectionParts:
    """
    The natural key in an id of a section.

    Raises:
        BadKeyError: the id is none of a section.
    """
    parts = _split(key, 5)
    return SectionParts(_number(parts[0]), _number(parts[1]), *parts[2:])


def caseload_id(parts: CohortParts | ProgramParts) -> CaseloadId:
    """The id of a caseload: a cohort, or all of a program."""
    return CaseloadId(_join(_CASELOADS[type(parts)], *map(str, parts)))


def caseload_parts(key: CaseloadId) -> CohortParts | ProgramParts:
    """
    The natural key in an id of a caseload.

    Raises:
        BadKeyError: the id is none of a caseload.
    """
    kind, _, rest = key.partition("/")
    if kind == _CASELOADS[CohortParts]:
        organization, *name = _split(rest, 2)
        return CohortParts(_number(organization), *name)
    if kind == _CASELOADS[ProgramParts]:
        organization, *name = _split(rest, 3)
        return ProgramParts(_number(organization), *name)
    raise BadKeyError("an id that this source never gave")


def assessment_id(identifier: str, namespace: str) -> AssessmentId:
    """The id of an assessment."""
    return AssessmentId(_join(identifier, namespace))


def assessment_parts(key: AssessmentId) -> AssessmentParts:
    """
    The natural key in an id of an assessment.

    Raises:
        BadKeyError: the id is none of an assessment.
    """
    return AssessmentParts(*_split(key, 2))


def school_key(key: SchoolId) -> int:
    """
    The number of a school.

    Raises:
        BadKeyError: the id is not a number as Ed-Fi writes it.
    """
    return _number(key)


def person_key(key: str) -> str:
    """
    A `studentUniqueId` or `staffUniqueId`: Ed-Fi allows 32 characters.

    Raises:
        BadKeyError: the id cannot be one.
    """
    if len(key) > 32:
        raise BadKeyError("an id longer than 32 characters")
    return query_text(key)


def _join(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _split(key: str, count: int) -> list[str]:
    """The parts of an id that `_join` made."""
    try:
        parts = [unquote(part, errors="strict") for part in key.split("/")]
        genuine = len(parts) == count and _join(*parts) == key
    except UnicodeError:
        genuine = False
    if not genuine:
        raise BadKeyError("an id that this source never gave")
    return [query_text(part) for part in parts]


def _number(text: str) -> int:
    """A whole number in the one way that Ed-Fi writes it."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise BadKeyError("an id that is not a number")
    number = int(text)
    if number > _LARGEST or str(number) != text:
        raise BadKeyError("an id that is not a number")
    return number
