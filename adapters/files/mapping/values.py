"""Maps the texts of a file: dates, numbers, grade levels, school years and subjects."""

from __future__ import annotations

import math
import re
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from student_graph.adapters.model import AcademicSubject, GradeLevel, ResultDatatype
from student_graph.adapters.oneroster.mapping.codes import grade_level, subject
from student_graph.adapters.reading import recorded_day

ISO = "iso"
"""Stands for ISO 8601 among the formats of dates."""
COMMON_DATES = ("%m/%d/%Y", "%Y-%m-%d", ISO)
"""Formats of dates in exports of North American vendors."""
FIRST_MONTH_OF_SCHOOL_YEAR = 7
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,15})?")
_YEAR_RANGE = re.compile(r"(?P<first>[12][0-9]{3})\s*[-/\u2013]\s*(?P<last>[12][0-9]{3}|[0-9]{2})(?![0-9])")
_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])")
_GRADES = {
    "k": GradeLevel.KINDERGARTEN, "0": GradeLevel.KINDERGARTEN, "00": GradeLevel.KINDERGARTEN,
    "kg": GradeLevel.KINDERGARTEN, "kindergarten": GradeLevel.KINDERGARTEN,
    "pk": GradeLevel.PRESCHOOL, "pre-k": GradeLevel.PRESCHOOL, "prek": GradeLevel.PRESCHOOL,
}  # fmt: skip
"""Grade levels below the first, as assessment vendors write them."""
_TRUE, _FALSE = frozenset({"y", "yes", "true", "1", "t"}), frozenset({"n", "no", "false", "0", "f"})


@lru_cache(maxsize=65_536)
def moment(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> datetime | None:
    """
    Return a date, or a date with a time, in UTC; None if the text has none of the formats.

    A time without a zone is the time in `zone`. A date without a time is its first moment in UTC, so that it stays
    that date.
    """
    for date_format in formats:
        try:
            value = datetime.fromisoformat(text) if date_format == ISO else datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone follows
            if recorded_day(value.date()) is None:
                continue
            if value.tzinfo is None:
                has_time = ":" in text
                value = value.replace(tzinfo=zone if has_time else UTC)
            return value.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def day(text: str, formats: tuple[str, ...]) -> date | None:
    """Return a date; None if the text has none of the formats."""
    value = moment(text, formats, ZoneInfo("UTC")) if text else None
    return None if value is None else value.date()


def number(text: str) -> float | None:
    """Return the number that a text is; None for any other text, such as `< 5`, `A-` or `ND`."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def datatype(text: str, numeric: float | None, declared: str | None) -> ResultDatatype:
    """Return the format of a score: the one of the column map if the text is a number, else a level."""
    if numeric is None:
        return ResultDatatype[declared] if declared in ("LEVEL", "RANGE") else ResultDatatype.LEVEL
    if declared is not None:
        return ResultDatatype[declared]
    return ResultDatatype.DECIMAL if "." in text else ResultDatatype.INTEGER


def school_year(text: str, taken_at: datetime) -> int:
    """
    Return the year in which the school year ends: of a text such as `Fall 2021-2022`, `2021-22` or `2022`.

    Without one it follows from the date of the test: school years begin in July.
    """
    if (years := _YEAR_RANGE.search(text)) is not None:
        return int(years["first"]) + 1
    if (year := _YEAR.search(text)) is not None:
        return int(year[0])
    return taken_at.year + (taken_at.month >= FIRST_MONTH_OF_SCHOOL_YEAR)


def year(text: str) -> int | None:
    """Return a year of four digits; None for any other text."""
    match = _YEAR.fullmatch(text)
    return None if match is None else int(match[0])


def grade(text: str) -> GradeLevel | None:
    """Return a grade level; None for an empty text, UNMAPPED for an unknown one."""
    if not text:
        return None
    return _GRADES.get(text.casefold()) or grade_level(text)


def flag(text: str) -> bool | None:
    """Return whether a text means yes or no; None for any other text."""
    word = text.casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def subjects(text: str) -> list[AcademicSubject]:
    """Return the subject with a name in a list; an empty list without a name."""
    return [subject(text)] if text else []


def is_missing(text: str, words: AbstractSet[str]) -> bool:
    """Whether a text is one of those that stand for no value, which are in lower case."""
    return not text or text.casefold() in words
