"""Enrollments that nobody ended do not make a student count at two schools."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from student_graph.adapters.model import SchoolEnrollment
from student_graph.resolvers.metrics.enrollment_years import until_next_year
from student_graph.resolvers.metrics.groups import schools
from student_graph.resolvers.metrics.measure import Metric
from tests.resolvers.metrics.school_year import (
    DAYS,
    HILL,
    LAKE,
    absences,
    complete_year,
    enrollment,
    facts,
    measured,
)


def last_year(school_year: int | None = 2021) -> SchoolEnrollment:
    """An enrollment at another school that began a year ago and has no end."""
    return replace(enrollment(date(2020, 8, 24), school=LAKE), school_year=school_year)


def this_year(school_year: int | None = 2022) -> SchoolEnrollment:
    """An enrollment since the first day of school."""
    return replace(enrollment(), school_year=school_year)


def test_days_count_at_the_school_of_this_year_only() -> None:
    """10 absences of 100 days are chronic; of 200 days at two schools they would be 5 %."""
    student = facts(
        absences(DAYS[:10]), [last_year(), this_year()], {HILL: complete_year(), LAKE: complete_year()}
    )

    for metric in (Metric.CHRONIC_ABSENCE, Metric.AFFORDABLE_DAYS):
        measure = measured(metric, student)
        assert (measure.numerator, measure.denominator) == (10, 100), metric
    assert schools(student.enrollments, DAYS[0]) == {HILL}


def test_without_stated_years_both_count() -> None:
    """Nothing says that the first one is over: some systems have one enrollment for all years, or two schools."""
    for earlier, later in ((None, None), (None, 2022), (2021, None), (2022, 2022)):
        rows = [last_year(earlier), this_year(later)]
        assert until_next_year(rows) == rows


def test_an_enrollment_of_several_years_lasts_without_a_later_one() -> None:
    """It states the year in which it began."""
    assert schools(until_next_year([last_year()]), DAYS[0]) == {LAKE}


def test_a_recorded_exit_is_not_changed() -> None:
    """Also one in the next school year."""
    row = replace(last_year(), exit_withdraw_date=DAYS[5])

    assert until_next_year([row, this_year()]) == [row, this_year()]
