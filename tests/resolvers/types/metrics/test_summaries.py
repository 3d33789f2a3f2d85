"""Metrics of a student as fields: what they read, what they refuse, and what they say when a source fails."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import IdentityError, UnavailableError
from student_graph.adapters.model import DistrictId, SchoolId
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.metrics.facts import MetricSettings
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, attendance_event, school, school_enrollment, student

FIRST_DAY = date(2026, 8, 20)
WITH_DISCIPLINE = {"grants": unlimited_grants(model.Sensitivity.DISCIPLINE)}


def weekdays(first: date, count: int) -> list[date]:
    """Return so many weekdays from a day on."""
    days = (first + timedelta(offset) for offset in range(2 * count + 7))
    return [day for day in days if day.weekday() < 5][:count]


def absence(number: str, day: date, category: str = "UNEXCUSED_ABSENCE") -> model.AttendanceEvent:
    """Return an absence of a complete day."""
    event: model.AttendanceEvent = attendance_event(number, day)
    event.category, event.duration = model.AttendanceCategory[category], 1.0
    return event


def cedar(absences: int = 10, days: int = 100) -> VendorData:
    """Return a school with so many days by March 1, 2027, and two students: one absent on its first days."""
    school_days = weekdays(FIRST_DAY, days)
    return VendorData(
        {
            "students_by_id": {"1": student("1"), "2": student("2")},
            "schools_by_id": {"101": school()},
            "schools_by_district": {"cedar": [school()]},
            "school_enrollments_by_student": {n: [school_enrollment(n)] for n in ("1", "2")},
            "calendar_days_by_school": {
                "101": [
                    model.CalendarDay(
                        vendor_id=f"day-{day}",
                        school_id=SchoolId("101"),
                        calendar_code="main",
                        date=day,
                        events=[],
                        instructional=True,
                    )
                    for day in school_days
                ]
            },
            "sessions_by_school": {},
            "attendance_events_by_student": {"1": [absence("1", day) for day in school_days[:absences]]},
            "discipline_incidents_by_student": {},
            "discipline_actions_by_student": {},
        }
    )


def world_of(*sources: VendorData, **viewer: Any) -> World:
    """Return a world with these sources and a viewer."""
    world = World([third_party_source(f"source-{n}", data) for n, data in enumerate(sources)])
    return world.as_viewer(**viewer)


async def summary(world: World, field: str, number: str = "1") -> Any:
    """Return a field of a student, which has no error."""
    return (await world.data(f'{{ student(studentUniqueId: "{number}") {{ it: {field} }} }}'))["student"]["it"]


async def test_a_measure_comes_with_everything_that_defines_it() -> None:
    """The value has counts, window, definition with thresholds and source, level, reasons and evidence."""
    query = """attendance(preset: "federal_10pct") { chronicAbsence {
        metric value numerator denominator level unit asOf dataQuality reasons sources
        window { first last instructionalDays } definition { preset source parameters { name value } }
        evidence(first: 2) { totalCount records { kind provenance { source recordId stale } } }
    } }"""
    measure = (await summary(world_of(cedar()), query))["chronicAbsence"]
    evidence, definition = measure.pop("evidence"), measure.pop("definition")

    assert measure == {
        "metric": "CHRONIC_ABSENCE",
        "value": 0.1,
        "numerator": 10,
        "denominator": 100,
        "level": "AT_RISK",
        "unit": "STUDENT",
        "asOf": "2027-03-01",
        "dataQuality": [],
        "reasons": ["Absent on 10 of 100 days (10 %); at risk from 10 %."],
        "sources": ["source-0"],
        "window": {"first": "2026-07-01", "last": "2027-03-01", "instructionalDays": 100},
    }
    assert definition["preset"] == "federal_10pct"
    assert {"name": "atRisk", "value": ">= 0.1"} in definition["parameters"]
    assert definition["source"]
    assert (evidence["totalCount"], len(evidence["records"])) == (10, 2)
    assert evidence["records"][0] == {
        "kind": "AttendanceEvent",
        "provenance": {"source": "source-0", "recordId": "1#2026-08-20", "stale": False},
    }


@pytest.mark.parametrize(("absences", "level"), [(9, "ON_TRACK"), (10, "AT_RISK"), (11, "AT_RISK")])
async def test_both_sides_of_the_edge(absences: int, level: str) -> None:
    """Ten of a hundred days are at risk by the federal definition, and 0.1 is compared exactly."""
    query = 'attendance(preset: "federal_10pct") { chronicAbsence { level } }'

    assert await summary(world_of(cedar(absences)), query) == {"chronicAbsence": {"level": level}}


async def test_only_selected_metrics_are_read() -> None:
    """A summary without a metric reads nothing, and one of attendance reads no discipline."""
    world = world_of(cedar())
    await summary(world, "attendance { __typename }")
    await summary(world, "attendance { absentDays { value } tardies { value } }")

    assert set(world.fetch.names()) == {
        "students_by_id",
        "attendance_events_by_student",
        "school_enrollments_by_student",
        "calendar_days_by_school",
        "sessions_by_school",
    }


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('attendance(preset: "federal")', "These exist: acumened_abc, "),
        ('behavior(preset: "x")', "These exist: acumened_abc, "),
        ('indicators(preset: "federal_10pct")', "federal_10pct defines no indicators. These do: acumened_abc, "),
        ('attendance(from: "2027-02-02", to: "2027-02-01")', "the last day is before the first day"),
        ('attendance(from: "2026-06-30")', "begins on 2026-07-01"),
        ('attendance(to: "2027-03-02")', "to: must not be after today"),
        ('attendance(asOf: "2027-03-02")', "asOf: must not be after today"),
        ('attendance(window: TERM, to: "2027-02-01")', "either window, or from and to"),
        ('attendance(asOf: "2027-02-01", to: "2027-02-01")', "either asOf, or from and to"),
        ("riskProfile(add: [MOBILITY])", "only ASSESSMENT can be added"),
    ],
)
async def test_impossible_arguments_are_refused_before_anything_is_read(field: str, message: str) -> None:
    """The field is null with BAD_INPUT, which says what to change; no metric is read."""
    world = world_of(cedar(), **WITH_DISCIPLINE)
    selection = "{ level }" if field.startswith(("indicators", "riskProfile")) else "{ __typename }"
    result = await world.ask(f'{{ student(studentUniqueId: "1") {{ {field} {selection} }} }}')
    [error] = result.errors or []

    assert (error.extensions or {})["code"] == "BAD_INPUT"
    assert message in error.message
    assert world.fetch.names() == ["students_by_id"]


async def test_a_school_of_another_district_is_refused() -> None:
    """The number of a school is one of the student's district; the id of another district's school is refused."""
    world = world_of(cedar())
    of_hill = encode(GlobalId("School", DistrictId("hill"), "101"))
    elsewhere = await world.codes(
        f'{{ student(studentUniqueId: "1") {{ attendance(school: "{of_hill}") {{ __typename }} }} }}'
    )
    here = await summary(world, 'attendance(school: "101") { absentDays { value unit } }')

    assert elsewhere == ["BAD_INPUT"]
    assert here == {"absentDays": {"value": 10, "unit": "STUDENT_SCHOOL"}}


async def test_a_source_that_is_down_costs_its_metrics_only() -> None:
    """The error replaces the number, also for a student who had none; the other parts still come."""
    data = cedar()
    data.failing["attendance_events_by_student"] = UnavailableError("no answer in time")
    world = world_of(data, **WITH_DISCIPLINE)
    result = await world.ask(
        '{ student(studentUniqueId: "2") { attendance { rate { value } } behavior { incidents { value } } } }'
    )

    assert result.data == {"student": {"attendance": {"rate": None}, "behavior": {"incidents": {"value": 0}}}}
    assert [(error.extensions or {})["code"] for error in result.errors or []] == ["SOURCE_UNAVAILABLE"]


async def test_a_second_source_that_is_down_is_reported_with_the_number() -> None:
    """The number says that a source is missing, and so does `degraded`."""
    second = VendorData({"attendance_events_by_student": {}})
    second.failing["attendance_events_by_student"] = UnavailableError("no answer in time")
    world = world_of(cedar(), second)
    days = await summary(world, "attendance { absentDays { value dataQuality } }")

    assert days == {"absentDays": {"value": 10, "dataQuality": ["SOURCE_MISSING"]}}
    assert [missing.code for missing in world.operation.traffic.degraded] == ["SOURCE_UNAVAILABLE"]


async def test_a_student_without_a_link_has_an_error_and_the_others_have_values() -> None:
    """One student of a list is not known to the source: the error is that student's own."""
    data = cedar()
    data.answers["attendance_events_by_student"]["2"] = IdentityError("no link")
    result = await world_of(data).ask(
        '{ students(filter: {ids: ["1", "2"]}) { edges { node { attendance { absentDays { value } } } } } }'
    )
    assert result.data is not None
    numbers = [edge["node"]["attendance"]["absentDays"] for edge in result.data["students"]["edges"]]

    assert numbers == [{"value": 10}, None]
    assert [(error.extensions or {})["code"] for error in result.errors or []] == ["NO_IDENTITY_LINK"]


async def test_behavior_needs_its_grant_whatever_is_recorded() -> None:
    """Without the grant the summary is refused as one field, nothing is read, and it counts as denied."""
    world = world_of(cedar())
    query = '{ student(studentUniqueId: "1") { behavior { incidents { value } suspensions { value } } } }'

    assert await world.codes(query) == ["FORBIDDEN"]
    assert world.operation.disclosures.denied == {CEDAR: 1}
    assert "discipline_incidents_by_student" not in world.fetch.names()


async def test_indicators_without_a_grant_are_not_evaluated() -> None:
    """The ungranted domain has no points and no measures, says why, and is not read; the others are judged."""
    world = world_of(cedar(30))
    query = 'riskProfile(preset: "acumened_abc") { level riskScore indicators { domain level points reasons \
        measures { metric } dataQuality } }'
    profile = await summary(world, query)
    indicators = {indicator["domain"]: indicator for indicator in profile["indicators"]}
    behavior = indicators["BEHAVIOR"]

    assert (behavior["level"], behavior["points"], behavior["measures"]) == ("NOT_EVALUATED", None, [])
    assert behavior["dataQuality"] == ["NOT_GRANTED"]
    assert "no grant" in behavior["reasons"][0]
    assert (indicators["ATTENDANCE"]["level"], indicators["ATTENDANCE"]["points"]) == ("AT_RISK", 2)
    assert "discipline_incidents_by_student" not in world.fetch.names()


async def test_indicators_of_a_source_that_is_down_are_not_evaluated() -> None:
    """The source that failed is in `degraded`, and its indicator is neither on track nor an error of the field."""
    data = cedar(30)
    data.failing["discipline_incidents_by_student"] = UnavailableError("no answer in time")
    world = world_of(data, **WITH_DISCIPLINE)
    indicators = await summary(world, 'indicators(preset: "acumened_abc") { domain level dataQuality }')
    behavior = next(indicator for indicator in indicators if indicator["domain"] == "BEHAVIOR")

    assert (behavior["level"], behavior["dataQuality"]) == ("NOT_EVALUATED", ["SOURCE_MISSING"])
    assert {missing.code for missing in world.operation.traffic.degraded} == {"SOURCE_UNAVAILABLE"}


async def test_the_presets_of_a_district_are_listed_with_its_defaults() -> None:
    """Each preset has its rules with thresholds and a citation; the defaults of the district are marked."""
    world = world_of(cedar())
    query = (
        "{ districts { presets { name title source isDefault rules { metric thresholds { text level at } } } } }"
    )
    [district] = (await world.data(query))["districts"]
    presets = {preset["name"]: preset for preset in district["presets"]}
    [rule] = presets["federal_10pct"]["rules"]

    assert {name for name, preset in presets.items() if preset["isDefault"]} == set(
        MetricSettings().default_presets
    )
    assert all(preset["source"] and preset["title"] for preset in presets.values())
    assert rule == {
        "metric": "CHRONIC_ABSENCE",
        "thresholds": [{"text": ">= 0.1", "level": "AT_RISK", "at": 0.1}],
    }


async def test_evidence_is_bounded() -> None:
    """A field returns a hundred records at most."""
    query = (
        '{ student(studentUniqueId: "1") { attendance { absentDays { evidence(first: 101) { totalCount } } } } }'
    )

    assert await world_of(cedar()).codes(query) == ["BAD_INPUT"]
