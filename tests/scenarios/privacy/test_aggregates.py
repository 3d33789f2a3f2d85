"""Counts of students: who gets every number, who gets numbers without small cells, and who gets none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from student_graph.adapters.sandbox.demo_people import DemoPeople, demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict, all_people
from student_graph.gateway.demo.people import GRANTS, DemoIssuer
from student_graph.gateway.server.service import Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.gateway.servers import client_for
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts
from tests.scenarios.helpers.enrolled_students import current_enrollments, students_of_teacher

GROUP = """{ keys { dimension group } crossedLevel population aboveZero mean median rate numerator missing
  suppressed distribution { level students } dataQuality { students } }"""
TABLE = f"{{ complete total {GROUP} groups {GROUP} }}"
COUNTER, COUNTER_TOKEN = "counter", "t" * 40
COHORTS = ("own section", "other section", "own school", "other school", "district")

ACCESS = {
    "superintendent": dict.fromkeys(COHORTS, "complete"),
    "principal": {"own section": "complete", "other section": "FORBIDDEN", "own school": "complete"},
    "counselor": {"own section": "complete", "other section": "FORBIDDEN", "own school": "complete"},
    "teacher": {"own section": "complete", "own school": "hidden"},
    "parent": {},
    "student": {},
    COUNTER: {"district": "hidden"},
}
"""What each person gets of each cohort; `FORBIDDEN` if it is missing. Sections of the other school."""


@dataclass(frozen=True)
class Stage:
    """A gateway over a district, and the ids of its cohorts."""

    gateway: DemoGateway
    district: DemoDistrict
    people: DemoPeople
    ids: dict[str, str]

    @property
    def facts(self) -> DistrictFacts:
        return self.district.facts

    def ask(self, viewer: str, cohort: str, arguments: str = "metric: CHRONIC_ABSENCE") -> dict[str, Any]:
        """The response to a viewer who counts a cohort."""
        kind = cohort.rpartition(" ")[2]
        return self.gateway.post(
            f"query ($id: ID!) {{ {kind}(id: $id) {{ metrics({arguments}) {TABLE} }} }}",
            viewer,
            id=self.ids[cohort],
        )

    def table(self, viewer: str, cohort: str, arguments: str = "metric: CHRONIC_ABSENCE") -> dict[str, Any]:
        """The table that a viewer gets."""
        response = self.ask(viewer, cohort, arguments)
        assert "errors" not in response
        table: dict[str, Any] = response["data"][cohort.rpartition(" ")[2]]["metrics"]
        return table


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A district of a thousand fictional students, and a service that only counts."""
    yield from open_stage(1000)


def open_stage(students: int) -> Iterator[Stage]:
    """Serve a district of so many students, and yield its stage."""
    [district] = demo_districts("edfi", students)
    facts = district.facts
    people = demo_people(facts, demo_student(facts))
    issuer = DemoIssuer(all_people([district]))
    grants = unlimited_grants(*GRANTS[ViewerRole.SUPERINTENDENT])
    counter = Viewer(COUNTER, ViewerRole.SERVICE, frozenset({district.id}), grants, counts_only=True)
    with served(*district.sandboxes.values()):
        service = Service(
            [district.connect(timeout=SOURCE_SECONDS)],
            {COUNTER_TOKEN: counter},
            issuers=(issuer.issuer(),),
            operation_seconds=OPERATION_SECONDS,
        )
        with client_for(service.app()) as client:
            gateway = DemoGateway(client, {**issuer.tokens(), COUNTER: COUNTER_TOKEN})
            yield Stage(gateway, district, people, ids_of(gateway, district, people))


def ids_of(gateway: DemoGateway, district: DemoDistrict, people: DemoPeople) -> dict[str, str]:
    """Global ids of the cohorts, as seen by the demo's people, who all know the demo student."""
    schools = {row.student: str(row.school) for row in current_enrollments(district.facts)}
    own_school = encode(GlobalId("School", district.id, schools[str(people.student)]))
    taught = gateway.post("{ viewer { sections { id } } }", "teacher")["data"]["viewer"]["sections"]
    all_schools = gateway.post("{ viewer { schools { id sections { id } } } }")["data"]["viewer"]["schools"]
    other = next(school for school in all_schools if school["id"] != own_school and school["sections"])
    return {
        "own section": taught[0]["id"],
        "other section": other["sections"][0]["id"],
        "own school": own_school,
        "other school": other["id"],
        "district": encode(GlobalId("LocalEducationAgency", district.id, district.id)),
    }


def outcome(response: dict[str, Any]) -> str:
    """What a viewer got: a complete table, one with hidden cells, or the code of the error."""
    if "errors" in response:
        return str(response["errors"][0]["extensions"]["code"])
    [cohort] = response["data"].values()
    return "complete" if cohort["metrics"]["complete"] else "hidden"


@pytest.mark.row("K12")
@pytest.mark.parametrize("viewer", list(ACCESS))
def test_every_viewer_gets_what_the_table_says(stage: Stage, viewer: str) -> None:
    """By role and cohort: every number, numbers without small cells, or none."""
    outcomes = {cohort: outcome(stage.ask(viewer, cohort)) for cohort in COHORTS}
    assert outcomes == {cohort: ACCESS[viewer].get(cohort, "FORBIDDEN") for cohort in COHORTS}


@pytest.mark.row("K12")
@pytest.mark.parametrize("viewer", ["principal", "counselor", "teacher"])
def test_a_dimension_needs_the_grant_of_its_class(stage: Stage, viewer: str) -> None:
    """A group by a class that is not granted is refused, for counts as for records, whatever is recorded."""
    granted = {kind.name for kind in GRANTS[ViewerRole(viewer)]} | {"OPEN"}
    for dimension, spec in DIMENSIONS.items():
        response = stage.ask(viewer, "own school", f"metric: CHRONIC_ABSENCE, by: [{dimension.name}]")
        codes = [error["extensions"]["code"] for error in response.get("errors", ())]
        if spec.sensitivity.name not in granted:
            assert codes == ["FORBIDDEN"]
            assert response["errors"][0]["extensions"]["sensitivity"] == spec.sensitivity.name
        elif viewer == "teacher":
            assert codes in ([], ["SUPPRESSED"])
        else:
            assert codes in ([], ["NOT_OFFERED"])


@pytest.mark.row("K12")
def test_a_metric_needs_the_grant_of_its_class(stage: Stage) -> None:
    """Incidents are data of discipline, also as the second metric."""
    for arguments in ("metric: INCIDENTS", "metric: CHRONIC_ABSENCE, crossedWith: {metric: INCIDENTS}"):
        response = stage.ask("teacher", "own school", arguments)
        codes = [error["extensions"]["code"] for error in response["errors"]]
        assert codes[0] in ("FORBIDDEN", "BAD_INPUT")
        assert response["data"]["school"]["metrics"] is None


@pytest.mark.row("K12")
@pytest.mark.parametrize(
    "arguments",
    [
        'metric: CHRONIC_ABSENCE, preset: "edu_90_20"',
        "metric: CHRONIC_ABSENCE, window: LAST_4_WEEKS",
        'metric: CHRONIC_ABSENCE, to: "2026-10-30"',
        'metric: CHRONIC_ABSENCE, asOf: "2026-10-30"',
        "metric: ATTENDANCE_RATE",
        "metric: NEWLY_ABSENT",
        "metric: CHRONIC_ABSENCE, by: [SECTION]",
        "metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL, SCHOOL]",
        "metric: ASSESSMENT_LEVEL, subject: MATHEMATICS",
        'metric: ASSESSMENT_LEVEL, family: "ACT"',
    ],
)
def test_a_second_definition_is_refused_where_small_cells_are_hidden(stage: Stage, arguments: str) -> None:
    """Its difference from the first one would be about few students. The message names what to change."""
    for viewer, cohort in (("teacher", "own school"), (COUNTER, "district")):
        response = stage.ask(viewer, cohort, arguments)
        [error] = response["errors"]
        assert error["extensions"]["code"] == "SUPPRESSED"
        assert "one table of each kind of number" in error["message"]
    assert outcome(stage.ask("principal", "own school", arguments)) == "complete"


def shown_numbers(group: dict[str, Any]) -> Iterator[tuple[Any, int]]:
    """The numbers of students in a row, each with its level; None for the row itself."""
    if group["population"] is not None:
        yield None, group["population"]
    for entry in group["distribution"]:
        if entry["students"] is not None:
            yield entry["level"], entry["students"]


@pytest.mark.row("K12")
def test_no_number_of_unseen_students_below_ten_is_shown_or_is_a_difference_of_two_tables(stage: Stage) -> None:
    """The teacher subtracts the own students, the counter one table from another, schools from the district."""
    facts = stage.facts
    taught = students_of_teacher(facts, str(stage.people.teacher))
    school_of = {row.student: str(row.school) for row in current_enrollments(facts)}
    own_school = school_of[str(stage.people.student)]
    unseen = sum(at == own_school and student not in taught for student, at in school_of.items())
    own = stage.gateway.post("{ viewer { students(first: 100) { totalCount } } }", "teacher")["data"]["viewer"][
        "students"
    ]["totalCount"]
    for by in ("", ", by: [GRADE_LEVEL]"):
        table = stage.table("teacher", "own school", f"metric: CHRONIC_ABSENCE{by}")
        total = table["total"]["population"]
        assert total is None or total - own >= 10 or unseen == 0
        for group in table["groups"]:
            assert all(number >= 10 for _, number in shown_numbers(group))
    table = stage.table(COUNTER, "district", "metric: CHRONIC_ABSENCE, by: [SCHOOL]")
    totals = dict(shown_numbers(table["total"]))
    for subset in product((False, True), repeat=len(table["groups"])):
        chosen = [dict(shown_numbers(group)) for group, use in zip(table["groups"], subset, strict=True) if use]
        for level in {level for numbers in chosen for level in numbers} & totals.keys():
            if all(level in numbers for numbers in chosen):
                rest = totals[level] - sum(numbers[level] for numbers in chosen)
                assert rest == 0 or rest >= 10


@pytest.mark.row("K12")
def test_hidden_tables_hold_no_sum_no_mean_and_no_quality(stage: Stage) -> None:
    """With the number of students, they would reveal values of few."""
    for viewer, cohort in (("teacher", "own school"), (COUNTER, "district")):
        table = stage.table(viewer, cohort, "metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL]")
        for group in [table["total"], *table["groups"]]:
            assert [group[name] for name in ("mean", "median", "rate", "numerator", "missing")] == [None] * 5
            assert group["dataQuality"] == []


def test_complete_tables_are_true(stage: Stage) -> None:
    """The superintendent's groups have the students that the facts show as enrolled today."""
    table = stage.table("superintendent", "district", "metric: CHRONIC_ABSENCE, by: [SCHOOL]")
    enrolled = Counter(str(row.school) for row in current_enrollments(stage.facts))
    shown = {group["keys"][0]["group"]: group["population"] for group in table["groups"]}
    assert {school: shown[school] for school in enrolled} == enrolled


def test_the_service_that_counts_sees_no_student(stage: Stage) -> None:
    """It has every grant, and still no list and no record of a student."""
    number = str(stage.people.student)
    response = stage.gateway.post(
        "query ($n: String) { student(studentUniqueId: $n) { id } viewer { students { totalCount } } }",
        COUNTER,
        n=number,
    )
    assert response["data"] == {"student": None, "viewer": {"students": {"totalCount": 0}}}
