"""
Dates, times and instants in a vendor's own format.

A format is made of the directives of `strftime` that have one meaning in every language. It becomes a pattern,
which is several times faster than `strptime` and accepts no more than the format says. A year of two digits is
refused, because it says no century.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from student_graph.adapters.reading import recorded_day
from student_graph.adapters.rest.mapping.paths import UnreadableValueError

Convert: TypeAlias = Callable[[Any], Any]
"""Returns a value of a row as a value of a record, None if it is blank; raises `UnreadableValueError`."""

_DIRECTIVES = {
    "Y": r"(?P<year>[0-9]{4})",
    "m": r"(?P<month>[0-9]{1,2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "H": r"(?P<hour>[0-9]{1,2})",
    "I": r"(?P<hour12>[0-9]{1,2})",
    "M": r"(?P<minute>[0-9]{2})",
    "S": r"(?P<second>[0-9]{2})",
    "f": r"(?P<fraction>[0-9]{1,6})",
    "p": r"(?P<half>[AaPp][Mm])",
    "z": r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
ISO = "iso"
UNIX_SECONDS, UNIX_MILLISECONDS = "unix", "unix_ms"
_NAMED = (ISO, UNIX_SECONDS, UNIX_MILLISECONDS)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ]|$)")
MAX_FORMAT_CHARACTERS = 40
"""Maximum length of a format."""
_MAX_SECONDS = 32_503_680_000
"""Seconds from 1970 to the year 3000; a larger number is no instant in a school."""


def check_format(text: str) -> str:
    """
    Return the format of a date.

    Raises:
        ValueError: it is no format that can be read; the message says why.
    """
    if text not in _NAMED:
        pattern_of(text)
    return text


def pattern_of(text: str) -> re.Pattern[str]:
    """
    Return the pattern of a format such as `%m/%d/%Y`.

    Raises:
        ValueError: the format has a directive that cannot be read, or one twice.
    """
    if len(text) > MAX_FORMAT_CHARACTERS:
        raise ValueError(f"a format of a date has at most {MAX_FORMAT_CHARACTERS} characters")
    parts, seen = [], set[str]()
    for directive, literal in re.findall(r"%(.)|([^%]+|%$)", text):
        if not directive:
            parts.append(re.escape(literal))
            continue
        if directive not in _DIRECTIVES:
            known = " ".join(f"%{name}" for name in _DIRECTIVES)
            raise ValueError(f"%{directive} cannot be read; known are {known}, and the words {', '.join(_NAMED)}")
        if directive in seen and directive != "%":
            raise ValueError(f"%{directive} is there twice")
        seen.add(directive)
        parts.append(_DIRECTIVES[directive])
    if not seen - {"%"}:
        raise ValueError("a format of a date has directives, such as %m/%d/%Y")
    return re.compile("".join(parts))


def day_converter(date_format: str, zone: ZoneInfo | None) -> Convert:
    """Return a function that reads a date at the school. An instant becomes the date in `zone`."""
    read = _moment_reader(date_format)

    def convert(raw: Any) -> dt.date | None:
        if type(raw) is str and not raw.strip():
            return None
        if date_format == ISO and type(raw) is str and len(raw) == 10:
            if not _ISO_DATE.match(raw):
                raise UnreadableValueError("not a date")
            return recorded_day(_checked(dt.date.fromisoformat, raw))
        moment = read(raw)
        if moment.tzinfo is not None and zone is not None:
            moment = _checked(moment.astimezone, zone)
        return recorded_day(moment.date())

    return convert


def later(convert: Convert, days: int) -> Convert:
    """Return a function that reads a date, and returns the one so many days after it."""

    def moved(raw: Any) -> dt.date | None:
        day = convert(raw)
        return None if day is None else day + dt.timedelta(days=days)

    return moved if days else convert


def instant_converter(date_format: str, zone: ZoneInfo | None) -> Convert:
    """Return a function that reads an instant in UTC. A time without an offset is one in `zone`."""
    read = _moment_reader(date_format)

    def convert(raw: Any) -> dt.datetime | None:
        if type(raw) is str and not raw.strip():
            return None
        moment = read(raw)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone or dt.UTC)
        moment = _checked(moment.astimezone, dt.UTC)
        return moment if recorded_day(moment.date()) else None

    return convert


def time_converter(time_format: str) -> Convert:
    """Return a function that reads a time of day at the school."""
    read = _moment_reader(time_format)

    def convert(raw: Any) -> dt.time | None:
        if type(raw) is not str:
            raise UnreadableValueError("not a time of day")
        if not raw.strip():
            return None
        if time_format == ISO:
            if not re.match(r"[0-9]{2}:[0-9]{2}", raw):
                raise UnreadableValueError("not a time of day")
            time: dt.time = _checked(dt.time.fromisoformat, raw)
            return time.replace(tzinfo=None)
        return read(raw).time()

    return convert


def _moment_reader(date_format: str) -> Callable[[Any], dt.datetime]:
    if date_format in (UNIX_SECONDS, UNIX_MILLISECONDS):
        divisor = 1 if date_format == UNIX_SECONDS else 1000
        return lambda raw: _unix(raw, divisor)
    if date_format == ISO:
        return _iso
    pattern = pattern_of(date_format)

    def read(raw: Any) -> dt.datetime:
        parts = pattern.fullmatch(raw.strip()) if type(raw) is str else None
        if parts is None:
            raise UnreadableValueError("not a date in the declared format")
        moment: dt.datetime = _checked(_moment_of, parts.groupdict())
        return moment

    return read


def _unix(raw: Any, divisor: int) -> dt.datetime:
    if type(raw) not in (int, float) or not 0 <= raw / divisor <= _MAX_SECONDS:
        raise UnreadableValueError("not a number of seconds")
    return dt.datetime.fromtimestamp(raw / divisor, dt.UTC)


def _iso(raw: Any) -> dt.datetime:
    if type(raw) is not str or not _ISO_DATE.match(text := raw.strip()):
        raise UnreadableValueError("not a date")
    moment: dt.datetime = _checked(dt.datetime.fromisoformat, text)
    return moment


def _moment_of(parts: dict[str, str | None]) -> dt.datetime:
    """The moment of the parts of a text; a missing part is the first one that there is."""
    number = {name: int(text) for name, text in parts.items() if text and text.isdigit()}
    hour = number.get("hour", number.get("hour12", 0))
    if (half := parts.get("half")) is not None:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    fraction = (parts.get("fraction") or "").ljust(6, "0")
    offset = parts.get("offset")
    return dt.datetime(
        number.get("year", 1970),
        number.get("month", 1),
        number.get("day", 1),
        hour,
        number.get("minute", 0),
        number.get("second", 0),
        int(fraction),
        None if offset is None else _offset(offset),
    )


def _offset(text: str) -> dt.tzinfo:
    if text == "Z":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _checked(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (ValueError, OverflowError):
        raise UnreadableValueError("a date or time that does not exist") from None
