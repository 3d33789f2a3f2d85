"""The counts of a time: of a district's pages, and of what its sources did. None of them is about a person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec

from student_graph.gateway.telemetry.histogram import AGE_SECONDS, REQUEST_SECONDS
from student_graph.gateway.telemetry.levels.objectives import Objective

ANSWERED = frozenset({"complete", "cached", "partial"})
"""Outcomes of requests that were answered."""
LEFT, FAILED, SHED = "gone", "failed", "shed"
OVERLOADED = "OVERLOADED"
NOTHING_MISSING = frozenset(
    {
        "ANSWER_TOO_LARGE",
        "BAD_ID",
        "BAD_INPUT",
        "FORBIDDEN",
        "IDENTITY_CONFLICT",
        "IDENTITY_UNCONFIRMED",
        "NOT_FOUND",
        "NOT_OFFERED",
        "NO_IDENTITY_LINK",
        "SUPPRESSED",
    }
)
"""Codes in a page that is whole nonetheless: what they stand for is not there, or not for this viewer."""

MINUTES = "minutes"
"""The only field whose value is a set of bits."""

_T = TypeVar("_T", bound=msgspec.Struct)


class PageCounts(msgspec.Struct, forbid_unknown_fields=True):
    """How many pages there were, by outcome."""

    answered: list[int] = msgspec.field(default_factory=lambda: [0] * (len(REQUEST_SECONDS) + 1))
    """Pages that were answered, by time: up to each bound of `REQUEST_SECONDS`, and over all of them."""
    left: list[int] = msgspec.field(default_factory=lambda: [0] * (len(REQUEST_SECONDS) + 1))
    """Pages whose client left before the end, by the time that it had waited."""
    complete: int = 0
    """Answered pages that lacked nothing because of a source or of the gateway."""
    failed: int = 0
    """Pages that were not answered: a bug, a record that cannot be written, or too much to do."""
    refused: int = 0
    """Requests that were wrong, or too many of one viewer. No objective counts them."""

    def add(self, outcome: str, codes: Collection[str], seconds: float) -> None:
        """Count a page with its outcome, the codes in it and its time."""
        position = bisect_left(REQUEST_SECONDS, seconds)
        if outcome in ANSWERED:
            self.answered[position] += 1
            self.complete += NOTHING_MISSING.issuperset(codes)
        elif outcome == LEFT:
            self.left[position] += 1
        elif outcome == FAILED or (outcome == SHED and OVERLOADED in codes):
            self.failed += 1
        else:
            self.refused += 1

    @property
    def pages(self) -> int:
        """Pages that were answered or failed."""
        return sum(self.answered) + self.failed

    def judged(self, objective: Objective, seconds: float) -> tuple[int, int]:
        """
        The pages that an objective counts, and how many of them missed it.

        A page whose client left after `seconds` did not come in time; one whose client left before is not counted.
        """
        if objective is Objective.ANSWERED:
            return self.pages, self.failed
        if objective is Objective.COMPLETE:
            return self.pages, self.pages - self.complete
        first_late = REQUEST_SECONDS.index(seconds) + 1
        late, left_late = sum(self.answered[first_late:]), sum(self.left[first_late:])
        return self.pages + left_late, late + left_late + self.failed


class SourceCounts(msgspec.Struct, forbid_unknown_fields=True):
    """What a source did, and how old the values were that were shown."""

    lookups: int = 0
    """Lookups that the source was asked for."""
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    """Lookups that failed, by error code."""
    shown: int = 0
    """Cached answers that were shown."""
    stale: int = 0
    """Cached answers that were shown although they were stale."""
    ages: list[int] = msgspec.field(default_factory=lambda: [0] * (len(AGE_SECONDS) + 1))
    """Histogram with the bounds of `AGE_SECONDS`: the age of the oldest answer, for each use of cached answers."""


class HourCounts(msgspec.Struct, forbid_unknown_fields=True):
    """The counts of a district in one hour."""

    minutes: int = 0
    """Minutes in which a process accepted requests: bit 0 is the first minute of the hour."""
    pages: PageCounts = msgspec.field(default_factory=PageCounts)
    sources: dict[str, SourceCounts] = msgspec.field(default_factory=dict)
    """The counts of each source, by its name."""


def total(counts: _T, other: _T) -> _T:
    """
    The counts of two structs together; minutes that both have count once.

    Raises:
        ValueError: one of them has counts by other bounds.
    """
    combined: _T = _combined(counts, other, 1)
    return combined


def growth(now: _T, before: _T | None) -> _T:
    """
    What was counted since an earlier moment; all of `now` if there was none.

    Counts that have become smaller began again at 0 in between.
    """
    if before is None:
        return now
    difference: _T = _combined(now, before, -1)
    return now if _has_negative(difference) else difference


def _combined(counts: Any, other: Any, sign: int) -> Any:
    """A struct, a list, numbers by name or a number, with another one of the same kind added or subtracted."""
    if isinstance(counts, msgspec.Struct):
        return type(counts)(
            **{
                name: getattr(counts, name) | getattr(other, name)
                if name == MINUTES
                else _combined(getattr(counts, name), getattr(other, name), sign)
                for name in counts.__struct_fields__
            }
        )
    if isinstance(counts, list):
        return [_combined(number, more, sign) for number, more in zip(counts, other, strict=True)]
    if isinstance(counts, dict):
        both = counts | other
        empty = {name: type(value)() for name, value in both.items()}
        counts, other = empty | counts, empty | other
        return {name: _combined(counts[name], other[name], sign) for name in both}
    return counts + sign * other


def _has_negative(value: Any) -> bool:
    """Whether any number in a struct, a list or numbers by name is below 0."""
    if isinstance(value, msgspec.Struct):
        return any(_has_negative(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, list):
        return any(map(_has_negative, value))
    if isinstance(value, dict):
        return any(map(_has_negative, value.values()))
    return bool(value < 0)
