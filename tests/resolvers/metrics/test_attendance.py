"""Attendance: one status for each day, both sides of each edge, and defined answers to faulty records."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from student_graph.adapters.model import AttendanceCategory, Excusal
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric
from student_graph.resolvers.metrics.presets.attendance import (
    ACUMENED_ATTENDANCE,
    BALFANZ_ATTENDANCE,
    EWS_SAMPLE_ATTENDANCE,
    PANORAMA_ATTENDANCE,
)
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, WindowKind
from tests.resolvers.metrics.school_year import (
    ABSENT,
    DAYS,
    HILL,
    LAKE,
    absences,
    complete_year,
    enrollment,
    event,
    facts,
    measured,
)
from tests.subcases import subcases

EXCUSED = AttendanceCategory.EXCUSED_ABSENCE
AT_RISK, WATCH, ON_TRACK = Level.AT_RISK, Level.WATCH, Level.ON_TRACK


def preset_of(rule: Rule) -> Preset:
    """A preset of one rule."""
    return Preset("test", "Test", (rule,), "Test")


@subcases(
    ("preset", "metric", "levels"),
    [
        ("federal_10pct", Metric.CHRONIC_ABSENCE, {9: ON_TRACK, 10: AT_RISK}),
        ("edu_90_20", Metric.CHRONIC_ABSENCE, {9: ON_TRACK, 10: AT_RISK}),
        ("edu_90_20", Metric.ATTENDANCE_RATE, {4: ON_TRACK, 5: WATCH, 9: WATCH, 10: AT_RISK, 100: AT_RISK}),
        ("tsds_90", Metric.ATTENDANCE_RATE, {10: ON_TRACK, 11: AT_RISK}),
        ("amt_15_days", Metric.ABSENT_DAYS, {14: ON_TRACK, 15: AT_RISK}),
        ("amt_in_year_92", Metric.ATTENDANCE_RATE, {8: ON_TRACK, 9: WATCH}),
        (EWS_SAMPLE_ATTENDANCE, Metric.ATTENDANCE_RATE, {12: ON_TRACK, 13: WATCH, 20: WATCH, 21: AT_RISK}),
        (BALFANZ_ATTENDANCE, Metric.ATTENDANCE_RATE, {19: ON_TRACK, 20: AT_RISK}),
        (ACUMENED_ATTENDANCE, Metric.CHRONIC_ABSENCE, {4: ON_TRACK, 5: WATCH, 9: WATCH, 10: AT_RISK}),
        (PANORAMA_ATTENDANCE, Metric.ATTENDANCE_RATE, {5: ON_TRACK, 6: WATCH, 10: WATCH, 11: AT_RISK}),
    ],
)
def test_both_sides_of_every_edge(preset: str | Rule, metric: Metric, levels: dict[int, Level]) -> None:
    """Of 100 days, so many absences have the level that the publisher's edge gives them."""
    chosen = preset if isinstance(preset, str) else preset_of(preset)
    for days, level in levels.items():
        assert measured(metric, facts(absences(DAYS[:days])), chosen).level is level, days


@pytest.mark.parametrize(("absent", "level"), [(1, ON_TRACK), (2, AT_RISK)])
def test_both_sides_of_the_edge_of_the_first_weeks(absent: int, level: Level) -> None:
    """2 of the first 20 days are 10 %, which belongs to the risk; later days do not count."""
    student = facts(absences([*DAYS[:absent], *DAYS[20:60]]))
    assert measured(Metric.FIRST_WEEKS_ABSENCE, student, "first_weeks").level is level


def test_the_first_weeks_are_judged_when_they_are_over() -> None:
    """On day 19 there is a share, and no level."""
    student = facts(absences(DAYS[:5]))
    early = measured(Metric.FIRST_WEEKS_ABSENCE, student, "first_weeks", as_of=DAYS[18])
    assert (early.exact, early.level) == (Fraction(5, 19), Level.NOT_EVALUATED)
    assert DataQuality.TOO_FEW_DAYS in early.data_quality
    assert measured(Metric.FIRST_WEEKS_ABSENCE, student, "first_weeks", as_of=DAYS[19]).level is AT_RISK


def test_a_minimum_of_enrolled_days_includes_its_edge() -> None:
    """With 19 days there is a value and no level; with 20 days there is a level."""
    student = facts(absences(DAYS[:10]))
    few = measured(Metric.CHRONIC_ABSENCE, student, "edu_90_20", as_of=DAYS[18])
    assert (few.exact, few.level) == (Fraction(10, 19), Level.NOT_EVALUATED)
    assert few.data_quality == [DataQuality.TOO_FEW_DAYS]
    assert measured(Metric.CHRONIC_ABSENCE, student, "edu_90_20", as_of=DAYS[19]).level is AT_RISK


def test_the_federal_rule_counts_half_a_day_as_a_day() -> None:
    """Half a day is a day of absence there, less is none; other definitions add the shares."""
    student = facts([event(DAYS[0], duration=0.5), event(DAYS[1], duration=0.49), event(DAYS[2], duration=0.1)])
    assert measured(Metric.CHRONIC_ABSENCE, student).numerator == 1
    assert measured(Metric.CHRONIC_ABSENCE, student, "edu_90_20").exact == Fraction(109, 10000)
    assert measured(Metric.ABSENT_DAYS, student).exact == Fraction(109, 100)


def test_tenths_of_days_add_up_exactly() -> None:
    """100 times a tenth of a day is exactly 10 %: at the edge, where floats miss it."""
    student = facts(absences(DAYS, duration=0.1))
    assert measured(Metric.CHRONIC_ABSENCE, student, "edu_90_20").exact == Fraction(1, 10)
    assert measured(Metric.CHRONIC_ABSENCE, student, "edu_90_20").level is AT_RISK


def test_a_day_has_its_worst_status() -> None:
    """Several records of a day are one: the longest absence, and unexcused before excused."""
    records = [
        event(DAYS[0], AttendanceCategory.IN_ATTENDANCE),
        event(DAYS[0], EXCUSED, 0.5),
        event(DAYS[0], ABSENT, 0.5),
        event(DAYS[0], AttendanceCategory.PARTIAL, 0.25),
    ]
    for rows in (records, records[::-1]):
        measure = measured(Metric.UNEXCUSED_ABSENT_DAYS, facts(rows))
        assert measure.exact == Fraction(1, 2)
        assert measure.data_quality == [DataQuality.REPEATED_RECORDS]
        assert measured(Metric.EXCUSED_ABSENT_DAYS, facts(rows)).exact == 0
        assert [row.category for row in measure.evidence] == [ABSENT]  # type: ignore[attr-defined]


@subcases("duration", [None, -0.5, 1.5, float("nan"), float("inf")])
def test_without_a_usable_duration_an_absence_is_a_full_day(duration: float | None) -> None:
    """An absence is a complete day, and a partial one is none; data quality says so."""
    partial = measured(Metric.ABSENT_DAYS, facts([event(DAYS[0], AttendanceCategory.PARTIAL, duration)]))
    assert (partial.exact, partial.data_quality) == (Fraction(0), [DataQuality.DURATION_MISSING])
    absence = measured(Metric.ABSENT_DAYS, facts([event(DAYS[0], ABSENT, duration)]))
    assert absence.exact == 1
    assert (DataQuality.DURATION_MISSING in absence.data_quality) == (duration is not None)


def test_an_early_departure_says_whether_it_is_excused() -> None:
    """The category does not say it, the event does."""
    row = event(DAYS[0], AttendanceCategory.EARLY_DEPARTURE, 0.25)
    row.excusal = Excusal.EXCUSED
    assert measured(Metric.EXCUSED_ABSENT_DAYS, facts([row])).exact == Fraction(1, 4)
    assert measured(Metric.UNEXCUSED_ABSENT_DAYS, facts([row])).exact == 0


def test_unmapped_codes_are_left_out_and_reported() -> None:
    """They are neither absences nor silently days of presence."""
    rows = [event(DAYS[0], AttendanceCategory.UNMAPPED), event(DAYS[1], AttendanceCategory.UNMAPPED)]
    measure = measured(Metric.ATTENDANCE_RATE, facts(rows))
    assert (measure.exact, measure.data_quality) == (Fraction(1), [DataQuality.UNMAPPED_CODES])
    assert measure.reasons[-1] == "Left out: 2 records with a code that is not mapped."


def test_days_without_school_and_outside_the_enrollment_are_left_out() -> None:
    """An absence on a Sunday, before the entry, and on the exit day, which is not enrolled."""
    sunday = DAYS[4] + timedelta(days=2)
    student = facts(absences([sunday, DAYS[9], DAYS[10], DAYS[50]]), [enrollment(DAYS[10], DAYS[50])])
    measure = measured(Metric.CHRONIC_ABSENCE, student)
    assert (measure.numerator, measure.denominator) == (1, 40)
    assert measure.data_quality == [DataQuality.EVENTS_OUTSIDE_ENROLLMENT]
    enrolled = measured(Metric.CHRONIC_ABSENCE, facts(absences([sunday])))
    assert (enrolled.numerator, enrolled.data_quality) == (0, [DataQuality.EVENTS_WITHOUT_SCHOOL])


def test_a_student_who_comes_back_on_the_same_day_has_the_day_once() -> None:
    """Two enrollments that touch, or overlap, are one; a gap is not enrolled."""
    for leaves, returns, days in ((50, 50, 100), (50, 40, 100), (50, 60, 90)):
        rows = [enrollment(DAYS[0], DAYS[leaves]), enrollment(DAYS[returns])]
        assert measured(Metric.ATTENDANCE_RATE, facts([event(DAYS[50])], rows)).denominator == days


def test_a_student_at_two_schools_has_two_numbers_and_a_total() -> None:
    """Each school for itself; the child's number is the total over the schools."""
    rows = [enrollment(DAYS[0]), enrollment(DAYS[50], school=LAKE)]
    events = absences([*DAYS[:3], *DAYS[60:62]]) + absences(DAYS[60:70], school=LAKE)
    student = facts(events, rows, {HILL: complete_year(), LAKE: complete_year()})
    counts = {
        school: (measure.numerator, measure.denominator, measure.unit.name, measure.level)
        for school in (HILL, LAKE, None)
        for measure in [measured(Metric.CHRONIC_ABSENCE, student, school=school)]
    }
    assert counts == {
        HILL: (5, 100, "STUDENT_SCHOOL", ON_TRACK),
        LAKE: (10, 50, "STUDENT_SCHOOL", AT_RISK),
        None: (15, 150, "STUDENT", AT_RISK),
    }


def test_where_presence_is_recorded_days_without_a_record_do_not_count() -> None:
    """A day without a record is not a day of presence there."""
    settings = MetricSettings(positive_attendance=frozenset({HILL}))
    rows = [event(day, AttendanceCategory.IN_ATTENDANCE) for day in DAYS[:45]] + absences(DAYS[45:50])
    measure = measured(Metric.CHRONIC_ABSENCE, facts(rows), settings=settings)
    assert (measure.numerator, measure.denominator) == (5, 50)
    assert measure.data_quality == [DataQuality.DAYS_WITHOUT_RECORD]
    assert measured(Metric.ATTENDANCE_RATE, facts(), settings=settings).value is None


def test_the_reason_tells_a_value_from_the_edge() -> None:
    """The sentence has the counts, the share and the edge; it never rounds a value onto the edge."""
    measure = measured(Metric.CHRONIC_ABSENCE, facts(absences(DAYS[:12])))
    assert measure.reasons == ["Absent on 12 of 100 days (12 %); at risk from 10 %."]
    near = measured(Metric.CHRONIC_ABSENCE, facts(absences(DAYS[:10], duration=0.999)), "edu_90_20")
    assert near.reasons == ["Absent on 9.99 of 100 days, so present on 90.01 %; at risk at or below 90 %."]


def test_the_trend_needs_two_full_windows() -> None:
    """From day 40 on, and for a student who was enrolled on all of them; year to date has no trend."""
    student = facts(absences(DAYS[80:84]))
    trend = measured(Metric.ATTENDANCE_TREND, student)
    assert trend.exact == Fraction(-1, 5)
    assert measured(Metric.ATTENDANCE_TREND, student, window=WindowKind.LAST_8_WEEKS).exact == Fraction(-1, 10)
    assert measured(Metric.ATTENDANCE_TREND, student, as_of=DAYS[39]).exact == 0
    assert measured(Metric.ATTENDANCE_TREND, student, as_of=DAYS[38]).value is None
    late = facts(absences(DAYS[80:84]), [enrollment(DAYS[61])])
    assert measured(Metric.ATTENDANCE_TREND, late).value is None
    [reason] = measured(Metric.ATTENDANCE_TREND, student, window=WindowKind.YEAR_TO_DATE).reasons
    assert reason == "A trend compares two windows of the same length; this window has none before it."


def test_a_streak_is_days_of_absence_in_a_row() -> None:
    """Up to the last day of school, and the longest one, with how much of it is unexcused."""
    rows = absences(DAYS[10:15], category=EXCUSED) + absences(DAYS[97:]) + [event(DAYS[50], duration=0.4)]
    now, longest = (measured(metric, facts(rows)) for metric in (Metric.ABSENCE_STREAK, Metric.MAX_ABSENCE_STREAK))
    assert (now.value, longest.value) == (3, 5)
    assert now.reasons == [
        f"Absent on 3 days of school in a row, from {DAYS[97]} to {DAYS[99]}, 3 of them unexcused."
    ]
    assert longest.reasons[0].endswith("0 of them unexcused.")
    assert measured(Metric.ABSENCE_STREAK, facts(rows), as_of=DAYS[96]).value == 0


def test_newly_absent_students_crossed_the_edge_within_twenty_days() -> None:
    """1 for who reached 10 % within the last 20 days of school, 0 for who had reached it before, or has not."""
    before, recent = DAYS[:8], DAYS[80:82]
    assert measured(Metric.NEWLY_ABSENT, facts(absences([*before, *recent]))).value == 0
    assert measured(Metric.NEWLY_ABSENT, facts(absences([*before[:7], *DAYS[80:83]]))).value == 1
    assert measured(Metric.NEWLY_ABSENT, facts(absences(before[:7]))).value == 0


@pytest.mark.parametrize(("preset", "left"), [("federal_10pct", 5), ("tsds_90", 6), ("amt_15_days", 10)])
def test_days_that_may_still_be_missed(preset: str, left: int) -> None:
    """Of the complete year's 100 days, on its day 50 with 4 absences: by the edge of each definition."""
    measure = measured(Metric.AFFORDABLE_DAYS, facts(absences(DAYS[:4])), preset, as_of=DAYS[49])
    assert (measure.value, measure.numerator, measure.denominator) == (left, 4, 100)
    assert measure.reasons[0].startswith("Absent on 4 days of 50 so far; ")
    assert measured(Metric.AFFORDABLE_DAYS, facts(absences(DAYS[:30])), preset).value == 0


@pytest.mark.parametrize(
    ("preset", "name", "edge"),
    [
        ("edu_90_20", "edu_90_20", "CHRONIC_ABSENCE <= 0.9"),
        ("amt_15_days", "amt_15_days", "ABSENT_DAYS >= 15"),
        ("first_weeks", "federal_10pct", "CHRONIC_ABSENCE >= 0.1"),
    ],
)
def test_a_definition_names_the_rule_of_chronic_absence(preset: str, name: str, edge: str) -> None:
    """Days left, and who is newly absent, depend on what chronic means: the definition says it."""
    for metric in (Metric.AFFORDABLE_DAYS, Metric.NEWLY_ABSENT):
        definition = measured(metric, facts(), preset).definition
        values = {parameter.name: parameter.value for parameter in definition.parameters}
        assert (definition.preset, values["chronicFrom"]) == (name, edge)
        assert ("minDays" in values) == (preset == "edu_90_20")
