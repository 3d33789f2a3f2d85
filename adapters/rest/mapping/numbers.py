"""Reads numbers strictly, and school years that are written as one number or as both of their years."""

from __future__ import annotations

import math
import re
from typing import Any

from student_graph.adapters.reading import MAX_TEXT_CHARACTERS
from student_graph.adapters.rest.mapping.dates import Convert
from student_graph.adapters.rest.mapping.paths import UnreadableValueError

_NUMBER = re.compile(r"[-+]?[0-9]*[.]?[0-9]+(?:[eE][-+]?[0-9]{1,2})?")
_TWO_YEARS = re.compile(r"([0-9]{4})-([0-9]{4})")
MAX_INTEGER = 2**53
"""Largest whole number that JSON readers agree on."""


class MappingError(ValueError):
    """A part of a declaration is wrong. `path` leads to it in the file."""

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.path, self.problem = path, problem


def number(raw: Any) -> float | None:
    """A number, or the text of one; None for a blank text."""
    if type(raw) is str:
        raw = raw.strip()
        if not raw:
            return None
        if len(raw) > MAX_TEXT_CHARACTERS or not raw.isascii() or not _NUMBER.fullmatch(raw):
            raise UnreadableValueError("not a number")
        raw = float(raw)
    if type(raw) not in (int, float):
        raise UnreadableValueError("not a number")
    if isinstance(raw, int) and abs(raw) > MAX_INTEGER:
        raise UnreadableValueError("a number that is too large")
    if not math.isfinite(raw):
        raise UnreadableValueError("not a finite number")
    return float(raw)


def number_converter(hint: Any, scale: Any, add: Any, path: tuple[str | int, ...]) -> Convert:
    """
    Return a function that reads a number, and multiplies it by `scale` and adds `add`.

    Raises:
        MappingError: `scale` or `add` is no number.
    """
    if type(scale) not in (int, float) or not math.isfinite(scale) or not scale:
        raise MappingError((*path, "scale"), "scale is a number that is not 0, such as 0.01")
    if type(add) not in (int, float) or not math.isfinite(add):
        raise MappingError((*path, "add"), "add is a number, such as 1")

    def scaled(raw: Any) -> float | None:
        result = number(raw)
        return None if result is None else result * scale + add

    def integer(raw: Any) -> int | None:
        result = scaled(raw)
        if result is not None and not result.is_integer():
            raise UnreadableValueError("not a whole number")
        return None if result is None else int(result)

    if hint is int:
        return integer
    return number if scale == 1 and not add else scaled


def school_year_converter(convert: Convert) -> Convert:
    """Read a school year, which may also be a text of its two years, such as `2026-2027`."""

    def year(raw: Any) -> int | None:
        years = _TWO_YEARS.fullmatch(raw.strip()) if type(raw) is str else None
        if years is not None and int(years[1]) + 1 == int(years[2]):
            return int(years[2])
        single: int | None = convert(raw)
        return single

    return year
