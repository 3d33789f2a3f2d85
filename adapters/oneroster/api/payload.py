"""
Common parts of all payloads, which accept what servers send and not only what the standard allows.

Properties may be missing or null, booleans may be texts, and a list may have its name in the standard or that in
the path. References are followed by `sourcedId` only, because `href` may be relative or start with `undefined`.

OneRoster 1.1 and 1.2: https://www.imsglobal.org/activity/onerosterlis
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field

from student_graph.adapters import reading
from student_graph.adapters.reading import Deciding, Number, OptionalDay

T = TypeVar("T")

_WORDS = {
    word.casefold(): word
    for word in (
        "administrator", "aide", "counselor", "districtAdministrator", "guardian", "parent", "principal",
        "proctor", "relative", "siteAdministrator", "student", "systemAdministrator", "teacher",
        "primary", "secondary",
        "department", "district", "local", "national", "school", "state",
        "gradingPeriod", "schoolYear", "semester", "term",
    )
}  # fmt: skip
"""Roles and their kinds, and types of organizations and sessions, as the standard spells them."""
_YEAR = re.compile(r"(?P<first>[0-9]{4})(?:[.]0|\s*[-/\u2013]\s*(?P<last>[0-9]{4}|[0-9]{2}))?")
"""A school year: one year, or a range of two."""
_BEGINS_WITH_DATE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?![0-9])")
"""A date at the beginning of a text, which is not a number of seconds such as `1768406400`."""


class Payload(reading.Payload):
    """A part of a response; a number in place of a text is read as its text."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


def _none_if_blank(value: Any) -> Any:
    """None for an empty text, which servers send if they have no value."""
    return None if isinstance(value, str) and not value.strip() else value


def _as_in_standard(value: Any) -> Any:
    """
    A word of the standard as it is spelled there; some servers write `Student` or `SITE_ADMINISTRATOR`.

    Any other word is as it was sent, without blanks around it.
    """
    if not isinstance(value, str):
        return value
    return _WORDS.get("".join(filter(str.isalpha, value)).casefold(), value.strip())


def _empty_list_if_null(value: Any) -> Any:
    return [] if value is None else value


def _reference_or_none(value: Any) -> Any:
    """None for a reference that names nothing, such as `{}`, a text or an empty id."""
    if isinstance(value, dict):
        return value if value.get("sourcedId", bool(value)) else None
    return None if isinstance(value, str) or not value else value


def _parse_instant(value: Any) -> Any:
    """Parse a date or an instant: a date is its first moment, an instant without a time zone is in UTC."""
    if isinstance(value, str) and value.strip():
        if not _BEGINS_WITH_DATE.match(value.strip()):
            raise ValueError("no date")
        moment = datetime.fromisoformat(value.strip())
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("out of range") from None
    return None


def _date_part(value: Any) -> Any:
    """The date of an instant, because some servers send instants where the standard has dates."""
    return value.strip()[:10] if isinstance(value, str) else value


def _school_year(value: Any) -> Any:
    """
    The year in which a school year ends: of a text or number such as 2026, or of a range such as `2025-26`.

    None for anything else, such as a reference to a session, which some servers send.
    """
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if (year := _YEAR.fullmatch(text)) is None:
        return None
    first, last = int(year["first"]), year["last"]
    if last is None:
        return first
    return first + 1 if str(first + 1).endswith(last) else None


class Ref(Payload):
    """A reference to another object."""

    sourcedId: str = Field(min_length=1)
    type: str | None = None


Text: TypeAlias = Annotated[str | None, BeforeValidator(_none_if_blank)]
Word: TypeAlias = Annotated[str, BeforeValidator(_as_in_standard)]
"""A role or a type, in the spelling of the standard."""
OptionalWord: TypeAlias = Annotated[Word | None, BeforeValidator(_none_if_blank)]
Flag: TypeAlias = Annotated[bool | None, BeforeValidator(_none_if_blank)]
"""A boolean, which may be a text: `"true"` or `true`."""
OptionalNumber: TypeAlias = Annotated[Number | None, BeforeValidator(_none_if_blank)]
Day: TypeAlias = Annotated[OptionalDay, BeforeValidator(_date_part)]
DecidingText: TypeAlias = Deciding[Text]
"""A text that says who or what a row is about."""
DecidingDay: TypeAlias = Deciding[Day]
"""A day from which on, or until which, a row counts."""
Instant: TypeAlias = Annotated[datetime | None, BeforeValidator(_parse_instant)]
SchoolYear: TypeAlias = Annotated[int | None, BeforeValidator(_school_year)]
Link: TypeAlias = Annotated[Ref | None, BeforeValidator(_reference_or_none)]
Many: TypeAlias = Annotated[list[T], BeforeValidator(_empty_list_if_null), Field(default_factory=list)]


class Item(Payload):
    """An object with an id."""

    sourcedId: str = Field(min_length=1)
    status: Deciding[str | None] = None

    @property
    def is_active(self) -> bool:
        """
        Whether the object counts: its status is `active`, or it has none.

        Any other status is that of a row on its way out: `tobedeleted`, `inactive` of older versions, or a word
        of the server's own.
        """
        return self.status is None or self.status.strip().lower() in ("", "active")

    def values(self, field: str) -> Iterator[str]:
        """The texts in a field of the object; the field has the name that filters use."""
        value: Any = self
        for name in field.split("."):
            value = getattr(value, "class_" if name == "class" else name, None)
        if isinstance(value, str):
            yield value
