"""The golden numbers of the sample district about windows and class periods, exactly."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import pytest

from student_graph.adapters.model import SchoolId
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings
from student_graph.resolvers.metrics.measure import Level, Measure, Metric
from student_graph.resolvers.metrics.presets.attendance import EWS_SAMPLE_ATTENDANCE
from student_graph.resolvers.metrics.presets.preset import WindowKind
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.resolvers.metrics.measured import (
    FALL_END,
    by_school,
    exact_values,
    flagged,
    measures,
    number,
    preset_with,
    total,
)
from tests.resolvers.metrics.sample import (
    FIRST_DAY,
    LAST_DAY,
    days_by_school,
    facts_by_student,
    golden,
    needs_sample,
    school_events,
)
from tests.subcases import subcases

pytestmark = needs_sample


def count_in_window(window: WindowKind, as_of: date) -> dict[str, Measure]:
    """Days of absence within a window."""
    return measures(Metric.ABSENT_DAYS, as_of=as_of, window=window)


def test_the_last_four_weeks() -> None:
    """The last 20 days of instruction, and how each definition takes the edges (A35)."""
    rates = measures(Metric.ATTENDANCE_RATE, "tsds_90", window=WindowKind.LAST_4_WEEKS)
    absent = exact_values(count_in_window(WindowKind.LAST_4_WEEKS, LAST_DAY))
    values = exact_values(rates)
    chronic = measures(Metric.CHRONIC_ABSENCE, window=WindowKind.LAST_4_WEEKS)
    edu = measures(Metric.CHRONIC_ABSENCE, "edu_90_20", window=WindowKind.LAST_4_WEEKS)
    ews = measures(Metric.ATTENDANCE_RATE, preset_with(EWS_SAMPLE_ATTENDANCE), window=WindowKind.LAST_4_WEEKS)
    [window] = {(row.window.first, row.window.last, row.window.instructional_days) for row in rates.values()}
    assert flagged(chronic) == flagged(edu)
    assert {
        "from": window[0].isoformat(),
        "to": window[1].isoformat(),
        "days": window[2],
        "anyAbsence": sum(days > 0 for days in absent.values()),
        "absentDays": sum(absent.values()),
        "max": max(absent.values()),
        "below90_tsds": len(flagged(rates)),
        "atOrBelow90_edu_federal": len(flagged(chronic)),
        "exactly90": sum(rate == Fraction(9, 10) for rate in values.values()),
        "below88_ews": len(flagged(ews)) + len(flagged(ews, Level.WATCH)),
        "below80_ews": len(flagged(ews)),
        "exactly80": sum(rate == Fraction(8, 10) for rate in values.values()),
    } == golden()["A35"]


@pytest.mark.parametrize(
    ("golden_id", "window", "as_of"),
    [
        ("A35s", WindowKind.LAST_4_WEEKS, LAST_DAY),
        ("A36s", WindowKind.LAST_8_WEEKS, LAST_DAY),
        ("A37s", WindowKind.LAST_4_WEEKS, FALL_END),
        ("A38s", WindowKind.LAST_8_WEEKS, FALL_END),
    ],
)
def test_windows_by_school(golden_id: str, window: WindowKind, as_of: date) -> None:
    """Both sides of the edge of 90 %: strictly below by TSDS, at most by the federal rule (A35s to A38s)."""
    below = by_school(flagged(measures(Metric.ATTENDANCE_RATE, "tsds_90", as_of, window=window)))
    at_most = by_school(flagged(measures(Metric.CHRONIC_ABSENCE, "federal_10pct", as_of, window=window)))
    assert {school: [below[school], at_most[school]] for school in below} == golden()[golden_id]


@pytest.mark.parametrize(("golden_id", "as_of"), [("A36x", LAST_DAY), ("A38x", FALL_END)])
def test_students_at_the_edge_of_a_window(golden_id: str, as_of: date) -> None:
    """The students with exactly 90 % in the last 40 days of instruction (A36x, A38x)."""
    rates = exact_values(measures(Metric.ATTENDANCE_RATE, as_of=as_of, window=WindowKind.LAST_8_WEEKS))
    assert sorted(s for s, rate in rates.items() if rate == Fraction(9, 10)) == golden()[golden_id]


def test_the_end_of_the_fall_semester() -> None:
    """On its last day, a complete session counts with the 81 days that it states (A40)."""
    results = measures(Metric.CHRONIC_ABSENCE, as_of=FALL_END)
    assert {measure.denominator for measure in results.values()} == {81}
    assert by_school(flagged(results)) == golden()["A40"]


def test_the_spring_semester_alone() -> None:
    """An explicit window that holds the complete spring session has its 88 days (A42)."""
    after = FALL_END + timedelta(days=1)
    chronic = measures(Metric.CHRONIC_ABSENCE, first=after)
    absent = exact_values(measures(Metric.ABSENT_DAYS, first=after))
    ews = measures(Metric.ATTENDANCE_RATE, preset_with(EWS_SAMPLE_ATTENDANCE), first=after)
    [denominator] = {measure.denominator for measure in chronic.values()}
    assert {
        "denominator": denominator,
        "absentDays": sum(absent.values()),
        "max": max(absent.values()),
        "federal_ge10pct": len(flagged(chronic)),
        "ews_warning_80_88": len(flagged(ews, Level.WATCH)),
    } == golden()["A42"]


def test_the_latest_records_of_the_schools() -> None:
    """A window ends with the school's latest record, which is the last day of the year (A46)."""
    assert {
        str(school): days.last_recorded.isoformat()
        for school, days in days_by_school().items()
        if days.last_recorded
    } == golden()["A46"]
    [end] = {row.window.last for row in measures(Metric.CHRONIC_ABSENCE, as_of=date(2022, 6, 30)).values()}
    assert end == LAST_DAY


def test_tardies_of_class_periods() -> None:
    """Tardy arrivals at sections by student, and the most of one student (B03, B07)."""
    values = exact_values(measures(Metric.PERIOD_TARDIES))
    tardies = {student: number(count) for student, count in values.items() if count}
    assert tardies == golden()["B03"]
    most = max(tardies.values())
    assert {
        "max": most,
        "atMax": sorted(student for student, count in tardies.items() if count == most),
        "ge3": sorted(student for student, count in tardies.items() if count >= 3),
        "histogram": {str(key): count for key, count in sorted(Counter(tardies.values()).items())},
    } == golden()["B07"]


def test_absences_from_class_periods_have_no_denominator() -> None:
    """No section enrollment is recorded: there is no rate, and the reason says so (B08)."""
    for measure in measures(Metric.PERIOD_ABSENCE_RATE).values():
        assert measure.value is None
        assert len(measure.evidence) == golden()["B08"]
        assert measure.reasons == ["The student's sections in the window are not known."]


@subcases("name", ["01", "02", "03", "04", "05", "06", "07"])
def test_first_period_tardies_are_of_sections_in_the_period(name: str) -> None:
    """Which period counts as the first is a setting: its tardies are counted by the sections in it (B02)."""
    settings = MetricSettings(first_periods=frozenset({name}))
    request = MetricRequest(
        Metric.FIRST_PERIOD_TARDIES, PRESETS["federal_10pct"], LAST_DAY, FIRST_DAY, settings=settings
    )
    measure = METRICS[Metric.FIRST_PERIOD_TARDIES].measure
    results = {student: measure(facts, request) for student, facts in facts_by_student().items()}
    expected = Counter(section[9:11] for section, count in golden()["B02"].items() for _ in range(count))
    assert total(results) == expected[name]


def test_every_event_of_the_sample_is_at_one_of_its_schools() -> None:
    """The sample has three schools, and no student has events at two."""
    assert {event.school_id for event in school_events()} == set(map(SchoolId, golden()["A46"]))
