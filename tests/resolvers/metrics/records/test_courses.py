"""Averages, failing courses, grade point averages, credits and being on track."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from student_graph.adapters.model import (
    AcademicSubject,
    CourseGrade,
    GradeLevel,
    GradePointAverage,
    GradeSource,
    GradeType,
    SchoolId,
)
from student_graph.resolvers.metrics.academics.records import cumulative_average
from student_graph.resolvers.metrics.facts import SchoolDays, SessionDays
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric
from student_graph.resolvers.metrics.registry import PRESETS
from tests.resolvers.metrics.records.builders import (
    LAST_DAY,
    YEAR_START,
    academic_record,
    codes,
    enrollment,
    facts,
    grade,
    measure,
    settings,
)
from tests.subcases import subcases


def test_grades_of_two_systems_are_never_merged() -> None:
    """Grades that the LMS computes count only where the SIS posts none."""
    computed = grade("art", 50.0, source=GradeSource.LMS, grade_type=GradeType.COMPUTED_CURRENT)
    assert measure(Metric.CURRENT_AVERAGE, facts(grades=[computed])).exact == 50
    both = measure(Metric.CURRENT_AVERAGE, facts(grades=[computed, grade("math", 80.0)]))
    assert (both.value, both.reasons[0]) == (80, "Grades posted in the student information system.")


def test_the_current_grade_of_a_course_is_the_marked_one_or_the_latest() -> None:
    """A mark of the source counts before a date, and a date before none."""
    old = grade("math", 60.0, as_of=date(2021, 10, 1), vendor_id="1")
    new = grade("math", 70.0, as_of=date(2021, 12, 1), vendor_id="2")
    marked = grade("math", 65.0, current=True, vendor_id="3")
    ended = grade("math", 99.0, current=False, as_of=date(2022, 1, 1), vendor_id="4")
    assert measure(Metric.CURRENT_AVERAGE, facts(grades=[new, old, ended])).exact == 70
    assert measure(Metric.CURRENT_AVERAGE, facts(grades=[new, marked, old])).exact == 65


def test_a_course_keeps_its_latest_grade_when_no_grade_is_marked_as_current() -> None:
    """Ed-Fi marks interim grades only: at the end of a term none has the mark, and a failing grade still fails."""
    first = grade("math", 80.0, current=False, as_of=date(2021, 10, 22), vendor_id="1")
    final = grade("math", 50.0, current=False, as_of=date(2021, 12, 17), vendor_id="2")
    exam = grade("math", 90.0, current=True, as_of=date(2021, 12, 18), grade_type=GradeType.EXAM, vendor_id="3")
    computed = grade("art", 95.0, source=GradeSource.LMS, grade_type=GradeType.COMPUTED_CURRENT)
    of = facts(grades=[final, first, exam, computed])
    assert measure(Metric.CURRENT_AVERAGE, of).exact == 50
    assert measure(Metric.FAILING_COURSES, of, settings=settings(failing_below=60)).exact == 1
    assert measure(Metric.CURRENT_AVERAGE, of, as_of=date(2021, 11, 1)).exact == 80


@pytest.mark.parametrize(
    ("numeric", "level"),
    [(64.9, Level.AT_RISK), (65.0, Level.WATCH), (71.9, Level.WATCH), (72.0, Level.ON_TRACK)],
)
def test_an_average_on_an_edge_has_the_better_level(numeric: float, level: Level) -> None:
    """Below 65 is at risk, below 72 an early warning: the edges are not."""
    [rule] = [rule for rule in PRESETS["ews_sample"].rules if AcademicSubject.MATHEMATICS in rule.subjects]
    result = measure(Metric.GRADING_PERIOD_AVERAGE, facts(grades=[grade("math", numeric)]), rule=rule)
    assert (result.level, result.exact) == (level, Fraction(str(numeric)))


def test_english_language_arts_and_reading_are_one_average() -> None:
    """A rule of several subjects takes courses of any of them, and no others."""
    [rule] = [rule for rule in PRESETS["ews_sample"].rules if AcademicSubject.WRITING in rule.subjects]
    rows = [grade("reading", 70.0), grade("math", 10.0), grade(None, 10.0)]
    result = measure(Metric.GRADING_PERIOD_AVERAGE, facts(grades=rows), rule=rule)
    assert (result.value, result.data_quality) == (70, [DataQuality.SUBJECT_UNKNOWN])


def test_letters_count_as_numbers_only_where_the_preset_says_so() -> None:
    """In the publisher's sample a C is 75; a letter with a sign is no number, and no preset makes it one."""
    rows = [
        grade("math", letter="C", vendor_id="1"),
        grade("math", letter="A-", vendor_id="2", grading_period=None),
    ]
    rule = PRESETS["ews_sample"].rules[3]
    with_letters = measure(Metric.GRADING_PERIOD_AVERAGE, facts(grades=rows[:1]), rule=rule)
    assert with_letters.exact == 75
    without = measure(Metric.GRADING_PERIOD_AVERAGE, facts(grades=rows[:1]))
    assert (without.value, without.data_quality) == (None, [DataQuality.NOT_NUMERIC])
    signed = measure(Metric.GRADING_PERIOD_AVERAGE, facts(grades=rows[1:]), rule=rule)
    assert (signed.value, signed.data_quality) == (None, [DataQuality.NOT_NUMERIC])


SCALE = {"A": 95.0, "D": 65.0, "F": 55.0}


@subcases(
    ("row", "configured", "failing"),
    [
        (grade("math", 40.0), {}, None),
        (grade("math", letter="F"), {}, None),
        (grade("math", 64.9), {"failing_below": 65.0}, 1),
        (grade("math", 65.0), {"failing_below": 65.0}, 0),
        (grade("math", letter="f "), {"failing_letters": frozenset({"F"})}, 1),
        (grade("math", letter="D"), {"failing_letters": frozenset({"F"})}, 0),
        (grade("math", letter="D"), {"failing_below": 65.0}, None),
        (grade("math", letter="D"), {"failing_below": 65.0, "grade_scale": SCALE}, 0),
        (grade("math", letter="F"), {"failing_below": 65.0, "grade_scale": SCALE}, 1),
        (grade("math", letter="I"), {"failing_below": 65.0, "grade_scale": SCALE}, None),
        (grade("math", letter="D"), {"grade_scale": SCALE}, None),
        (grade("math", 90.0, letter="F"), {"failing_below": 65.0, "failing_letters": frozenset({"F"})}, 0),
    ],
)
def test_which_grades_are_failing_is_configured_and_never_guessed(
    row: CourseGrade, configured: dict[str, Any], failing: int | None
) -> None:
    """A number counts before a letter; what no setting judges has no value and no level."""
    result = measure(Metric.FAILING_COURSES, facts(grades=[row]), "acumened_abc", settings=settings(**configured))
    assert result.exact == failing
    assert (DataQuality.NO_GRADE_SCALE in result.data_quality) == (failing is None)
    if failing is None:
        assert result.level is Level.NOT_EVALUATED


def test_some_unjudged_grades_are_a_lower_bound() -> None:
    """With one failing course the student is at watch at least; with none, nobody knows."""
    configured = settings(failing_below=65.0)
    unjudged = grade("art", letter="P")
    passing = measure(
        Metric.FAILING_COURSES, facts(grades=[unjudged, grade("math", 90.0)]), "acumened_abc", settings=configured
    )
    assert (passing.value, passing.level) == (0, Level.NOT_EVALUATED)
    failed = measure(
        Metric.FAILING_COURSES, facts(grades=[unjudged, grade("math", 10.0)]), "acumened_abc", settings=configured
    )
    assert (failed.value, failed.level) == (1, Level.WATCH)


def test_a_student_without_grades_has_no_number_of_failing_courses() -> None:
    """No grade is not a passing grade."""
    result = measure(Metric.FAILING_COURSES, facts(), settings=settings(failing_below=65.0))
    assert (result.value, result.reasons) == (None, ["No grade is recorded."])


def gpa(
    value: float, kind: str, *, cumulative: bool | None = True, limit: float | None = 4.0
) -> GradePointAverage:
    """A grade point average."""
    return GradePointAverage(type=codes(kind)[0], value=value, max_value=limit, cumulative=cumulative)


def test_the_latest_cumulative_average_of_the_preferred_kind() -> None:
    """Unweighted before weighted; an average of one term does not count; terms have the order of the year."""
    records = [
        academic_record(None, gpa(3.9, "Weighted"), gpa(2.9, "Unweighted"), term="Spring Semester"),
        academic_record(None, gpa(1.0, "Unweighted", cumulative=False), term="Summer Semester"),
        academic_record(None, gpa(3.5, "Unweighted"), term="Fall Semester"),
        academic_record(None, gpa(0.5, "Unweighted"), year=2023),
    ]
    result = measure(Metric.GRADE_POINT_AVERAGE, facts(academic_records=records), "acumened_abc")
    assert (result.value, result.level) == (2.9, Level.WATCH)
    assert result.reasons[0] == "Unweighted, of at most 4, Spring Semester of school year 2022."
    assert cumulative_average([gpa(2.0, "Other"), gpa(3.0, "Weighted")], ("Unweighted", "Weighted")) == gpa(
        3.0, "Weighted"
    )


def test_an_average_on_another_scale_is_not_judged() -> None:
    """An average of 85 of 100 is not above 3 of 4."""
    records = [academic_record(None, gpa(85.0, "Weighted", limit=100.0))]
    result = measure(Metric.GRADE_POINT_AVERAGE, facts(academic_records=records), "acumened_abc")
    assert (result.value, result.level) == (85, Level.NOT_EVALUATED)
    assert result.reasons[-1] == "The thresholds are for another scale."


@pytest.mark.parametrize(("attempted", "expected"), [(0.0, None), (5.0, 0), (None, 0)])
def test_an_average_of_0_over_no_credits_is_none(attempted: float | None, expected: int | None) -> None:
    """Aeries sends it for each student who has no course with credits yet: none of them is at risk for it."""
    record = replace(academic_record(0.0, gpa(0.0, "Unweighted")), cumulative_attempted_credits=attempted)
    result = measure(Metric.GRADE_POINT_AVERAGE, facts(academic_records=[record]), "acumened_abc")

    assert result.value == expected
    assert (result.level is Level.NOT_EVALUATED) is (expected is None)


SESSION = {SchoolId("10"): SchoolDays(days=(), sessions=(SessionDays("Year", date(2021, 8, 23), LAST_DAY),))}


def test_a_grade_of_this_evening_counts_although_its_date_in_utc_is_tomorrow() -> None:
    """At present the latest grade is the current one; for a day in the past, later grades are not known yet."""
    today, evening = date(2022, 2, 11), datetime(2022, 2, 12, 1, tzinfo=UTC)
    of = facts(grades=[grade("math", 60.0, as_of=today), grade("math", 70.0, as_of=evening.date(), vendor_id="2")])
    assert measure(Metric.CURRENT_AVERAGE, of, as_of=today, now=evening).value == 70
    assert measure(Metric.CURRENT_AVERAGE, of, as_of=today, now=evening - timedelta(hours=2)).value == 60
    assert measure(Metric.CURRENT_AVERAGE, of, as_of=today).value == 60


@subcases(
    ("level", "earned", "as_of", "on_track"),
    [
        (GradeLevel.NINTH, 0.0, date(2022, 1, 1), None),
        (GradeLevel.NINTH, 4.5, LAST_DAY, 0),
        (GradeLevel.NINTH, 5.0, LAST_DAY, 1),
        (GradeLevel.TENTH, 5.0, date(2022, 1, 1), 1),
        (GradeLevel.TENTH, 11.5, LAST_DAY, 0),
        (GradeLevel.TWELFTH, 26.0, LAST_DAY, 1),
        (GradeLevel.FIFTH, 0.0, LAST_DAY, None),
        (GradeLevel.TENTH, None, LAST_DAY, None),
    ],
)
def test_credits_are_due_at_the_end_of_a_grade(
    level: GradeLevel, earned: float | None, as_of: date, on_track: int | None
) -> None:
    """During a year the credits of the year before are due; nothing is due before the end of ninth grade."""
    of = facts(
        enrollments=[enrollment("10", YEAR_START, level=level)],
        academic_records=[academic_record(earned)],
        school_days=SESSION,
    )
    result = measure(Metric.ON_TRACK, of, "fcps_ky_credits_block", as_of)
    assert result.exact == on_track
    assert result.level is {None: Level.NOT_EVALUATED, 0: Level.AT_RISK, 1: Level.ON_TRACK}[on_track]


@subcases(
    ("failed", "earned", "as_of", "on_track"),
    [
        (1, 5.0, LAST_DAY, 1),
        (2, 5.0, LAST_DAY, 0),
        (0, 4.5, LAST_DAY, 0),
        (0, 4.5, date(2022, 3, 1), None),
        (2, 0.0, date(2022, 3, 1), 0),
    ],
)
def test_freshmen_need_credits_and_at_most_one_failed_semester(
    failed: int, earned: float, as_of: date, on_track: int | None
) -> None:
    """Failed semesters in art do not count; too few credits decide only at the end of the year."""
    subjects = ("math", "reading")[:failed]
    grades = [grade(name, letter="F", grade_type=GradeType.SEMESTER) for name in (*subjects, "art")]
    of = facts(
        enrollments=[enrollment("10", YEAR_START)],
        academic_records=[academic_record(earned)],
        grades=grades,
        school_days=SESSION,
    )
    configured = settings(failing_letters=frozenset({"F"}))
    assert measure(Metric.ON_TRACK, of, "freshman_on_track", as_of, settings=configured).exact == on_track


def test_being_on_track_needs_a_rule() -> None:
    """Without a rule of the preset there is no value, and the reason says so."""
    result = measure(Metric.ON_TRACK, facts(), "federal_10pct")
    assert (result.value, result.reasons) == (None, ["The preset has no rule for being on track."])
    assert result.definition.preset == "none"
