"""Incidents and suspensions: what counts once, what is left out, and what the answer says about it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from student_graph.adapters.model import SchoolId
from student_graph.resolvers.metrics.facts import SchoolDays
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric, Unit
from tests.resolvers.metrics.records.builders import (
    FALL,
    LAST_DAY,
    SCHOOL,
    YEAR_START,
    action,
    enrollment,
    facts,
    incident,
    measure,
    settings,
)

ISS, OSS = "In School Suspension", "Out of School Suspension"


def test_several_behaviors_are_one_incident() -> None:
    """An incident in two rows, with three behaviors, counts once, and the answer says that records repeat."""
    rows = [incident("1", "State Offense", "Other"), incident("1", "School Violation")]
    result = measure(Metric.INCIDENTS, facts(incidents=rows))
    assert (result.value, result.data_quality, len(result.evidence)) == (1, [DataQuality.REPEATED_RECORDS], 2)
    assert measure(Metric.STATE_OFFENSES, facts(incidents=rows)).exact == 1
    assert measure(Metric.CONDUCT_VIOLATIONS, facts(incidents=rows)).exact == 1


def test_incidents_of_two_schools_with_one_identifier_are_two() -> None:
    """An identifier is unique within its school only."""
    rows = [incident("1"), incident("1", school=SchoolId("11"))]
    assert measure(Metric.INCIDENTS, facts(incidents=rows)).exact == 2
    at_school = measure(Metric.INCIDENTS, facts(incidents=rows), school=SCHOOL)
    assert (at_school.value, at_school.unit) == (1, Unit.STUDENT_SCHOOL)


@pytest.mark.parametrize("part", ["Victim", "Witness", "Reporter"])
def test_others_in_an_incident_have_none(part: str) -> None:
    """Only a perpetrator has an incident."""
    assert measure(Metric.INCIDENTS, facts(incidents=[incident("1", part=part)])).exact == 0


def test_unmapped_codes_of_discipline_are_reported() -> None:
    """A part, a behavior or an action with an unknown code is left out, and the answer says so."""
    unknown = [DataQuality.UNMAPPED_CODES]
    offender = measure(Metric.INCIDENTS, facts(incidents=[incident("1", part="Offender")]))
    vaping = facts(incidents=[incident("1", "Vaping")])
    suspended = measure(Metric.SUSPENSIONS, facts(actions=[action("1", "ISS")]))

    assert (offender.value, offender.data_quality) == (0, unknown)
    assert measure(Metric.STATE_OFFENSES, vaping).data_quality == unknown
    assert measure(Metric.INCIDENTS, vaping).data_quality == []
    assert (suspended.value, suspended.data_quality) == (0, unknown)
    assert measure(Metric.STATE_OFFENSES, vaping).level is Level.NOT_EVALUATED
    own = settings(suspensions=frozenset({"iss"}))
    mapped = measure(Metric.SUSPENSIONS, facts(actions=[action("1", "ISS")]), settings=own)
    assert (mapped.value, mapped.data_quality) == (1, [])


def test_an_incident_without_a_part_is_left_out_and_reported() -> None:
    """It counts if the district says so; until then, the student is not on track."""
    of = facts(incidents=[incident("1", part=None)])
    result = measure(Metric.INCIDENTS, of, "acumened_abc")
    assert (result.value, result.level) == (0, Level.NOT_EVALUATED)
    assert result.data_quality == [DataQuality.PARTICIPATION_MISSING]
    counted = measure(Metric.INCIDENTS, of, settings=settings(perpetrators=frozenset({"Perpetrator", ""})))
    assert (counted.value, counted.data_quality) == (1, [])


@pytest.mark.parametrize(
    ("count", "level"), [(1, Level.ON_TRACK), (2, Level.WATCH), (4, Level.WATCH), (5, Level.AT_RISK)]
)
def test_conduct_is_judged_by_the_documentation(count: int, level: Level) -> None:
    """Two violations are an early warning and five at risk, although the publisher's code has three and six."""
    rows = [incident(str(number), "School Code of Conduct") for number in range(count)]
    result = measure(Metric.CONDUCT_VIOLATIONS, facts(incidents=rows))
    assert result.level is level
    assert result.reasons[0].startswith(f"{count} conduct violation")
    assert [(row.name, row.value) for row in result.definition.parameters] == [
        ("atRisk", ">= 5"),
        ("watch", ">= 2"),
    ]


@pytest.mark.parametrize(
    ("day", "count"), [(FALL - timedelta(1), 0), (FALL, 1), (LAST_DAY, 1), (date(2022, 5, 28), 0)]
)
def test_both_ends_of_a_window_belong_to_it(day: date, count: int) -> None:
    """An incident on the first or the last day counts."""
    of = facts(incidents=[incident("1", day=day)])
    assert measure(Metric.INCIDENTS, of, first=FALL, last=LAST_DAY).exact == count


def test_a_window_begins_with_the_school_year() -> None:
    """Days before the school year belong to no window."""
    of = facts(incidents=[incident("1", day=YEAR_START - timedelta(1))])
    result = measure(Metric.INCIDENTS, of, first=date(2020, 1, 1), last=LAST_DAY)
    assert (result.value, result.window.first) == (0, YEAR_START)


def test_a_repeated_action_is_one_suspension() -> None:
    """Two actions of one incident, kind and date are one; another date, kind or incident is another one."""
    rows = [
        action("1", ISS, incidents=("7",), length=3.0),
        action("2", ISS, incidents=("7",), length=3.0),
        action("3", OSS, incidents=("7",), length=1.0),
        action("4", ISS, incidents=("8",), length=1.0),
        action("5", ISS, incidents=("7",), length=1.0, day=FALL + timedelta(1)),
    ]
    assert measure(Metric.SUSPENSIONS, facts(actions=rows)).exact == 4
    assert measure(Metric.SUSPENSION_DAYS_IMPOSED, facts(actions=rows)).exact == 6


def test_an_action_for_two_incidents_is_one_suspension() -> None:
    """The days of an action count once, however many incidents led to it."""
    rows = [action("1", ISS, incidents=("7", "8"), length=3.0), action("2", ISS, incidents=("8",), length=3.0)]
    assert measure(Metric.SUSPENSIONS, facts(actions=rows)).exact == 1
    assert measure(Metric.SUSPENSION_DAYS_IMPOSED, facts(actions=rows)).exact == 3


def test_an_action_of_two_kinds_has_one_length() -> None:
    """It is two suspensions, and its days count once."""
    of = facts(actions=[action("1", ISS, OSS, incidents=("7",), length=3.0)])
    assert measure(Metric.SUSPENSIONS, of).exact == 2
    assert measure(Metric.SUSPENSION_DAYS_IMPOSED, of).exact == 3


def test_an_expulsion_is_not_a_suspension() -> None:
    """Its days are none of suspension."""
    of = facts(actions=[action("1", "Expulsion", length=180.0)])
    assert measure(Metric.SUSPENSIONS, of).exact == 0
    assert measure(Metric.SUSPENSION_DAYS_IMPOSED, of).exact == 0


@pytest.mark.parametrize("length", [None, -1.0, float("nan"), float("inf")])
def test_a_missing_length_is_not_zero_days(length: float | None) -> None:
    """Without a usable length there is no value; beside another suspension it is left out and said."""
    unknown = action("1", ISS, incidents=("1",), length=length)
    alone = measure(Metric.SUSPENSION_DAYS_IMPOSED, facts(actions=[unknown]))
    assert (alone.value, alone.data_quality) == (None, [DataQuality.LENGTH_MISSING])
    assert "without a usable length" in alone.reasons[1]
    rows = [unknown, action("2", ISS, incidents=("2",), length=0.5)]
    beside = measure(Metric.SUSPENSION_DAYS_IMPOSED, facts(actions=rows))
    assert (beside.value, beside.data_quality) == (0.5, [DataQuality.LENGTH_MISSING])


def test_imposed_and_served_days_are_apart() -> None:
    """A suspension of three days of which two were served."""
    of = facts(actions=[action("1", ISS, length=3.0, actual_length=2.0)])
    assert measure(Metric.SUSPENSION_DAYS_IMPOSED, of).exact == 3
    assert measure(Metric.SUSPENSION_DAYS_SERVED, of).exact == 2


def test_too_few_known_days_are_not_on_track() -> None:
    """Half a day is known and one suspension has no length: the student may have a whole day."""
    rows = [action("1", ISS, incidents=("1",)), action("2", ISS, incidents=("2",), actual_length=0.5)]
    result = measure(Metric.SUSPENSION_DAYS_SERVED, facts(actions=rows), "wisconsin_high_school")
    assert result.level is Level.NOT_EVALUATED


DAYS = tuple(
    FALL + timedelta(days=number) for number in range(40) if (FALL + timedelta(days=number)).weekday() < 5
)
CALENDAR = {SCHOOL: SchoolDays(days=DAYS)}


@pytest.mark.parametrize(
    ("offsets", "share", "level"),
    [((), 0, Level.ON_TRACK), ((0,), Fraction(1, 28), Level.AT_RISK), ((0, 0, 3), Fraction(1, 28), Level.AT_RISK)],
)
def test_a_day_with_two_incidents_counts_once(offsets: tuple[int, ...], share: Fraction, level: Level) -> None:
    """Two incidents on a day are one day; one on a Saturday is on no day of school."""
    of = facts(
        incidents=[incident(str(index), day=FALL + timedelta(days=days)) for index, days in enumerate(offsets)],
        enrollments=[enrollment(SCHOOL, YEAR_START)],
        school_days=CALENDAR,
    )
    result = measure(Metric.INCIDENT_DAY_SHARE, of, "panorama_levels")
    assert (result.exact, result.level, result.denominator) == (share, level, len(DAYS))
    assert (DataQuality.EVENTS_WITHOUT_SCHOOL in result.data_quality) == (3 in offsets)


def test_an_incident_after_the_exit_is_left_out() -> None:
    """The share is one of enrolled days."""
    of = facts(
        incidents=[incident("1", day=DAYS[10])],
        enrollments=[enrollment(SCHOOL, YEAR_START, DAYS[10])],
        school_days=CALENDAR,
    )
    result = measure(Metric.INCIDENT_DAY_SHARE, of, "panorama_levels")
    assert (result.value, result.denominator) == (0, 10)
    assert DataQuality.EVENTS_OUTSIDE_ENROLLMENT in result.data_quality
