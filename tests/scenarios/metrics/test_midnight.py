"""A page that is made while the district's day ends: all of its metrics are of the day on which it began."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.cache.response_cache import ResponseCache
from student_graph.resolvers.cohorts.measurement.requests import Choices, ResolvedChoices, resolve_choices
from student_graph.resolvers.metrics.presets.preset import WindowKind
from student_graph.resolvers.operation import Operation
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness, Clock
from tests.gateway.small_district import DISTRICT

DENVER, HONOLULU = ZoneInfo("America/Denver"), ZoneInfo("Pacific/Honolulu")
SECOND = timedelta(seconds=1)
USUAL = Choices()


def operation_at(instant: datetime) -> Operation:
    """Return an operation that began at an instant."""
    return Operation(started_at=instant)


def choices_in(operation: Operation, zone: ZoneInfo = DENVER, choices: Choices = USUAL) -> ResolvedChoices:
    """Return the choices of a field of an operation in a district."""
    context: Any = SimpleNamespace(operation=operation, metric_settings={})
    return resolve_choices(context, District(DistrictId("hill"), "Hill", (), zone), choices)


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2027, 1, 12, tzinfo=DENVER),
        pytest.param(datetime(2027, 3, 15, tzinfo=DENVER), id="after a day of 23 hours"),
        pytest.param(datetime(2026, 11, 2, tzinfo=DENVER), id="after a day of 25 hours"),
        pytest.param(datetime(2027, 7, 1, tzinfo=DENVER), id="first day of a school year"),
    ],
)
def test_the_day_is_that_on_which_the_operation_began(midnight: datetime) -> None:
    """A second before midnight it is the old day, and a second later the new one, however long the day was."""
    before, after = (choices_in(operation_at(midnight.astimezone(UTC) + shift)) for shift in (-SECOND, SECOND))

    assert (before.as_of, after.as_of) == (midnight.date() - timedelta(days=1), midnight.date())
    assert after.year_start == (date(2027, 7, 1) if midnight.month == 7 else date(2026, 7, 1))
    assert before.year_start == date(2026, 7, 1)
    assert (before.now, after.now) == (midnight - SECOND, midnight + SECOND)


def test_all_fields_of_an_operation_have_one_instant() -> None:
    """Fields that are resolved later, with any window, have the day and the time of the first one."""
    operation = operation_at(datetime(2027, 1, 12, tzinfo=DENVER) - SECOND)
    resolved = [
        choices_in(operation, choices=choices)
        for choices in (Choices(), Choices(window=WindowKind.LAST_4_WEEKS), Choices(first=date(2026, 9, 1)))
    ]

    assert {(choice.as_of, choice.now) for choice in resolved} == {(date(2027, 1, 11), operation.started_at)}
    assert resolved[-1].last == date(2027, 1, 11)


def test_two_districts_have_different_days_in_one_operation() -> None:
    """At one instant it is Tuesday in Denver and still Monday in Honolulu."""
    operation = operation_at(datetime(2027, 1, 12, 8, tzinfo=UTC))

    assert choices_in(operation, DENVER).as_of == date(2027, 1, 12)
    assert choices_in(operation, HONOLULU).as_of == date(2027, 1, 11)


@pytest.mark.parametrize(("began", "is_cached"), [(-SECOND, False), (SECOND, True)])
async def test_a_page_that_began_before_midnight_is_not_reused_after_it(began: timedelta, is_cached: bool) -> None:
    """It is finished a minute after midnight. If it began before, its metrics are of the day before."""
    midnight = datetime(2027, 1, 12, tzinfo=DENVER)
    harness = CacheHarness()
    ask = Ask(STUDENTS, ("s1", "s2"))
    for _ in range(2):
        await harness.ask(ask)
    hill = District(DISTRICT, "Hill", (), DENVER)
    clock = Clock(midnight.timestamp() + 60)
    responses = ResponseCache(harness.cache.store, {DISTRICT: hill}, 1 << 20, harness.clock, clock)
    operation = replace(harness.operation, started_at=midnight + began)
    responses.set("request", operation, [b"{}"], [DISTRICT])

    assert (responses.get("request") is not None) is is_cached
