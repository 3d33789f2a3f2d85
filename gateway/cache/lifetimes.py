"""
How long an answer is fresh, how long it is stale but usable, and when it expires.

A fresh answer is served. A stale answer is first served at once and refreshed in the background; later it is
served only if its source fails (RFC 5861: stale-while-revalidate and stale-if-error). Every stale answer is marked
as stale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import AdapterError, PayloadError, UnavailableError
from student_graph.adapters.sources import District, Source

MAX_STALE_WHILE_REVALIDATE_SECONDS = 300.0
"""Longest time for which a stale answer is served without waiting for its source."""
MAX_RESTRICTED_AGE = timedelta(seconds=60)
"""Longest time for which restricted classes of data are cached. They are never served stale."""
MAX_PAGE_FRESH_SECONDS = 60.0
"""Longest time for which a page of a long list is fresh, because pages of different ages do not fit together."""
MIN_PAST_YEAR_FRESH_SECONDS = 86_400.0
"""Shortest time for which records of a past school year are fresh."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Ages of an answer, in seconds since it was fetched."""

    fresh_seconds: float
    """Until this age the answer is served as it is."""
    revalidate_seconds: float
    """Until this age it is served at once and refreshed in the background."""
    expiry_seconds: float
    """Until this age it is served if its source fails; from then on it is never served."""
    unknown_seconds: float
    """Until this age it is remembered that the source does not know a key; that is never served stale."""

    @property
    def of_unknown_key(self) -> Lifetimes:
        """The lifetimes of the information that the source does not know a key."""
        seconds = self.unknown_seconds
        return Lifetimes(seconds, seconds, seconds, seconds)


def lifetimes_of(source: Source, ask: Ask[object], district: District | None) -> Lifetimes:
    """The lifetimes of an ask's answers, from the lookup, the source's settings and the district's calendar."""
    freshness = source.freshness(ask.lookup)
    unknown = ask.lookup.unknown.total_seconds()
    if ask.lookup.sensitivity.restricted:
        fresh = min(freshness.fresh, MAX_RESTRICTED_AGE).total_seconds()
        return Lifetimes(fresh, fresh, fresh, min(fresh, unknown))
    fresh, stale = freshness.fresh.total_seconds(), freshness.stale.total_seconds()
    if ask.window is not None:
        fresh = min(fresh, MAX_PAGE_FRESH_SECONDS)
    elif district is not None and _is_past_school_year(ask.arguments.get("school_year"), district):
        fresh = max(fresh, MIN_PAST_YEAR_FRESH_SECONDS)
    revalidate = fresh + min(stale, MAX_STALE_WHILE_REVALIDATE_SECONDS)
    return Lifetimes(fresh, revalidate, fresh + stale, min(fresh, unknown))


def is_temporary(error: AdapterError) -> bool:
    """
    Whether earlier answers stay valid after an error: the source has an outage, or its answer cannot be read.

    False if the source refuses access or no longer offers the data. Its earlier answers are then not shown again.
    """
    return isinstance(error, UnavailableError | PayloadError) or error.code == AdapterError.default_code


def _is_past_school_year(year: object, district: District) -> bool:
    return isinstance(year, int) and year < district.school_year(district.today())


def with_max_age(ask: Ask[Any], preferred_age: timedelta | None) -> Ask[Any]:
    """The ask with a maximum age: its own, or the one that the operation prefers, whichever is shorter."""
    max_age = min((age for age in (ask.max_age, preferred_age) if age is not None), default=None)
    return ask if max_age == ask.max_age else replace(ask, max_age=max_age)


def oldest_fetch_time(now: float, age: timedelta | None) -> float:
    """The earliest fetch time of answers that are not older than an age; minus infinity for None."""
    return -math.inf if age is None else now - age.total_seconds()
