"""Assigned work, activity in the LMS, and changes of school."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from student_graph.adapters.model import CourseEngagement, DistrictId, SubmissionStatus
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.requests import Choices, resolve_choices
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric
from student_graph.resolvers.metrics.presets.preset import Rule, Threshold
from student_graph.resolvers.metrics.registry import METRICS
from tests.resolvers.metrics.records.builders import STUDENT, enrollment, facts, measure, work
from tests.subcases import subcases

NOW = datetime(2022, 3, 1, 9, tzinfo=UTC)


@subcases(
    ("attributes", "count"),
    [
        ({"missing": True}, 1),
        ({"missing": None, "status": SubmissionStatus.MISSING}, 1),
        ({"missing": True, "excused": True}, 0),
        ({"missing": True, "status": SubmissionStatus.EXCUSED}, 0),
        ({"missing": True, "due_at": NOW - timedelta(seconds=1)}, 1),
        ({"missing": True, "due_at": NOW}, 0),
        ({"missing": True, "due_at": None}, 0),
        ({"missing": False, "score": 0.0}, 0),
        ({"missing": None}, None),
    ],
)
def test_missing_work_is_what_the_lms_marks(attributes: dict[str, Any], count: int | None) -> None:
    """Marked, not excused, and due before now; a source without marks has no number."""
    of = facts(work=[work("1", **attributes)])
    result = measure(Metric.MISSING_WORK, of, as_of=NOW.date(), now=NOW)
    assert result.exact == count
    assert result.reasons[-1] == (
        "Missing as the LMS marks it." if count is not None else "The source does not say which work is missing."
    )


@subcases(
    ("attributes", "count"),
    [
        ({"score": 0.0}, 1),
        ({"score": 0.0, "submitted_at": NOW}, 0),
        ({"score": 0.5}, 0),
        ({"score": 0.0, "excused": True}, 0),
        ({"missing": True}, 1),
    ],
)
def test_another_publisher_counts_returned_work(attributes: dict[str, Any], count: int) -> None:
    """Work that was returned with 0 and never handed in is missing there, unlike the LMS's own mark."""
    result = measure(Metric.MISSING_WORK, facts(work=[work("1", **attributes)]), "schoolytics_missing", NOW.date())
    assert (result.value, result.definition.preset) == (count, "schoolytics_missing")
    assert "returned with 0" in result.reasons[-1]


def test_work_in_two_sections_counts_once() -> None:
    """A student in two sections of a course has one piece of work."""
    rows = [work("1", missing=True), work("1", missing=True, is_repeated=True)]
    assert measure(Metric.MISSING_WORK, facts(work=rows)).exact == 1


def test_the_average_keeps_extra_credit_and_leaves_out_work_without_points() -> None:
    """The mean of 11 of 10 and 5 of 10, not of work out of 0 points or of none."""
    rows = [
        work("1", score=11.0),
        work("2", score=5.0),
        work("3", score=5.0, points_possible=0.0),
        work("4", score=5.0, points_possible=None),
        work("5"),
    ]
    result = measure(Metric.WORK_AVERAGE, facts(work=rows))
    assert (result.value, result.data_quality) == (0.8, [DataQuality.NOT_NUMERIC])
    assert measure(Metric.GRADED_WORK, facts(work=rows)).exact == 4


def test_late_work_without_marks_has_no_number() -> None:
    """A source that does not say what is late has no number; one that says it for some work has one."""
    assert measure(Metric.LATE_WORK, facts(work=[work("1")])).exact is None
    assert measure(Metric.LATE_WORK, facts(work=[work("1"), work("2", late=True)])).exact == 1


@subcases(("metric", "mark"), [(Metric.MISSING_WORK, "missing"), (Metric.LATE_WORK, "late")])
def test_unmarked_work_may_make_the_number_higher(metric: Metric, mark: str) -> None:
    """The marked part alone is not on track; what is excused needs no mark."""
    rule = Rule(metric, (Threshold(Level.AT_RISK, Fraction(3), True),), True, "of the district")
    marked, unmarked = work("1", **{mark: False}), {mark: None}

    def level(*rows: Any) -> Level:
        return measure(metric, facts(work=[*rows]), rule=rule).level

    assert level(marked, work("2", excused=True, **unmarked)) is Level.ON_TRACK
    assert level(marked, work("2", **unmarked)) is Level.NOT_EVALUATED


def test_work_that_is_marked_without_a_due_time_is_named() -> None:
    """The gradebook of the LMS shows it as missing, so the reasons say why it is not in the number."""
    rows = [work("1", missing=True), work("2", missing=True, due_at=None)]
    result = measure(Metric.MISSING_WORK, facts(work=rows))
    assert (result.value, result.reasons) == (
        1,
        [
            "1 missing assignment of 2.",
            "1 assignment marked as missing without a due time, not counted.",
            "Missing as the LMS marks it.",
        ],
    )


CHICAGO = ZoneInfo("America/Chicago")
FRIDAY_EVENING = datetime(2022, 2, 11, 23, 59, tzinfo=CHICAGO)


@subcases(
    ("due", "first", "last", "is_in"),
    [
        (FRIDAY_EVENING, date(2022, 2, 7), date(2022, 2, 11), True),
        (FRIDAY_EVENING, date(2022, 2, 12), date(2022, 2, 18), False),
        (FRIDAY_EVENING + timedelta(1), date(2022, 2, 7), date(2022, 2, 11), False),
        (FRIDAY_EVENING - timedelta(5), date(2022, 2, 7), date(2022, 2, 11), False),
        (FRIDAY_EVENING, date(2022, 2, 7), date(2022, 2, 10), False),
        (FRIDAY_EVENING + timedelta(30), date(2022, 2, 7), NOW.date(), True),
        (datetime.min.replace(tzinfo=UTC), None, NOW.date(), False),
    ],
)
def test_a_window_has_the_work_that_is_due_on_its_days_in_the_district(
    due: datetime, first: date | None, last: date, is_in: bool
) -> None:
    """Work of later days counts only in a window up to the present, where it may be graded already."""
    district = District(DistrictId("hill"), "Hill", (), CHICAGO)
    context: Any = SimpleNamespace(metric_settings={}, operation=SimpleNamespace(started_at=NOW))
    choices = resolve_choices(context, district, Choices(first=first, last=last))
    of = facts(work=[work("1", due_at=due.astimezone(UTC) if first else due, score=9.0, missing=True, late=True)])
    counts = {
        metric: METRICS[metric].measure(of, choices.request(metric)).exact
        for metric in (Metric.GRADED_WORK, Metric.LATE_WORK, Metric.MISSING_WORK)
    }
    assert counts == {
        Metric.GRADED_WORK: is_in,
        Metric.LATE_WORK: is_in,
        Metric.MISSING_WORK: is_in and due < NOW,
    }


def engagement(page_views: int | None) -> CourseEngagement:
    """Activity in a course."""
    return CourseEngagement(vendor_id="1", student_id=STUDENT, page_views=page_views)


def test_activity_that_no_course_states_is_not_zero() -> None:
    """A token that may not read page views gives no number."""
    assert measure(Metric.PAGE_VIEWS, facts(engagement=[engagement(None)])).exact is None
    assert (
        measure(Metric.PAGE_VIEWS, facts(engagement=[engagement(None), engagement(3), engagement(4)])).exact == 7
    )


AUGUST, JANUARY = date(2021, 8, 23), date(2022, 1, 10)


@subcases(
    ("enrollments", "changes"),
    [
        ([("1", AUGUST, None)], 0),
        ([("1", AUGUST, JANUARY), ("2", JANUARY, None)], 1),
        ([("1", AUGUST, JANUARY), ("1", JANUARY, None)], 0),
        ([("1", AUGUST, JANUARY - timedelta(30)), ("1", JANUARY, None)], 0),
        ([("1", AUGUST, None), ("2", JANUARY, None)], 0),
        ([("1", AUGUST, JANUARY), ("2", AUGUST, JANUARY), ("2", JANUARY, None)], 0),
        ([("1", date(2020, 8, 24), date(2021, 5, 28)), ("2", AUGUST, None)], 0),
        ([("1", AUGUST, JANUARY), ("2", JANUARY, date(2022, 3, 1)), ("1", date(2022, 3, 1), None)], 2),
        ([("1", AUGUST, JANUARY), ("2", JANUARY, JANUARY), ("1", JANUARY, None)], 0),
        ([("2", JANUARY, None)], 0),
    ],
)
def test_a_change_is_an_exit_and_an_entry_at_another_school_in_the_year(
    enrollments: list[tuple[str, date, date | None]], changes: int
) -> None:
    """To leave one school and enter another, both in the year: not a return, a second school, or a new year."""
    rows = [enrollment(school, entry, exit_day) for school, entry, exit_day in enrollments]
    result = measure(Metric.SCHOOL_CHANGES, facts(enrollments=rows), "wisconsin_high_school")
    assert (result.value, result.level is Level.AT_RISK) == (changes, changes > 0)


def test_a_second_school_that_is_not_the_primary_one_is_not_a_change() -> None:
    """An exit there and an entry at the primary school later are two different stories."""
    rows = [
        enrollment("1", AUGUST, JANUARY, primary_school=False),
        enrollment("2", JANUARY, primary_school=True),
    ]
    assert measure(Metric.SCHOOL_CHANGES, facts(enrollments=rows)).exact == 0


def test_changes_are_not_known_without_enrollments() -> None:
    """No enrollment is not a student who stayed."""
    result = measure(Metric.SCHOOL_CHANGES, facts())
    assert (result.value, result.data_quality) == (None, [DataQuality.ENROLLMENT_UNKNOWN])
