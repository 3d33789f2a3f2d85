"""Single values of records: texts, numbers, flags, codes and ids, read strictly from the values of a row."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from student_graph.adapters.model import GradeLevel
from student_graph.adapters.model.code_mapping import comparable
from student_graph.adapters.reading import MAX_TEXT_CHARACTERS
from student_graph.adapters.rest.mapping.dates import (
    ISO,
    Convert,
    check_format,
    day_converter,
    instant_converter,
    later,
    pattern_of,
    time_converter,
)
from student_graph.adapters.rest.mapping.numbers import (
    MAX_INTEGER,
    MappingError,
    number_converter,
    school_year_converter,
)
from student_graph.adapters.rest.mapping.paths import UnreadableValueError

_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
_GRADE_CODES = {
    **{str(number): member for number, member in enumerate(list(GradeLevel)[3:15], 1)},
    "k": GradeLevel.KINDERGARTEN,
    "kg": GradeLevel.KINDERGARTEN,
    "pk": GradeLevel.PRESCHOOL,
    "13": GradeLevel.GRADE_13,
}
"""Grade levels as most systems write them; a zero before a number is ignored."""
UNMAPPED = "UNMAPPED"


@dataclass(frozen=True, slots=True)
class ValueDefaults:
    """What holds for all values of a declaration unless a field says otherwise."""

    date_format: str = ISO
    time_zone: str | None = None
    codes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tables of codes by name: the meaning of each code, as the name of a member of an enum."""


OPTIONS: Mapping[str, str] = {
    "path": "JMESPath of the value in the row",
    "value": "a constant instead of a path",
    "date": "format of the date, such as %m/%d/%Y; iso, unix or unix_ms",
    "zone": "time zone of an instant, such as America/Chicago",
    "scale": "number by which the value is multiplied to have the unit of the record",
    "add": "number that is added then: 1 for a school year that is named by the year in which it begins; for a "
    "date, days: 1 or -1 if the vendor writes the day before or after the one that the record has",
    "year_begins": "the value is a date: its school year, which begins in this month, such as 7",
    "codes": "name of a table in [codes], or the table itself: what each code means",
    "key_of": "name of a [first] with all ids of the vendor: the id of the vendor becomes the id of the district",
    "table": "name of a [first] that reads what the vendor's codes stand for, such as 2 for each excused absence",
}
"""The options of a field, and what they say."""


def options_of(spec: Any, path: tuple[str | int, ...]) -> Mapping[str, Any]:
    """
    Return the options of a value: a text is a path, and what is no table is a constant.

    Raises:
        MappingError: there is no such option.
    """
    options = spec if isinstance(spec, dict) else {"path": spec} if isinstance(spec, str) else {"value": spec}
    for name in options:
        if name not in OPTIONS:
            known = ", ".join(OPTIONS)
            raise MappingError((*path, name), f"there is no option {name}; the options are {known}")
    return options


def converter(
    hint: Any, options: Mapping[str, Any], defaults: ValueDefaults, path: tuple[str | int, ...]
) -> Convert:
    """
    Return the function that turns a value of a row into a value of the type `hint`.

    Raises:
        MappingError: an option is wrong, or does not belong to the type.
    """
    allowed = {
        dt.date: {"date", "zone", "add"},
        dt.datetime: {"date", "zone"},
        dt.time: {"date"},
        bool: {"codes"},
        str: {"date", "zone", "key_of"},
        int: {"scale", "add", "year_begins", "date", "zone"},
        float: {"scale", "add"},
    }
    usable = {"path", "value", "table"} | allowed.get(hint, {"codes"} if is_enum(hint) else set())
    for name in options:
        if name not in usable:
            problem = f"a value of the type {type_name(hint)} has no option {name}"
            raise MappingError((*path, name), f"{problem}; it has {', '.join(sorted(usable))}")
    if is_enum(hint):
        return _enum_converter(hint, options.get("codes"), defaults, path)
    if hint in (dt.date, dt.datetime, dt.time):
        return _moment_converter(hint, options, defaults, path)
    if hint is bool:
        return _flag_converter(options.get("codes"), defaults, path)
    if hint in (int, float):
        return _numeric(hint, options, defaults, path)
    if hint is str:
        return _day_text(options, defaults, path) if options.keys() & {"date", "zone"} else text
    raise MappingError(
        path, f"a value of the type {type_name(hint)} cannot be declared; write the adapter in Python"
    )


def is_enum(hint: Any) -> bool:
    """Whether a type is an enum, whose values are codes."""
    return isinstance(hint, type) and issubclass(hint, Enum)


def in_table(table: Any, code: Any) -> Any:
    """The meaning of a code or an id in a table that the vendor sends; None if it is blank or not in the table."""
    name = text(code)
    if name is None or not isinstance(table, Mapping):
        return name
    return table.get(comparable(name))


def type_name(hint: Any) -> str:
    """The name of a type in messages."""
    return str(getattr(hint, "__name__", hint))


def text(raw: Any) -> str | None:
    """A text, also one that the vendor sends as a whole number; None for a blank one."""
    if type(raw) is str:
        if len(raw) > MAX_TEXT_CHARACTERS:
            raise UnreadableValueError("a text that is too long")
        return raw.strip() or None
    if type(raw) is int and -MAX_INTEGER <= raw <= MAX_INTEGER:
        return str(raw)
    raise UnreadableValueError("not a text")


def name_text(raw: Any) -> str | None:
    """A name, which may be blank: some people have one name only."""
    return "" if type(raw) is str and not raw.strip() else text(raw)


def _numeric(
    hint: Any, options: Mapping[str, Any], defaults: ValueDefaults, path: tuple[str | int, ...]
) -> Convert:
    if "year_begins" in options:
        return _year_of_day(options, defaults, path)
    convert = number_converter(hint, options.get("scale", 1), options.get("add", 0), path)
    return school_year_converter(convert) if path[-1:] == ("school_year",) else convert


def _day_text(options: Mapping[str, Any], defaults: ValueDefaults, path: tuple[str | int, ...]) -> Convert:
    """Read a date as a text such as `2026-08-21`, for a part of an id."""
    day = _moment_converter(dt.date, options, defaults, path)

    def convert(raw: Any) -> str | None:
        date = day(raw)
        return None if date is None else str(date.isoformat())

    return convert


def _year_of_day(options: Mapping[str, Any], defaults: ValueDefaults, path: tuple[str | int, ...]) -> Convert:
    """Read a date, and return the school year that it is in."""
    month = options["year_begins"]
    if type(month) is not int or not 1 <= month <= 12:
        raise MappingError((*path, "year_begins"), "year_begins is the number of a month, such as 7")
    day = _moment_converter(dt.date, options, defaults, path)

    def year(raw: Any) -> int | None:
        date = day(raw)
        return None if date is None else date.year + (1 if date.month >= month > 1 else 0)

    return year


def _flag_converter(codes: Any, defaults: ValueDefaults, path: tuple[str | int, ...]) -> Convert:
    flags = _FLAGS if codes is None else {}
    for code, meaning in code_table(codes, defaults, path).items() if codes is not None else ():
        if not isinstance(meaning, bool):
            raise MappingError((*path, "codes"), f"the code {code} means true or false here, without quotes")
        flags[comparable(code)] = meaning

    def convert(raw: Any) -> bool | None:
        if type(raw) is bool:
            return raw
        if type(raw) not in (str, int) or len(code := comparable(str(raw))) > MAX_TEXT_CHARACTERS:
            raise UnreadableValueError("neither true nor false")
        if not code:
            return None
        if code not in flags:
            raise UnreadableValueError("neither true nor false")
        return flags[code]

    return convert


def _enum_converter(enum: type[Enum], codes: Any, defaults: ValueDefaults, path: tuple[str | int, ...]) -> Convert:
    unmapped = enum.__members__.get(UNMAPPED)
    members = _usual_codes(enum) if codes is None else {}
    for code, name in code_table(codes, defaults, path).items() if codes is not None else ():
        meaning = enum.__members__.get(name) if isinstance(name, str) else None
        if meaning is None:
            known = ", ".join(enum.__members__)
            raise MappingError((*path, "codes"), f"the code {code} means {name}, which is none of {known}")
        members[comparable(code)] = meaning

    def convert(raw: Any) -> Enum | None:
        is_integer = type(raw) is float and raw.is_integer()  # some servers write a grade level as 4.0
        value = text(int(raw) if is_integer else raw)
        if value is None:
            return None
        code = comparable(value)
        member = members.get(code, members.get(code.lstrip("0"), unmapped) if enum is GradeLevel else unmapped)
        if member is None:
            raise UnreadableValueError("a code without a meaning")
        return member

    return convert


def _usual_codes(enum: type[Enum]) -> dict[str, Enum]:
    """Codes that have a meaning without a table: the names of the members, and grade levels as most write them."""
    members: dict[str, Enum] = {comparable(str(member.value)): member for member in enum}
    members |= {comparable(member.name): member for member in enum}
    return members | _GRADE_CODES if enum is GradeLevel else members


def code_table(codes: Any, defaults: ValueDefaults, path: tuple[str | int, ...]) -> Mapping[str, Any]:
    """
    Return a table of codes: the one of that name in `[codes]`, or the table itself.

    Raises:
        MappingError: there is no table of that name.
    """
    if isinstance(codes, dict):
        return codes
    if not isinstance(codes, str) or codes not in defaults.codes:
        known = ", ".join(sorted(defaults.codes)) or "none yet"
        raise MappingError((*path, "codes"), f"there is no table [codes.{codes}]; there are: {known}")
    return defaults.codes[codes]


def _moment_converter(
    hint: Any, options: Mapping[str, Any], defaults: ValueDefaults, path: tuple[str | int, ...]
) -> Convert:
    date_format = options.get("date", defaults.date_format if hint is not dt.time else ISO)
    try:
        check_format(str(date_format))
        zone_name = options.get("zone", defaults.time_zone)
        zone = None if zone_name is None else ZoneInfo(str(zone_name))
    except (ValueError, OSError, KeyError) as exc:
        is_zone = not isinstance(exc, ValueError) or "zone" in options
        option = "zone" if is_zone else "date"
        raise MappingError((*path, option), f"{option}: {exc}") from None
    if date_format not in (ISO, "unix", "unix_ms"):
        names = pattern_of(str(date_format)).groupindex
        needed = {"hour"} if hint is dt.time else {"year", "month", "day"}
        if not (needed <= names.keys() or (hint is dt.time and "hour12" in names)):
            raise MappingError((*path, "date"), f"a format of a {type_name(hint)} has {', '.join(sorted(needed))}")
    if hint is dt.date:
        return later(day_converter(str(date_format), zone), _days(options.get("add", 0), path))
    return instant_converter(str(date_format), zone) if hint is dt.datetime else time_converter(str(date_format))


def _days(number: Any, path: tuple[str | int, ...]) -> int:
    if type(number) is not int or abs(number) > 1:
        raise MappingError((*path, "add"), "add is 1 or -1 for a date: the day after it, or the day before")
    return number


def plain_type(hint: Any) -> tuple[Any, bool]:
    """A type without `None` and without the names of ids, and whether it may be None."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    plain = next(option for option in options if option is not type(None))
    while hasattr(plain, "__supertype__"):
        plain = plain.__supertype__
    return plain, len(options) > 1
