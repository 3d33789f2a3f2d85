"""`student-graph check` says what the terms of a source show about its end dates."""

from __future__ import annotations

from datetime import date

import pytest

from student_graph.adapters.model import Descriptor, SchoolId, Session
from student_graph.gateway.server.commands.end_dates import TOO_EARLY, TOO_LATE, remarks_on_terms
from student_graph.gateway.server.commands.sample_reads import Findings


def term(begin: date, end: date, school: str = "1") -> Session:
    """A term of a school."""
    name = f"{begin} to {end}"
    return Session(
        vendor_id=name,
        school_id=SchoolId(school),
        school_year=2027,
        session_name=name,
        term=Descriptor(code_value=name),
        begin_date=begin,
        end_date=end,
    )


QUARTERS = [date(2026, 8, 24), date(2026, 10, 26), date(2027, 1, 18), date(2027, 3, 22), date(2027, 5, 31)]
"""Mondays on which quarters begin; the last one is after the year."""


def quarters(end_weekday_days_before: int) -> list[Session]:
    """Four quarters, and the year; each quarter ends this many days before the next Monday."""
    ends = [date.fromordinal(day.toordinal() - end_weekday_days_before) for day in QUARTERS[1:]]
    rows = [term(begin, end) for begin, end in zip(QUARTERS, ends, strict=False)]
    return [*rows, term(QUARTERS[0], ends[-1])]


@pytest.mark.parametrize(
    ("days_before", "remarks"), [(0, [TOO_LATE]), (1, []), (2, []), (3, []), (4, [TOO_EARLY]), (5, [])]
)
def test_terms_show_a_wrong_reading(days_before: int, remarks: list[str]) -> None:
    """Friday to Sunday before a Monday are as usual; Thursday is a day too early, Monday one too late."""
    assert remarks_on_terms(quarters(days_before)) == remarks


def test_a_single_day_between_terms_is_a_holiday() -> None:
    """Before Monday, January 18 there is a Friday without school, and the other terms have none."""
    rows = quarters(3)
    rows[1] = term(QUARTERS[1], date(2027, 1, 14))

    assert remarks_on_terms(rows) == []


def test_terms_of_two_schools_are_not_compared() -> None:
    """One school begins its term on the last day of the other one's."""
    assert remarks_on_terms([term(QUARTERS[0], QUARTERS[1]), term(QUARTERS[1], QUARTERS[2], "2")]) == []


def test_check_prints_the_remark_of_a_source() -> None:
    """Beside what is empty and which codes to map."""
    assert Findings(terms=quarters(0)).remarks == [TOO_LATE]
