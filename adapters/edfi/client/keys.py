"""
Converts Ed-Fi's natural keys to ids of the graph and back.

The natural key of a section has five parts and that of an assessment two. An id joins the percent-encoded parts by
`/`, so that a part may contain any text. Only ids in the exact form that this module writes are accepted, so that
each object has one id. Other ids are refused before a request is sent.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import query_text
from student_graph.adapters.model import AssessmentId, CaseloadId, SchoolId, SectionId

_MAX_NUMBER = 2**63 - 1
_MAX_NUMBER_DIGITS = 19
_MAX_UNIQUE_ID_CHARACTERS = 32
MAX_QUOTED_PARTS = 8_192
"""Parts of ids whose percent-encoded form is kept."""


class SectionKey(NamedTuple):
    """Natural key of a section."""

    school_id: int
    school_year: int
    session_name: str
    local_course_code: str
    section_identifier: str


class CohortKey(NamedTuple):
    """Natural key of a cohort."""

    organization_id: int
    cohort_identifier: str


class ProgramKey(NamedTuple):
    """Natural key of a program."""

    organization_id: int
    program_name: str
    program_type_descriptor: str


class ProviderKey(NamedTuple):
    """Key of the students of one member of staff, who serves each of them by an entry of their own."""

    staff_id: str


class AssessmentKey(NamedTuple):
    """Natural key of an assessment."""

    identifier: str
    namespace: str


_CASELOAD_PREFIXES: dict[type, str] = {CohortKey: "cohort", ProgramKey: "program", ProviderKey: "provider"}


def section_id(
    school_id: int, school_year: int, session_name: str, local_course_code: str, section_identifier: str
) -> SectionId:
    """The id of a section with this natural key."""
    return SectionId(_join(str(school_id), str(school_year), session_name, local_course_code, section_identifier))


def parse_section_id(id: SectionId) -> SectionKey:
    """
    The natural key in the id of a section.

    Raises:
        BadKeyError: The text is not the id of a section.
    """
    parts = _split(id, 5)
    return SectionKey(_number(parts[0]), _number(parts[1]), *parts[2:])


def school_of_section(id: SectionId) -> SchoolId:
    """The school in the id of a section of this source."""
    return SchoolId(id.partition("/")[0])


def school_year_of_section(id: SectionId) -> int | None:
    """The school year in the id of a section; None for a text that is no such id."""
    try:
        return parse_section_id(id).school_year
    except BadKeyError:
        return None


def school_year_of_all(section_ids: Sequence[SectionId]) -> Mapping[str, Hashable]:
    """The argument `school_year` of lists that hold all of some sections; none if they are of several years."""
    years = {school_year_of_section(id) for id in section_ids}
    return {"school_year": year} if len(years) == 1 and (year := years.pop()) is not None else {}


def caseload_id(key: CohortKey | ProgramKey | ProviderKey) -> CaseloadId:
    """The id of a caseload: a cohort, all students of a program, or the students of one member of staff."""
    return CaseloadId(_join(_CASELOAD_PREFIXES[type(key)], *map(str, key)))


def parse_caseload_id(id: CaseloadId) -> CohortKey | ProgramKey | ProviderKey:
    """
    The natural key in the id of a caseload.

    Raises:
        BadKeyError: The text is not the id of a caseload.
    """
    prefix, _, key = id.partition("/")
    if prefix == _CASELOAD_PREFIXES[CohortKey]:
        organization, *name = _split(key, 2)
        return CohortKey(_number(organization), *name)
    if prefix == _CASELOAD_PREFIXES[ProgramKey]:
        organization, *name = _split(key, 3)
        return ProgramKey(_number(organization), *name)
    if prefix == _CASELOAD_PREFIXES[ProviderKey]:
        return ProviderKey(*_split(key, 1))
    raise BadKeyError("not an id of this source")


def assessment_id(identifier: str, namespace: str) -> AssessmentId:
    """The id of an assessment with this natural key."""
    return AssessmentId(_join(identifier, namespace))


def parse_assessment_id(id: AssessmentId) -> AssessmentKey:
    """
    The natural key in the id of an assessment.

    Raises:
        BadKeyError: The text is not the id of an assessment.
    """
    return AssessmentKey(*_split(id, 2))


def school_number(id: SchoolId) -> int:
    """
    Ed-Fi `schoolId` as a number.

    Raises:
        BadKeyError: The id is not a number in the form that Ed-Fi writes.
    """
    return _number(id)


def unique_id(text: str) -> str:
    """
    The text itself, as a value of Ed-Fi `studentUniqueId`, `staffUniqueId` or `contactUniqueId`.

    Raises:
        BadKeyError: The text is empty, has more than 32 characters or has an invisible character.
    """
    if len(text) > _MAX_UNIQUE_ID_CHARACTERS:
        raise BadKeyError("an id longer than 32 characters")
    return query_text(text)


def _join(*parts: str) -> str:
    return "/".join(map(_quoted, parts))


@lru_cache(MAX_QUOTED_PARTS)
def _quoted(part: str) -> str:
    """A part of an id. The rows of a list name the same schools, courses and terms thousands of times."""
    return quote(part, safe="")


def _split(id: str, count: int) -> list[str]:
    """The parts of an id that `_join` has built from `count` parts; raises BadKeyError for another text."""
    try:
        parts = [unquote(part, errors="strict") for part in id.split("/")]
        valid = len(parts) == count and _join(*parts) == id
    except UnicodeError:
        valid = False
    if not valid:
        raise BadKeyError("not an id of this source")
    return [query_text(part) for part in parts]


def _number(text: str) -> int:
    """A whole number, without leading zeros, that fits into 64 bits; raises BadKeyError for another text."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_NUMBER_DIGITS):
        raise BadKeyError("an id that is not a number")
    number = int(text)
    if number > _MAX_NUMBER or str(number) != text:
        raise BadKeyError("an id that is not a number")
    return number
