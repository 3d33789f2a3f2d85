"""Texts of the numbers of a scorecard: shares, steps of a share, and durations."""

from __future__ import annotations

from datetime import timedelta

MIN_GROUP = 10
"""Minimum number of students or rows of a share that is shown to readers who get no counts."""


def percent(numerator: int, denominator: int) -> str:
    """A share in whole percent: 0 % only for none, 100 % only for all."""
    rounded = (200 * numerator + denominator) // (2 * denominator)
    if 0 < numerator < denominator:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded} %"


def band(numerator: int, denominator: int) -> str | None:
    """A share as the step of ten percent that it is in; None for fewer than ten."""
    if denominator < MIN_GROUP:
        return None
    lower = min(10 * numerator // denominator, 9) * 10
    return f"{lower} to {lower + 10} %"


def duration_text(duration: timedelta) -> str:
    """A duration in its largest complete unit, rounded down, such as `5 minutes`."""
    seconds = int(duration.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return count_text(seconds // size, unit)
    return count_text(seconds, "second")


def count_text(number: int, noun: str) -> str:
    """A number with its noun, such as `1 row` or `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
