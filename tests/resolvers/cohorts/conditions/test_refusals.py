"""Lists with a condition or an order that are refused, and why."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.resolvers.cohorts.conditions import refusals
from student_graph.resolvers.context import ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.cohorts.conditions.generated import world
from tests.resolvers.cohorts.conditions.test_brute_force import LIST
from tests.resolvers.cohorts.conditions.test_list import CHRONIC, child

OTHER_SECTION = encode(GlobalId("Section", "elsewhere", "a"))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"all": []}, "where.all: name at least one"),
        ({"any": []}, "where.any: name at least one"),
        ({"gradeLevels": []}, "name at least one"),
        ({"meals": {"statuses": []}}, "meals.statuses: name at least one"),
        ({"bus": {"routes": []}}, "bus.routes: name at least one"),
        ({"metric": {"metric": "ABSENT_DAYS"}}, "say which level or which value"),
        ({"metric": {"metric": "ABSENT_DAYS", "level": []}}, "name at least one"),
        ({"metric": {"metric": "ABSENT_DAYS", "atLeast": 5, "below": 5}}, "contradict each other"),
        ({"metric": {"metric": "ABSENT_DAYS", "above": 3, "atMost": 2}}, "contradict each other"),
        ({"metric": {**CHRONIC, "preset": "nobodys"}}, "federal_10pct"),
        ({"metric": {"metric": "INCIDENTS", "preset": "federal_10pct", "level": "AT_RISK"}}, "does not judge"),
        ({"assessment": {"family": "ACT"}}, "say proficient"),
        ({"assessment": {"family": "ACT", "rankAtLeast": 3, "rankAtMost": 2}}, "contradict each other"),
        ({"enrollment": {"enteredFrom": "2027-01-02", "enteredTo": "2027-01-01"}}, "no enrollment has such a day"),
        ({"section": OTHER_SECTION}, "another district"),
        ({"all": [{"bus": {}}] * 21}, "at most 20 conditions"),
        ({"not": {"not": {"not": {"not": {"not": {"not": {"bus": {}}}}}}}}, "at most 5 levels"),
    ],
)
async def test_a_condition_that_cannot_be_met_or_judged_is_refused(where: dict[str, Any], text: str) -> None:
    """The error says which part to change, and no source is asked."""
    district = world([child("1")])
    answer = await district.ask(LIST, filter={"where": where})
    assert answer.errors is not None
    assert [(error.extensions or {}).get("code") for error in answer.errors] == ["BAD_INPUT"]
    assert text in answer.errors[0].message
    assert district.fetch.asks == []


@pytest.mark.parametrize("where", [{}, {"bus": {}, "program": {"kind": "TITLE_I"}}, {"bus": None}])
async def test_a_condition_is_exactly_one_kind(where: dict[str, Any]) -> None:
    """An empty condition, two kinds at once, and a null are refused."""
    answer = await world([child("1")]).ask(LIST, filter={"where": where})
    assert answer.errors


async def test_a_population_that_nothing_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says about how many calls it would need, and what bounds it; a school does."""
    monkeypatch.setattr(refusals, "MAX_CALLS", 5)
    population = [child(str(n), school="101" if n < 3 else "102") for n in range(20)]
    district = world(population, role=ViewerRole.SUPERINTENDENT)

    answer = await district.ask(LIST, filter={"where": {"metric": CHRONIC}})

    assert answer.errors is not None
    assert "vendor calls would be needed" in answer.errors[0].message
    assert "Name a school or ids" in answer.errors[0].message
    assert await district.codes(LIST, filter={"ids": ["1", "2"], "where": {"bus": {}}}) == []


async def test_the_lists_of_one_operation_share_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one list may need cannot be asked for many times under other names."""
    monkeypatch.setattr(refusals, "MAX_CALLS", 5)
    district = world([child(str(n)) for n in range(3)], role=ViewerRole.SUPERINTENDENT)
    part = 'students(filter: {ids: ["0", "1"], where: {bus: {}}}) { totalCount }'

    assert await district.codes(f"{{ a: {part} }}") == []
    assert await district.codes(f"{{ a: {part} b: {part} c: {part} d: {part} }}") == ["BAD_INPUT"] * 2


async def test_a_condition_that_no_source_offers_is_an_error() -> None:
    """A condition on records that the district has nowhere is not a list without students."""
    district = world([child("1")])
    where = {"program": {"kind": "SPECIAL_EDUCATION"}}
    assert await district.codes(LIST, filter={"where": where}) == ["NOT_OFFERED"]


async def test_a_list_that_cannot_be_read_is_an_error() -> None:
    """Without the list that names the students nobody can be counted as undecided."""
    district = world([child("1")])
    data = district.sources[0].adapter.data  # type: ignore[attr-defined]
    data.failing["school_enrollments_by_school"] = UnavailableError("no answer in time")
    assert await district.codes(LIST, filter={"school": "101", "where": {"bus": {}}}) == ["SOURCE_UNAVAILABLE"]
