"""
The golden numbers of the sample district about attendance, exactly.

Not metrics, and so not here: A02, A03 and A51 count rows by category (the sample's own tests count them), A28 says
that no full year can hit an edge, A30 lists days with two rows (A31 tests their effect), and B01, B06 and B09
count rows of sections and teachers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric
from student_graph.resolvers.metrics.presets.attendance import ACUMENED_ATTENDANCE
from tests.resolvers.metrics.measured import (
    FALL_END,
    by_school,
    exact_values,
    flagged,
    half_up,
    measures,
    number,
    preset_with,
    total,
)
from tests.resolvers.metrics.sample import (
    LAST_DAY,
    days_by_school,
    golden,
    needs_sample,
    school_of_students,
)

pytestmark = needs_sample


def test_every_student_was_expected_on_169_days() -> None:
    """The sessions state 81 and 88 days; the calendar of two days does not cover the year (A10, A34)."""
    results = measures(Metric.CHRONIC_ABSENCE)
    assert {measure.denominator for measure in results.values()} == {169}
    assert all(DataQuality.ESTIMATED_DENOMINATOR in measure.data_quality for measure in results.values())
    assert all(DataQuality.ENROLLMENT_UNKNOWN in measure.data_quality for measure in results.values())
    for days in days_by_school().values():
        assert [session.stated for session in days.sessions] == golden()["A34"]["sessions"]
        assert len(days.days) == golden()["A34"]["total"]
        assert sum(day <= FALL_END for day in days.days) == golden()["A34"]["throughFallEnd"]


def test_days_of_absence_match_the_golden_numbers() -> None:
    """Students with an absence, days in all and by excusal, and the most of one student (A05 to A08, A26, A29)."""
    absent = exact_values(measures(Metric.ABSENT_DAYS))
    excused = exact_values(measures(Metric.EXCUSED_ABSENT_DAYS))
    unexcused = exact_values(measures(Metric.UNEXCUSED_ABSENT_DAYS))
    some = [student for student, days in absent.items() if days]
    assert {"students": len(some), "perSchool": by_school(some)} == golden()["A06"]
    days_by_student_school: Counter[str] = Counter()
    for student, days in absent.items():
        if days:
            days_by_student_school[str(school_of_students()[student])] += number(days)
    assert {
        "total": sum(absent.values()),
        "perSchool": dict(days_by_student_school),
        "excused": sum(excused.values()),
        "unexcused": sum(unexcused.values()),
    } == golden()["A07"]
    assert (golden()["A01"]["Excused Absence"], golden()["A01"]["Unexcused Absence"]) == (
        sum(excused.values()),
        sum(unexcused.values()),
    )
    most = max(absent.values())
    assert {"max": most, "students": sorted(s for s, days in absent.items() if days == most)} == golden()["A08"]
    both = sum(bool(excused[student] and unexcused[student]) for student in absent)
    assert {
        "maxUnexcused": max(unexcused.values()),
        "maxExcused": max(excused.values()),
        "bothKinds": both,
    } == golden()["A26"]
    ranked = sorted(absent, key=lambda student: (-absent[student], student))[:10]
    assert [[student, absent[student]] for student in ranked] == golden()["A29"]
    assert len(school_of_students()) == golden()["A05"]["withEvent"]


def test_chronic_absence_by_the_federal_rule() -> None:
    """44 students were absent on 17 of 169 days or more (A10, A11, A12, A53)."""
    students = flagged(measures(Metric.CHRONIC_ABSENCE))
    assert len(students) == golden()["A10"]
    assert students == golden()["A11"]
    assert by_school(students) == golden()["A12"]
    enrolled = by_school(school_of_students())
    shares: dict[str, Any] = {
        school: {"n": count, "den": enrolled[school], "pct": half_up(Fraction(100 * count, enrolled[school]), 2)}
        for school, count in by_school(students).items()
    }
    for name, count in (("districtWithEvent", len(school_of_students())), ("districtRoster", 960)):
        share = half_up(Fraction(100 * len(students), count), 2)
        shares[name] = {"n": len(students), "den": count, "pct": share}
    assert shares == golden()["A53"]


@pytest.mark.parametrize(
    ("golden_id", "preset", "metric"),
    [("A13", "edu_90_20", Metric.CHRONIC_ABSENCE), ("A14", "tsds_90", Metric.ATTENDANCE_RATE)],
)
def test_other_definitions_flag_as_many(golden_id: str, preset: str, metric: Metric) -> None:
    """Over 169 days no share equals an edge, so the definitions agree (A13, A14)."""
    assert len(flagged(measures(metric, preset))) == golden()[golden_id]


def test_points_of_acumened_match_the_golden_numbers() -> None:
    """0, 1 and 2 points by the share of days of absence, for the roster and by school (A21)."""
    results = measures(Metric.CHRONIC_ABSENCE, preset_with(ACUMENED_ATTENDANCE))
    points = {"0": Level.ON_TRACK, "1": Level.WATCH, "2": Level.AT_RISK}
    per_school = {name: by_school(flagged(results, level)) for name, level in points.items()}
    assert {
        "roster": {name: len(flagged(results, level)) for name, level in points.items()},
        "perSchool": {
            str(school): {name: per_school[name][str(school)] for name in points} for school in days_by_school()
        },
    } == golden()["A21"]


EDU_BANDS = (
    ("severe", Fraction(80, 100)),
    ("chronic", Fraction(90, 100)),
    ("atRisk", Fraction(95, 100)),
    ("satisfactory", Fraction(1)),
)
"""Bands of edanalytics/edu_wh with the rate at which each ends, which belongs to it."""


def test_rates_are_in_the_bands_of_powerschool_and_edu() -> None:
    """Students by the publishers' own bands of the rate of attendance (A22, A23)."""
    rates = exact_values(measures(Metric.ATTENDANCE_RATE))
    no_issue = sum(rate > Fraction(95, 100) for rate in rates.values())
    assert no_issue == golden()["A22"]["noIssue_gt95"]
    assert len(rates) - no_issue == golden()["A22"]["at_or_below95"]
    names = {student: next(name for name, end in EDU_BANDS if rate <= end) for student, rate in rates.items()}
    assert Counter(names.values()) == golden()["A23"]["roster"]
    for name, _ in EDU_BANDS:
        counts = by_school(student for student in names if names[student] == name)
        for school, bands in golden()["A23"]["perSchool"].items():
            assert counts[school] == bands.get(name, 0)


def test_definitions_by_one_kind_of_absence_flag_fewer_students() -> None:
    """Only unexcused, or only excused, days of absence flag fewer students (A24, A25)."""
    unexcused = exact_values(measures(Metric.UNEXCUSED_ABSENT_DAYS))
    students = sorted(student for student, days in unexcused.items() if 10 * days >= 169)
    assert {"n": len(students), "ids": students} == golden()["A24"]
    excused = exact_values(measures(Metric.EXCUSED_ABSENT_DAYS))
    assert sum(10 * days >= 169 for days in excused.values()) == golden()["A25"]


def test_a_day_with_two_records_counts_once() -> None:
    """604822 has an absence and a partial one without a duration on a day: 4 days, and the rate (A31)."""
    [rate] = measures(Metric.ATTENDANCE_RATE, students=["604822"]).values()
    assert rate.exact is not None
    assert half_up(rate.exact * 100, 2) == golden()["A31"]["ratePct2"]
    assert (rate.numerator, rate.denominator) == (169 - golden()["A31"]["absentDays"], 169)
    assert {DataQuality.REPEATED_RECORDS, DataQuality.DURATION_MISSING} <= set(rate.data_quality)
    assert len(rate.evidence) == golden()["A31"]["absentDays"]


def test_days_attended_give_the_average_daily_attendance() -> None:
    """Days attended over days of instruction, of the roster and of those with an event (A32)."""
    rates = measures(Metric.ATTENDANCE_RATE)
    results = {}
    for name, students in (("Roster", rates.keys()), ("227", school_of_students().keys())):
        days = {student: Fraction(rates[student].denominator or 0) for student in students}
        attended = sum(((rates[student].exact or 0) * days[student] for student in students), Fraction(0))
        results[f"ada{name}"] = half_up(attended / 169, 4)
        results[f"ratePct{name}"] = half_up(attended * 100 / sum(days.values()), 4)
    assert results == golden()["A32"]


def absences_of_days(days: Callable[[date], str]) -> dict[str, int]:
    """Days of absence by a property of the day, from the evidence of the measures."""
    counts: Counter[str] = Counter()
    for measure in measures(Metric.ABSENT_DAYS).values():
        counts.update(days(event.date) for event in measure.evidence)  # type: ignore[attr-defined]
    return dict(counts)


def test_windows_of_months_divide_the_absences() -> None:
    """An explicit window for each month counts the days of absence in it (A47)."""
    counts = {}
    for name in golden()["A47"]:
        first = date.fromisoformat(f"{name}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        students = school_of_students()
        counts[name] = total(
            measures(Metric.ABSENT_DAYS, students=students, first=first, last=min(last, LAST_DAY))
        )
    assert counts == golden()["A47"]
    assert absences_of_days(lambda day: f"{day:%Y-%m}") == golden()["A47"]


def test_no_counted_absence_is_on_a_weekend() -> None:
    """The counted records, which are the evidence, by weekday: none on a weekend (A48)."""
    counts = absences_of_days(lambda day: f"{day:%a}")
    assert {name: counts.get(name, 0) for name in golden()["A48"]} == golden()["A48"]


def test_a_tardy_student_is_not_absent_because_of_it() -> None:
    """Students with a tardy arrival at school, and none of them is absent because of it (A50)."""
    tardies = exact_values(measures(Metric.TARDIES))
    absent = exact_values(measures(Metric.ABSENT_DAYS))
    students = [student for student, days in tardies.items() if days]
    per_school: Counter[str] = Counter()
    for student in students:
        per_school[str(school_of_students()[student])] += number(tardies[student])
    assert {
        "tardyStudents": len(students),
        "tardyAndAbsent": sum(absent[student] > 0 for student in students),
        "tardyOnly": sum(absent[student] == 0 for student in students),
        "sum": sum(tardies.values()),
        "perSchool": {str(school): per_school[str(school)] for school in days_by_school()},
    } == golden()["A50"]
