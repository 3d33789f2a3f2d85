"""
Dates and times in payloads: texts in the form of ISO 8601.

pydantic alone reads a number, or the text of one, as seconds since 1970. In a vendor's date such a value is a
mistake, and the date of 1970 that came of it would look right.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True)
class _Form:
    """The form of the text, without blanks around it, that a value in JSON must have."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        value = handler(source)
        text = core_schema.str_schema(strip_whitespace=True, pattern=self.pattern)
        return core_schema.json_or_python_schema(core_schema.chain_schema([text, value]), value)


def _none_if_blank(value: Any) -> Any:
    """None for an empty text, which some servers send if they have no value."""
    return None if isinstance(value, str) and not value.strip() else value


_DATE = _Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ]|$)")
_TIME = _Form(r"^[0-9]{2}:[0-9]{2}")
_OPTIONAL = BeforeValidator(_none_if_blank)


def _without_zone(value: dt.time) -> dt.time:
    """The time as a clock at the school shows it; times with and without a zone cannot be compared."""
    return value.replace(tzinfo=None)


Day: TypeAlias = Annotated[dt.date, _DATE]
"""A date, which may have the time 00:00 after it."""
OptionalDay: TypeAlias = Annotated[Day | None, _OPTIONAL]
"""A date, or None for null and a blank text."""
TimeOfDay: TypeAlias = Annotated[dt.time, _TIME, AfterValidator(_without_zone)]
"""A time of day at the school; a time zone is ignored."""
OptionalTime: TypeAlias = Annotated[TimeOfDay | None, _OPTIONAL]
"""A time of day, or None for null and a blank text."""
OptionalMoment: TypeAlias = Annotated[Annotated[dt.datetime, _DATE] | None, _OPTIONAL]
"""A date with a time, or None for null and a blank text."""
AwareMoment: TypeAlias = Annotated[AwareDatetime, _DATE]
"""A date with a time and its distance from UTC."""


def _to_utc(at: dt.datetime) -> dt.datetime:
    """
    The instant in UTC.

    Raises:
        ValueError: it is before the year 1 or after the year 9999 there.
    """
    try:
        return at.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("out of range") from None


Instant: TypeAlias = Annotated[AwareMoment, AfterValidator(_to_utc)]
"""A date with a time and its distance from UTC, converted to UTC."""

FIRST_RECORDED_YEAR, FIRST_PLACEHOLDER_YEAR = 1900, 9999
"""Years of dates: an earlier one than the first, or one from the second on, stands for no date."""


def recorded_day(day: dt.date | None) -> dt.date | None:
    """The day; None for a placeholder, which some systems write where no date is recorded, such as 9999-12-31."""
    return day if day is not None and FIRST_RECORDED_YEAR <= day.year < FIRST_PLACEHOLDER_YEAR else None
