"""The days of school: from the calendar, from what sessions state, or from recorded attendance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from student_graph.resolvers.metrics.attendance.calendar import count_days, district_days, school_days
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.presets.preset import WindowKind
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.resolvers.metrics.school_year import (
    DAYS,
    HILL,
    LAKE,
    YEAR_START,
    absences,
    calendar,
    complete_year,
    enrollment,
    event,
    facts,
    measured,
    session,
)

FALL = session(DAYS[0], DAYS[49], 50, "Fall")
WINTER = session(DAYS[50], DAYS[99], 50, "Winter")
SUNDAY = date(2021, 9, 5)


def test_a_complete_calendar_is_exact() -> None:
    """Its days count, and nothing limits the number."""
    measure = measured(Metric.CHRONIC_ABSENCE, facts(absences(DAYS[:10])))
    assert (measure.numerator, measure.denominator, measure.data_quality) == (10, 100, [])


def test_a_calendar_covers_a_session_from_nine_tenths_of_its_stated_days() -> None:
    """45 of 50 days are closures for weather; 44 are a calendar that nobody completed."""
    complete = school_days(calendar([*DAYS[:45], *DAYS[50:]]), [FALL, WINTER], [])
    incomplete = school_days(calendar([*DAYS[:44], *DAYS[50:]]), [FALL, WINTER], [])
    assert [term.covered for term in complete.sessions] == [True, True]
    assert [term.covered for term in incomplete.sessions] == [False, True]
    assert count_days(incomplete, DAYS[0], DAYS[99], by_sessions=True) == (
        100,
        frozenset({DataQuality.ESTIMATED_DENOMINATOR}),
    )


def test_a_calendar_of_two_days_covers_nothing() -> None:
    """Sessions' days count instead, or else weekdays with recorded attendance, and never the two days."""
    two_days = calendar([DAYS[0], DAYS[99]])
    stated = facts([], schools={HILL: school_days(two_days, [FALL, WINTER], DAYS[::2], DAYS[99])})
    measure = measured(Metric.ATTENDANCE_RATE, stated)
    assert (measure.denominator, measure.data_quality) == (100, [DataQuality.ESTIMATED_DENOMINATOR])
    recorded = facts([], schools={HILL: school_days(two_days, [], [*DAYS[::2], SUNDAY], DAYS[98])})
    measure = measured(Metric.ATTENDANCE_RATE, recorded)
    assert (measure.denominator, measure.data_quality) == (50, [DataQuality.ESTIMATED_CALENDAR])
    nothing = facts([], schools={HILL: school_days(two_days, [])})
    assert measured(Metric.ATTENDANCE_RATE, nothing).value is None


def test_only_a_complete_session_uses_its_stated_days() -> None:
    """On the day before its end, the weekdays with recorded attendance count."""
    days = school_days([], [FALL], DAYS[:50:2], None)
    assert count_days(days, DAYS[0], DAYS[49], by_sessions=True)[0] == 50
    assert count_days(days, DAYS[0], DAYS[48], by_sessions=True) == (
        25,
        frozenset({DataQuality.ESTIMATED_CALENDAR}),
    )
    assert count_days(days, DAYS[1], DAYS[49], by_sessions=True)[0] == 24
    assert count_days(days, DAYS[0], DAYS[49], by_sessions=False)[0] == 25


def test_overlapping_sessions_count_once() -> None:
    """A year that holds two semesters is not a third session."""
    year = session(DAYS[0], DAYS[99], 100, "Year")
    days = school_days([], [year, WINTER, FALL], [])
    assert [term.name for term in days.sessions] == ["Fall", "Winter"]
    assert count_days(days, DAYS[0], DAYS[99], by_sessions=True)[0] == 100


def test_a_session_that_begins_on_the_last_day_of_another_keeps_its_days() -> None:
    """Terms may share their border day, as where an end is the day after; absences in the second one count."""
    year = session(DAYS[0], DAYS[99], None, "Year")
    for overlap in range(6):  # none, the border day, and up to a week of school
        fall = session(DAYS[0], DAYS[49 + overlap], 50, "Fall")
        days = school_days([], [year, WINTER, fall], DAYS, DAYS[99])
        assert [term.name for term in days.sessions] == ["Fall", "Winter"]
        assert days.sessions[0].last < days.sessions[1].first
        measure = measured(Metric.CHRONIC_ABSENCE, facts(absences(DAYS[60:70]), schools={HILL: days}))
        assert (measure.numerator, measure.denominator) == (10, 100)


def test_a_session_that_states_no_days_keeps_its_days() -> None:
    """Beside one that states some, and where the number was not filled in: recorded attendance has its days."""
    for stated in (None, 0):
        winter = session(DAYS[50], DAYS[99], stated, "Winter")
        days = school_days([], [session(DAYS[0], DAYS[99], None, "Year"), winter, FALL], DAYS, DAYS[99])
        measure = measured(Metric.CHRONIC_ABSENCE, facts(absences(DAYS[60:70]), schools={HILL: days}))
        assert (measure.numerator, measure.denominator) == (10, 100)
        assert measure.data_quality == [DataQuality.ESTIMATED_CALENDAR, DataQuality.ESTIMATED_DENOMINATOR]


def test_a_student_has_the_calendar_of_the_enrollment() -> None:
    """A school with two calendars: the student's own, or the one with most days of school."""
    days = school_days([*calendar(), *calendar([*DAYS, date(2022, 2, 1)], "longer")], [])
    own, other = enrollment(), enrollment()
    own.calendar_code = "main"
    for row, count in ((own, 100), (other, 101)):
        student = facts(enrollments=[row], schools={HILL: days})
        assert measured(Metric.ATTENDANCE_RATE, student, as_of=date(2022, 2, 28)).denominator == count


def test_a_window_ends_with_the_latest_record_of_the_school() -> None:
    """Days that the school has not submitted yet are not days of presence."""
    days = school_days(calendar(), [], DAYS, DAYS[59])
    measure = measured(Metric.ATTENDANCE_RATE, facts(absences(DAYS[:6]), schools={HILL: days}))
    assert (measure.denominator, measure.window.last) == (60, DAYS[59])


def test_a_school_that_records_nothing_has_no_rate() -> None:
    """No record of the school is not 100 % of attendance."""
    days = school_days(calendar(), [], DAYS, None)
    measure = measured(Metric.ATTENDANCE_RATE, facts(schools={HILL: days}))
    assert measure.value is None
    assert measure.data_quality == [DataQuality.NO_ATTENDANCE_RECORDED]
    assert measure.reasons == ["The school has recorded no attendance this year."]


def test_a_window_without_a_day_has_a_defined_answer() -> None:
    """Before the school year, after it, and on a Sunday: no value, and the reason says so."""
    spans = [(date(2020, 1, 1), date(2020, 12, 31)), (SUNDAY, SUNDAY), (DAYS[9], DAYS[0])]
    for first, last in spans:
        for metric in (Metric.CHRONIC_ABSENCE, Metric.ABSENT_DAYS, Metric.ABSENCE_STREAK, Metric.ATTENDANCE_TREND):
            measure = measured(metric, facts(absences(DAYS[20:30])), first=first, last=last)
            assert (measure.value, measure.level.name) == (None, "NOT_EVALUATED")
            assert measure.reasons == ["The window has no day of school on which the student was enrolled."]
            assert measure.window.first <= measure.window.last


def test_a_district_has_the_days_of_any_of_its_schools() -> None:
    """A student whose school nobody recorded counts on them; sessions count if all schools have them."""
    same = school_days([], [FALL, WINTER], DAYS, DAYS[99])
    other = school_days([], [FALL, session(DAYS[50], DAYS[89], 40, "Winter")], DAYS, DAYS[99])
    assert [term.name for term in district_days([same, other]).sessions] == ["Fall"]
    unknown = facts(enrollments=[], schools={HILL: same, LAKE: same})
    measure = measured(Metric.ATTENDANCE_RATE, unknown)
    assert (measure.value, measure.denominator) == (1.0, 100)
    assert DataQuality.ENROLLMENT_UNKNOWN in measure.data_quality


def test_events_at_two_schools_without_an_enrollment_count_in_the_district() -> None:
    """The days of the district count once: not once for each school."""
    events = [event(DAYS[0]), event(DAYS[0], school=LAKE), event(DAYS[1], school=LAKE)]
    student = facts(events, enrollments=[], schools={HILL: complete_year(), LAKE: complete_year()})
    measure = measured(Metric.CHRONIC_ABSENCE, student)
    assert (measure.numerator, measure.denominator) == (2, 100)
    at_lake = measured(Metric.CHRONIC_ABSENCE, student, school=LAKE)
    assert (at_lake.numerator, at_lake.denominator, at_lake.unit.name) == (2, 100, "STUDENT_SCHOOL")


def test_windows_of_weeks_count_days_of_school() -> None:
    """20, 40, 20 and 30 days, or all days if there are fewer."""
    counts = {
        WindowKind.LAST_4_WEEKS: 20,
        WindowKind.LAST_8_WEEKS: 40,
        WindowKind.FIRST_4_WEEKS: 20,
        WindowKind.FIRST_6_WEEKS: 30,
    }
    for window, count in counts.items():
        assert measured(Metric.ATTENDANCE_RATE, facts(), window=window).denominator == count
        early = measured(Metric.ATTENDANCE_RATE, facts(), window=window, as_of=DAYS[9])
        assert early.denominator == 10


def test_a_student_who_comes_back_on_the_same_day_has_the_complete_session() -> None:
    """Two enrollments that touch are one, so that the session's stated days count; with a gap they do not."""
    stated = school_days([], [session(DAYS[0], DAYS[49], 48)], DAYS[:50:2], DAYS[49])
    for gap, days in ((0, 48), (1, 24)):
        rows = [enrollment(DAYS[0], DAYS[20]), enrollment(DAYS[20 + gap])]
        student = facts(enrollments=rows, schools={HILL: stated})
        assert measured(Metric.ATTENDANCE_RATE, student, as_of=DAYS[49]).denominator == days


def test_no_more_days_are_left_than_the_year_has() -> None:
    """Of 5 days with a tenth of one missed, 4 whole days are left, also if the definition allows 15."""
    student = facts([event(DAYS[0], duration=0.1)], [enrollment(DAYS[0], DAYS[5])])
    assert measured(Metric.AFFORDABLE_DAYS, student, "amt_15_days").value == 4


def test_a_request_that_is_derived_from_another_shares_no_memo() -> None:
    """What a request remembers, such as windows, is for its own day and school."""
    preset = PRESETS["federal_10pct"]
    request = MetricRequest(Metric.ATTENDANCE_RATE, preset, DAYS[-1], YEAR_START)
    measure = METRICS[Metric.ATTENDANCE_RATE].measure
    student = facts()
    assert measure(student, request).denominator == 100
    assert measure(student, replace(request, as_of=DAYS[9])).denominator == 10
