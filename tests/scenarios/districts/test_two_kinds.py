"""Districts with Ed-Fi and with OneRoster: the same queries and shapes, never mixed on one gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.demo.links import LINK_BY_TWO_NUMBERS
from tests.long_runs import size
from tests.scenarios.helpers.demo_gateway import (
    DemoGateway,
    comparable,
    demo_districts,
    demo_gateway,
    missing_parts,
)

STUDENTS_PAGE = """
query ($district: ID, $after: String) {
  students(filter: {district: $district}, first: 30, after: $after) { totalCount edges { node {
    id studentUniqueId gradeLevel provenance { source recordId stale }
    name { firstName lastName }
    district { id name schoolYear }
    enrollments { entryDate gradeLevel school { schoolId name } provenance { source recordId } }
    courseGrades { courseName source numeric letter provenance { source recordId } }
    assignments { title status score provenance { source recordId } }
    assessments { assessment { title family } scores { result numeric } provenance { source recordId } }
  } } }
}
"""
FIELDS = {
    "name": "{ firstName lastName }",
    "provenance": "{ source recordId }",
    "gradeLevel": "",
    "identifiers": "{ system value }",
    "demographics": "{ birthDate provenance { source recordId } }",
    "contacts": "{ name { lastName } emails provenance { source recordId } }",
    "enrollments": "{ entryDate school { schoolId name } provenance { source recordId } }",
    "courseGrades": "{ courseName numeric letter provenance { source recordId } }",
    "assignments": "{ title score provenance { source recordId } }",
    "engagement": "{ courses { courseName pageViews provenance { source recordId } } }",
    "assessments": "{ scores { result } assessment { title } provenance { source recordId } }",
    "attendanceEvents": "{ totalCount edges { node { date category provenance { source recordId } } } }",
    "transportation": "{ busNumber provenance { source recordId } }",
}
EXPECTED_CODES = {"IDENTITY_CONFLICT", "IDENTITY_UNCONFIRMED", "NO_IDENTITY_LINK", "NOT_OFFERED"}
"""Codes of parts that are missing although every source answers."""
RANDOM_QUERIES, STUDENTS = size(20, 500), 12


@dataclass(frozen=True)
class Stage:
    """Two districts on one gateway, and each of them on a gateway of its own."""

    districts: tuple[DemoDistrict, ...]
    shared: DemoGateway
    separate: tuple[DemoGateway, ...]

    def ids(self) -> list[str]:
        """Return the ids of the districts."""
        return [str(district.id) for district in self.districts]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Two districts with twelve students each, who have the same numbers in both."""
    districts = demo_districts("both", STUDENTS)
    sandboxes = [sandbox for district in districts for sandbox in district.sandboxes.values()]
    with (
        served(*sandboxes),
        demo_gateway(districts) as shared,
        demo_gateway(districts[:1]) as first,
        demo_gateway(districts[1:]) as second,
    ):
        yield Stage(tuple(districts), shared, (first, second))


def shape(value: Any) -> Any:
    """Return the names and types in a part of a response; None where the value is null, which has any type."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        item_shape: Any = None
        for item in value:
            item_shape = merge_shapes(item_shape, shape(item))
        return [item_shape]
    return None if value is None else "number" if isinstance(value, int | float) else type(value).__name__


def merge_shapes(first: Any, second: Any) -> Any:
    """Return what two examples show of one shape. Fails if they contradict each other."""
    if first is None or second is None:
        return second if first is None else first
    if isinstance(first, dict):
        return {name: merge_shapes(first[name], second[name]) for name in first.keys() | second.keys()}
    if isinstance(first, list):
        return [merge_shapes(first[0], second[0])]
    assert first == second
    return first


def test_both_kinds_answer_a_query_in_the_same_shape(stage: Stage) -> None:
    """Names and types are the same, whether the SIS is Ed-Fi or OneRoster; only the sources differ."""
    responses = [stage.shared.post(STUDENTS_PAGE, "county", district=district) for district in stage.ids()]
    pages = [response["data"]["students"] for response in responses]
    missing = [part for response in responses for part in missing_parts(response)]

    assert [part for part in missing if part["code"] not in EXPECTED_CODES] == []
    assert shape(pages[0]) == shape(pages[1])
    assert None not in shape(pages[0])["edges"][0]["node"].values()
    assert [len(page["edges"]) for page in pages] == [STUDENTS, STUDENTS]
    sources = [{source for edge in page["edges"] for source in source_names(edge)} for page in pages]
    assert sources == [{"edfi", "canvas"}, {"oneroster", "canvas", "assessments"}]


def source_names(value: Any) -> set[str]:
    """Return the names of the sources in every provenance inside a value."""
    if isinstance(value, list):
        return {name for item in value for name in source_names(item)}
    if isinstance(value, dict):
        own = {value["provenance"]["source"]} if value.get("provenance") else set()
        return own | {name for item in value.values() for name in source_names(item)}
    return set()


@pytest.mark.row("B12")
def test_the_same_number_is_another_student_in_the_other_district(stage: Stage) -> None:
    """Both districts use the same student numbers, and each number returns the student of its own district."""
    query = """query ($first: ID, $second: ID, $number: String) {
        first: student(district: $first, studentUniqueId: $number) { id name { firstName lastName } }
        second: student(district: $second, studentUniqueId: $number) { id name { firstName lastName } } }"""
    first_id, second_id = stage.ids()
    for first, second in zip(*(district.facts.students for district in stage.districts), strict=True):
        assert first.id == second.id
        data = stage.shared.post(query, "county", first=first_id, second=second_id, number=first.id)["data"]

        assert data["first"]["id"] != data["second"]["id"]
        assert data["first"]["name"] == {"firstName": first.first, "lastName": first.last}
        assert data["second"]["name"] == {"firstName": second.first, "lastName": second.last}


def test_a_viewer_of_one_district_sees_nothing_of_the_other(stage: Stage) -> None:
    """By number, by id or in a list, the other district looks as if it did not exist."""
    query = """query ($district: ID!, $id: ID!, $number: String) {
        districts { name } district(id: $district) { name } node(id: $id) { __typename }
        student(district: $district, studentUniqueId: $number) { id }
        students(filter: {district: $district}) { edges { node { id } } } sources { name } }"""
    for own, other, viewer in ((0, 1, "superintendent"), (1, 0, "superintendent-2")):
        other_id = stage.ids()[other]
        page = stage.shared.post(STUDENTS_PAGE, "county", district=other_id)["data"]["students"]
        student = page["edges"][0]["node"]
        data = stage.shared.post(
            query, viewer, district=other_id, id=student["id"], number=student["studentUniqueId"]
        )["data"]

        assert data["districts"] == [{"name": stage.districts[own].facts.name}]
        assert [data[name] for name in ("district", "node", "student", "students")] == [None] * 4
        assert sorted(source["name"] for source in data["sources"]) == sorted(stage.districts[own].sandboxes)


def test_the_same_assessment_id_at_two_vendors_is_two_assessments() -> None:
    """Each result is shown with the assessment of its own vendor, though another vendor uses the same id."""
    [district] = demo_districts("oneroster", STUDENTS)
    vendor = district.sandboxes["assessments"]
    assert isinstance(vendor, OneRosterSandbox)
    renamed = {test.id: replace(test, title=f"Other {test.title}") for test in vendor.facts.assessments}
    results = [replace(result, assessment=renamed[result.assessment.id]) for result in vendor.facts.results]
    other = OneRosterSandbox(replace(vendor.facts, assessments=list(renamed.values()), results=results))
    rules = {**district.identity_rules, "other": LINK_BY_TWO_NUMBERS}
    extended = replace(district, sandboxes={**district.sandboxes, "other": other}, identity_rules=rules)
    assessments = "assessments { assessment { title } provenance { source } }"
    query = f"{{ students(filter: {{}}) {{ edges {{ node {{ {assessments} }} }} }} }}"
    with served(*extended.sandboxes.values()), demo_gateway([extended]) as gateway:
        edges = gateway.post(query)["data"]["students"]["edges"]
    titles = {
        (result["provenance"]["source"], result["assessment"]["title"].startswith("Other "))
        for edge in edges
        for result in edge["node"]["assessments"] or ()
    }

    assert titles == {("assessments", False), ("other", True)}


class Outcome(NamedTuple):
    """The data of a field of `Query`, and what is missing below it."""

    data: Any
    missing: frozenset[tuple[tuple[str | int, ...], str | None, str]] = frozenset()
    """Path below the field, source and code."""

    def select(self, fields: tuple[str, ...]) -> Outcome:
        """Return the outcome of a query for fewer fields of the students."""
        missing = frozenset(part for part in self.missing if any(step in fields for step in part[0]))
        if self.data is None or "edges" not in self.data:
            return Outcome(select_fields(self.data, fields), missing)
        edges = [{"node": select_fields(edge["node"], fields)} for edge in self.data["edges"]]
        return Outcome({"edges": edges}, missing)


def outcome_of(response: dict[str, Any], alias: str) -> Outcome:
    """Return the outcome of the field with an alias."""
    missing = {
        (tuple(part["path"][1:]), part.get("source"), part["code"])
        for part in missing_parts(response)
        if part["path"][0] == alias
    }
    return Outcome(comparable(response["data"])[alias], frozenset(missing))


class Selection(NamedTuple):
    """Fields of one student, or of the first students of a list."""

    district: int
    """Index of the district."""
    student: str | None
    """Number of the student; None for a list."""
    fields: tuple[str, ...]


class RandomQueries:
    """Random queries, and their outcome on a gateway that has only one district."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = Random(seed)  # noqa: S311 - the same queries in each run
        self._complete: dict[tuple[int, str | None], Outcome] = {}
        """Outcome with all fields, by district and student."""

    def selections(self) -> list[Selection]:
        """Return one to three students, or lists of students, of either district."""
        return [self._selection() for _ in range(self._random.choice((1, 1, 1, 2, 3)))]

    def _selection(self) -> Selection:
        fields = self._random.sample(list(FIELDS), self._random.choice((1, 1, 2, 3)))
        student = self._random.choice(self._stage.districts[0].facts.students).id
        is_list = self._random.random() < 0.05
        return Selection(self._random.randrange(2), None if is_list else student, tuple(fields))

    def text(self, selection: Selection) -> str:
        """Return the selection in GraphQL."""
        district = self._stage.ids()[selection.district]
        fields = "id " + " ".join(f"{name} {FIELDS[name]}" for name in selection.fields)
        if selection.student is None:
            return f'students(filter: {{district: "{district}"}}, first: 3) {{ edges {{ node {{ {fields} }} }} }}'
        return f'student(district: "{district}", studentUniqueId: "{selection.student}") {{ {fields} }}'

    def viewer(self) -> tuple[str, frozenset[int]]:
        """Return a random viewer, and the indexes of the viewer's districts."""
        viewers = {"superintendent": [0], "superintendent-2": [1], "county": [0, 1]}
        name, districts = self._random.choice(list(viewers.items()))
        return name, frozenset(districts)

    def expected(self, selection: Selection) -> Outcome:
        """Return the outcome on the gateway that has only the selection's district."""
        key = selection[:2]
        if key not in self._complete:
            viewer = ["superintendent", "superintendent-2"][selection.district]
            query = f"{{ p: {self.text(selection._replace(fields=tuple(FIELDS)))} }}"
            self._complete[key] = outcome_of(self._stage.separate[selection.district].post(query, viewer), "p")
        return self._complete[key].select(selection.fields)


def select_fields(student: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the id and these fields of a student."""
    return {name: student[name] for name in ("id", *fields)}


@pytest.mark.row("B12")
@pytest.mark.long_run
def test_no_record_crosses_districts_in_random_queries(stage: Stage) -> None:
    """
    The data is what a gateway with the one district returns, or null if the viewer is of the other district.

    Viewers of one district, of the other and of both query random fields of random students, whose numbers are the
    same in both districts. What is missing, and why, is compared too; no source fails.
    """
    queries = RandomQueries(stage, seed=20270)
    differences, failures, compared = [], set(), 0
    for _ in range(RANDOM_QUERIES):
        selections, (viewer, own_districts) = queries.selections(), queries.viewer()
        text = " ".join(f"p{index}: {queries.text(selection)}" for index, selection in enumerate(selections))
        response = stage.shared.post(f"{{ {text} }}", viewer)
        for index, selection in enumerate(selections):
            outcome, expected = outcome_of(response, f"p{index}"), Outcome(None)
            if selection.district in own_districts:
                expected = queries.expected(selection)
                compared += 1
            failures |= {part for part in outcome.missing | expected.missing if part[-1] not in EXPECTED_CODES}
            if outcome != expected:
                differences.append((viewer, selection, outcome.missing ^ expected.missing))

    assert (failures, differences) == (set(), [])
    assert compared > RANDOM_QUERIES / 2
