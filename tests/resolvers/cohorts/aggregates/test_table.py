"""Tables through the graph: who is counted, at which school, and what a failed source leaves out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.resolvers.cohorts.aggregates.records import DAYS, absence, calendar_day, unavailable
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, school, school_enrollment

GROUP = (
    "{ keys { group } unit population aboveZero numerator denominator missing distribution { level students } }"
)


def world(attendance: dict[str, Any]) -> World:
    """Student 1 at school 101, 2 at both schools, 3 left school 101, 4 without an enrollment."""
    enrollments = {
        "1": [school_enrollment("1")],
        "2": [school_enrollment("2"), school_enrollment("2", "102")],
        "3": [school_enrollment("3", exit_withdraw_date=date(2026, 10, 1))],
    }
    rows = [row for of_student in enrollments.values() for row in of_student]
    students = ("1", "2", "3", "4")
    data = {
        "schools_by_district": {CEDAR: [school("101"), school("102")]},
        "schools_by_id": {"101": school("101")},
        "school_enrollments_by_school": {at: [r for r in rows if r.school_id == at] for at in ("101", "102")},
        "school_enrollments_by_student": {number: enrollments.get(number, []) for number in students},
        "calendar_days_by_school": {at: [calendar_day(at, day) for day in DAYS] for at in ("101", "102")},
        "sessions_by_school": {"101": [], "102": []},
        "attendance_events_by_student": {number: [] for number in students} | attendance,
    }
    return World([third_party_source("sis", VendorData(data))])


async def table(of: World, arguments: str = "by: [SCHOOL]") -> Any:
    """The table of the district."""
    query = f"""{{ district(id: "{CEDAR}") {{ metrics(metric: ABSENT_DAYS, {arguments}) {{
        total {GROUP} groups {GROUP} missingSources {{ source code students }} }} }} }}"""
    return (await of.data(query))["district"]["metrics"]


async def test_a_student_of_two_schools_counts_once_in_the_district_and_at_both_schools() -> None:
    """The groups have the days at the school, the total those at both; who left is not counted."""
    absences = [absence("2", DAYS[0]), absence("2", DAYS[1], "102"), absence("2", DAYS[2], "102")]
    result = await table(world({"2": absences}))
    assert (result["total"]["population"], result["total"]["unit"]) == (2, "STUDENT")
    by_school = {group["keys"][0]["group"]: group for group in result["groups"]}
    assert {name: group["population"] for name, group in by_school.items()} == {"101": 2, "102": 1}
    assert {group["unit"] for group in result["groups"]} == {"STUDENT_SCHOOL"}
    assert [by_school[at]["aboveZero"] for at in ("101", "102")] == [1, 1]


async def test_a_failed_source_is_missing_and_never_zero() -> None:
    """The student is in the population, has no level, and the table says which source failed."""
    result = await table(world({"1": unavailable(), "2": [absence("2", DAYS[0])]}))
    assert (result["total"]["population"], result["total"]["missing"]) == (2, 1)
    assert sum(entry["students"] for entry in result["total"]["distribution"]) == 1
    assert result["missingSources"] == [{"source": "sis", "code": "SOURCE_UNAVAILABLE", "students": 1}]


async def test_if_nobody_has_a_value_the_field_is_the_error() -> None:
    """A table of nothing would look like a district without absences."""
    down = {number: unavailable() for number in ("1", "2")}
    query = f'{{ district(id: "{CEDAR}") {{ metrics(metric: ABSENT_DAYS) {{ total {{ population }} }} }} }}'
    assert await world(down).codes(query) == ["SOURCE_UNAVAILABLE"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("by: [SCHOOL, SCHOOL]", "by: name at most 3"),
        ('preset: "mine"', "There is no preset of this name. These exist: "),
        ('to: "2030-01-01"', "to: "),
        ("crossedWith: {metric: MISSING_WORK}", "crossedWith: preset "),
    ],
)
async def test_a_choice_that_is_not_possible_names_what_to_change(arguments: str, part: str) -> None:
    """The message begins with the argument."""
    result = await world({}).ask(
        f'{{ district(id: "{CEDAR}") {{ metrics(metric: ABSENT_DAYS, {arguments}) {{ complete }} }} }}'
    )
    assert result.errors is not None
    assert part in result.errors[0].message
