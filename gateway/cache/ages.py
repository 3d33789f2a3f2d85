"""
How long an answer is good: fresh, then stale but usable, then gone.

Fresh, it is served. Stale, it is served at once for a while and asked again behind; after that only when its
source fails. Every stale answer says that it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import AdapterError, PayloadError, UnavailableError
from student_graph.adapters.sources import District, Source

AT_ONCE = 300.0
"""Seconds for which a stale answer is served without waiting for the source, within its own limit."""
UNKNOWN = 30.0
"""Seconds for which a key that the source does not know is not asked again."""
RESTRICTED = timedelta(seconds=60)
"""The longest that a restricted class of data is kept; it is never served stale."""
PAGE = 60.0
"""Seconds for which a page of a long list is kept: pages of different ages do not fit together."""
FINISHED = 86_400.0
"""Seconds for which records of a finished school year are fresh."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds since an answer was fetched."""

    fresh: float
    """Until then it needs no second asking."""
    at_once: float
    """Until then it is served without waiting for the source."""
    gone: float
    """Until then it is served when the source fails."""


def ages_of(source: Source, ask: Ask[object], district: District | None) -> Ages:
    """How the answers to an ask age, by the lookup, the source's settings and the district's calendar."""
    aging = source.freshness(ask.lookup)
    if ask.lookup.sensitivity.restricted:
        fresh = min(aging.fresh, RESTRICTED).total_seconds()
        return Ages(fresh, fresh, fresh)
    fresh, stale = aging.fresh.total_seconds(), aging.stale.total_seconds()
    if ask.window is not None:
        fresh = min(fresh, PAGE)
    elif district is not None and _finished(ask.arguments.get("school_year"), district):
        fresh = max(fresh, FINISHED)
    return Ages(fresh, fresh + min(stale, AT_ONCE), fresh + stale)


def unknown(ages: Ages) -> Ages:
    """How the news ages that a source does not know a key."""
    brief = min(ages.fresh, UNKNOWN)
    return Ages(brief, brief, brief)


def passing(error: AdapterError) -> bool:
    """
    Whether an error says nothing about what was answered before: an outage, or an answer that cannot be read.

    A source that refuses, or no longer offers something, is another matter: what it once said is shown no more.
    """
    return isinstance(error, UnavailableError | PayloadError) or error.code == AdapterError.default_code


def _finished(year: object, district: District) -> bool:
    """Whether it is a school year of the past."""
    return isinstance(year, int) and year < district.school_year(district.today())
