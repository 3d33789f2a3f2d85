"""What the terms of a source show about its end dates: that they were read as the wrong day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from student_graph.adapters.model import Session

MAX_GAP = timedelta(weeks=1)
"""The longest time between two terms that says something: longer ones are holidays."""
MIN_GAPS = 2
"""Between how many terms a weekday must be missing: a single one is a holiday or a day for teachers."""
FIRST_WEEKEND_DAY = 5
"""Number of Saturday in a week that begins with 0 for Monday."""
TOO_LATE = (
    "terms begin on the last day of the one before: if the source writes the day after, say so in its settings "
    "(docs/end-dates.md)"
)
TOO_EARLY = (
    "the last day of the week before each new term is in no term: if the source writes last days, say so in its "
    "settings (docs/end-dates.md)"
)


def remarks_on_terms(terms: Iterable[Session]) -> list[str]:
    """What the days of terms show: that they are too late or too early by a day; empty if they show nothing."""
    remarks = set()
    for _, rows in groupby(sorted(terms, key=attrgetter("school_id")), key=attrgetter("school_id")):
        borders = _borders(list(rows))
        if any(begin == last for last, begin in borders):
            remarks.add(TOO_LATE)
        gaps = [_weekdays_between(last, begin) for last, begin in borders if begin - last <= MAX_GAP]
        if len(gaps) >= MIN_GAPS and set(gaps) == {1}:
            remarks.add(TOO_EARLY)
    return sorted(remarks)


def _borders(terms: list[Session]) -> set[tuple[date, date]]:
    """The last day of each term, and the first day of the next one that begins then or later."""
    borders = set()
    for term in terms:
        following = [
            other.begin_date
            for other in terms
            if term.begin_date < other.begin_date and term.end_date <= other.begin_date < other.end_date
        ]
        if following:
            borders.add((term.end_date, min(following)))
    return borders


def _weekdays_between(last: date, begin: date) -> int:
    """How many weekdays there are after one day and before another."""
    days = (last + timedelta(days=number) for number in range(1, (begin - last).days))
    return sum(day.weekday() < FIRST_WEEKEND_DAY for day in days)
