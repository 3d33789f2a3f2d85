"""Golden numbers of the sample district, counted from its records: rows in, table out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from student_graph.resolvers.cohorts.aggregates.accumulate import CompleteCounts, HiddenCounts
from student_graph.resolvers.cohorts.aggregates.build import complete_table, hidden_table
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.table import GroupMetrics, MetricTable
from tests.gateway.servers import ROOT
from tests.resolvers.cohorts.aggregates.rows import head, levels, measure, row, student

SHARED = ROOT.parent / "shared"
RECORDS = SHARED / "data" / "derived-grand-bend"
GOLDEN = SHARED / "domain" / "golden.json"
YEAR_DAYS = 169
AS_OF = "2022-05-27"

pytestmark = pytest.mark.skipif(
    not RECORDS.is_dir() or not GOLDEN.is_file(), reason="the sample district is not at ../shared"
)


@pytest.fixture(autouse=True)
def executor_name() -> None:
    """Nothing is executed here: once is enough."""


def golden(name: str) -> Any:
    """A golden number."""
    return json.loads(GOLDEN.read_text())[name]


def rows_of(resource: str) -> Iterator[dict[str, Any]]:
    """The records of a resource."""
    with (RECORDS / f"{resource}.jsonl").open() as lines:
        yield from map(json.loads, lines)


def code(descriptor: str) -> str:
    return descriptor.partition("#")[2]


def number(record: dict[str, Any]) -> str:
    return str(record["studentReference"]["studentUniqueId"])


@cache
def roster() -> list[str]:
    return sorted(str(record["studentUniqueId"]) for record in rows_of("students"))


@cache
def absences(last: str = "9999") -> dict[str, int]:
    """Distinct days of absence of each student, up to a day."""
    days = defaultdict(set)
    for event in rows_of("studentSchoolAttendanceEvents"):
        absent = code(event["attendanceEventCategoryDescriptor"]) in ("Excused Absence", "Unexcused Absence")
        if absent and event["eventDate"] <= last:
            days[number(event)].add(event["eventDate"])
    return {student_number: len(dates) for student_number, dates in days.items()}


@cache
def schools() -> dict[str, str]:
    """The school of each student with an event."""
    events = rows_of("studentSchoolAttendanceEvents")
    return {number(event): str(event["schoolReference"]["schoolId"]) for event in events}


def with_events() -> list[str]:
    """The students with an event."""
    return sorted(schools())


@cache
def in_special_education() -> frozenset[str]:
    """Students in special education on the day, its last day included as the golden numbers say."""
    return frozenset(
        number(record)
        for record in rows_of("studentSpecialEducationProgramAssociations")
        if record["beginDate"] <= AS_OF <= record.get("endDate", "9999")
    )


@cache
def meals() -> dict[str, str]:
    """Free or reduced, by the first word of a service."""
    return {
        number(record): code(service["schoolFoodServiceProgramServiceDescriptor"]).split()[0]
        for record in rows_of("studentSchoolFoodServiceProgramAssociations")
        for service in record["schoolFoodServiceProgramServices"]
    }


def counted(
    numbers: list[str],
    *dimensions: tuple[Dimension, Callable[[str], list[str]]],
    days: int = YEAR_DAYS,
    last: str = "9999",
) -> MetricTable:
    """The complete table of some students in some dimensions."""
    counts = CompleteCounts()
    for number_of in numbers:
        counts.add(
            student([group(number_of) for _, group in dimensions], measure(absences(last).get(number_of, 0), days))
        )
    return complete_table(head(*(dimension for dimension, _ in dimensions)), counts)


BY_SCHOOL = (
    Dimension.SCHOOL,
    lambda student_number: [schools()[student_number]] if student_number in schools() else [],
)
BY_SPECIAL_EDUCATION = (
    Dimension.SPECIAL_EDUCATION,
    lambda student_number: ["SPECIAL_EDUCATION"] if student_number in in_special_education() else [],
)
BY_MEAL = (
    Dimension.MEAL_STATUS,
    lambda student_number: [meals()[student_number]] if student_number in meals() else [],
)


def chronic(group: GroupMetrics) -> int:
    return levels(group)["AT_RISK"] or 0


def test_g01_chronic_absence_by_school_and_special_education() -> None:
    """G01, its margins G05, and the students of no known school G06."""
    table = counted(roster(), BY_SCHOOL, BY_SPECIAL_EDUCATION)
    by_school = counted(roster(), BY_SCHOOL)
    for school, expected in [*golden("G01").items(), (None, golden("G06"))]:
        cells = {(key.keys[1].group, key.keys[0].group): key for key in table.groups}
        special, others = cells["SPECIAL_EDUCATION", school], cells[None, school]
        numbers = [chronic(special), chronic(others)]
        numbers += [(special.population or 0) - chronic(special), (others.population or 0) - chronic(others)]
        assert numbers == expected
    for school, margins in golden("G05").items():
        group = row(by_school, school)
        special = row(table, school, "SPECIAL_EDUCATION")
        assert (group.population, chronic(group), special.population) == (
            margins["total"],
            margins["chronic"],
            margins["sped"],
        )


def test_a53_shares_by_school_and_of_the_district() -> None:
    """A12 and A53: numerator, denominator and share, on both populations."""
    expected = golden("A53")
    with_event = counted(with_events(), BY_SCHOOL)
    everybody = counted(roster())
    groups = {school: row(with_event, school) for school in golden("A12")}
    groups |= {"districtWithEvent": with_event.total, "districtRoster": everybody.total}
    for name, group in groups.items():
        share = 100 * (group.at_risk_share or 0)
        assert (chronic(group), group.population, round(share, 2)) == (
            expected[name]["n"],
            expected[name]["den"],
            expected[name]["pct"],
        )


def test_a21_levels_by_school() -> None:
    """A21: below 5 %, from 5 %, and from 10 % of the days."""
    table = counted(roster(), BY_SCHOOL)
    points = {"0": "ON_TRACK", "1": "WATCH", "2": "AT_RISK"}
    expected = golden("A21")
    assert {p: levels(table.total)[level] for p, level in points.items()} == expected["roster"]
    with_event = counted(with_events(), BY_SCHOOL)
    for school, counts in expected["perSchool"].items():
        assert {p: levels(row(with_event, school))[level] for p, level in points.items()} == counts


def test_a40_the_fall_by_school() -> None:
    """A40: the first 81 days alone."""
    table = counted(with_events(), BY_SCHOOL, days=81, last="2021-12-17")
    assert {school: chronic(row(table, school)) for school in golden("A40")} == golden("A40")


def test_f07_absence_by_meal_status() -> None:
    """F07 and G07: students, with any absence, at each level, and the mean of their days of absence."""
    table = counted(roster(), BY_MEAL)
    for name, expected in golden("F07").items():
        group = row(table, None if name == "noRecord" else name)
        assert group.population == expected["n"]
        assert group.above_zero == expected["anyAbsence"]
        assert (levels(group)["WATCH"] or 0) + chronic(group) == expected["ge5pct"]
        assert chronic(group) == len(expected["ge10pct"])
        assert round((group.mean or 0) * YEAR_DAYS, 4) == expected["meanAbsentDays"]
    for name, (at_risk, others) in golden("G07").items():
        group = row(table, name)
        assert [chronic(group), (group.population or 0) - chronic(group)] == [at_risk, others]


def test_f09_absence_is_counted_by_program() -> None:
    """F09: ESL, bilingual and gifted students; a student may be in several."""
    names = {
        "Bilingual": "bilingual",
        "English as a Second Language (ESL)": "ESL",
        "Homeless": "homeless",
        "Gifted and Talented": "giftedTalented",
    }
    members: dict[str, set[str]] = defaultdict(set)
    for kind in ("LanguageInstruction", "", "Homeless"):
        for record in rows_of(f"student{kind}ProgramAssociations"):
            members[number(record)].add(names[code(record["programReference"]["programTypeDescriptor"])])
    table = counted(roster(), (Dimension.PROGRAM, lambda student_number: sorted(members[student_number])))
    for name, expected in golden("F09").items():
        if name == "ESLorBilingual":
            continue
        group = row(table, name)
        assert (group.population, group.above_zero) == (expected["n"], expected["anyAbsence"])
        assert chronic(group) == len(expected["ge10pct"])
        assert round((group.mean or 0) * YEAR_DAYS, 4) == expected["meanAbsentDays"]


def test_the_small_cells_of_g01_are_hidden() -> None:
    """Of the 227 students with an event, 15 are in special education: no school shows how many."""
    for school in golden("G01"):
        counts = HiddenCounts(Dimension.SPECIAL_EDUCATION, judged=True)
        for number_of in (number_of for number_of, at in schools().items() if at == school):
            measured = measure(absences().get(number_of, 0), YEAR_DAYS)
            counts.add(student([BY_SPECIAL_EDUCATION[1](number_of)], measured, is_visible=False))
        table = hidden_table(head(Dimension.SPECIAL_EDUCATION), counts, judged=True)
        assert table.total.population == golden("G05")[school]["total"]
        assert chronic(table.total) == golden("G05")[school]["chronic"]
        assert [group.population for group in table.groups] == [None, None]
        assert {count for group in table.groups for count in levels(group).values()} == {None}


def test_the_small_cells_of_g08_are_hidden() -> None:
    """Perpetrators: 14, 5 and 2. The 14 are hidden too: without them, the total would leave seven."""
    involved = {
        number(record)
        for record in rows_of("studentDisciplineIncidentBehaviorAssociations")
        if any("Perpetrator" in str(kind) for kind in record["disciplineIncidentParticipationCodes"])
    }
    at = dict(schools())
    for record in rows_of("studentDisciplineIncidentBehaviorAssociations"):
        at[number(record)] = str(record["disciplineIncidentReference"]["schoolId"])
    complete, hidden = CompleteCounts(), HiddenCounts(Dimension.SCHOOL, judged=False)
    for number_of, school in at.items():
        groups = [[school]]
        measured = measure(int(number_of in involved), 1)
        complete.add(student(groups, measured))
        hidden.add(student(groups, measured, main_school=school, is_visible=False))
    shown = complete_table(head(Dimension.SCHOOL), complete)
    assert {school: row(shown, school).above_zero for school in golden("G08")} == golden("G08")
    table = hidden_table(head(Dimension.SCHOOL), hidden, judged=False)
    assert table.total.above_zero == 21
    assert {group.above_zero for group in table.groups} == {None}
