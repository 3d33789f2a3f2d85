"""Two kinds of district: asked alike, answered alike, and never mixed up on one gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import LINK_BY_TWO_NUMBERS, DemoDistrict
from tests.scenarios.helpers.demo_gateway import DemoGateway, comparable, demo_districts, demo_gateway

ALIKE = """
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
    "provenance": "{ source id }",
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
SETTLED = {"IDENTITY_CONFLICT", "NO_IDENTITY_LINK", "NOT_OFFERED"}
"""Why something may be lacking although every source answers."""
QUERIES = 1000
STUDENTS = 12


@dataclass(frozen=True)
class Stage:
    """Both districts on one gateway, and each on a gateway of its own."""

    districts: tuple[DemoDistrict, ...]
    both: DemoGateway
    alone: tuple[DemoGateway, ...]

    def ids(self) -> list[str]:
        """Short names of the districts."""
        return [str(district.id) for district in self.districts]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Twelve students in each district; their numbers are the same."""
    made = demo_districts("both", STUDENTS)
    sandboxes = [sandbox for district in made for sandbox in district.sandboxes.values()]
    with (
        served(*sandboxes),
        demo_gateway(made) as both,
        demo_gateway(made[:1]) as one,
        demo_gateway(made[1:]) as other,
    ):
        yield Stage(tuple(made), both, (one, other))


def shape(part: Any) -> Any:
    """What a part of an answer is made of: names and kinds, whatever the values; what is null may be anything."""
    if isinstance(part, dict):
        return {name: shape(each) for name, each in part.items()}
    if isinstance(part, list):
        whole: Any = None
        for each in part:
            whole = merged(whole, shape(each))
        return [whole]
    return None if part is None else "number" if isinstance(part, int | float) else type(part).__name__


def merged(one: Any, other: Any) -> Any:
    """What is known of a shape from two examples of it."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict):
        return {name: merged(one[name], other[name]) for name in one.keys() | other.keys()}
    if isinstance(one, list):
        return [merged(one[0], other[0])]
    assert one == other
    return one


def test_the_same_query_has_the_same_shape_of_answer(stage: Stage) -> None:
    """Name for name and kind for kind, whether the SIS speaks Ed-Fi or OneRoster; only the sources differ."""
    ours, theirs = (
        stage.both.post(ALIKE, "county", district=district)["data"]["students"] for district in stage.ids()
    )

    assert shape(ours) == shape(theirs)
    assert None not in shape(ours)["edges"][0]["node"].values()
    assert len(ours["edges"]) == len(theirs["edges"]) == STUDENTS
    sources = [{s for edge in each["edges"] for s in named(edge)} for each in (ours, theirs)]
    assert sources == [{"edfi", "canvas"}, {"oneroster", "canvas", "assessments"}]


def named(part: Any) -> set[str]:
    """Names of the sources in every provenance inside."""
    if isinstance(part, list):
        return {name for each in part for name in named(each)}
    if isinstance(part, dict):
        own = {part["provenance"]["source"]} if part.get("provenance") else set()
        return own | {name for each in part.values() for name in named(each)}
    return set()


@pytest.mark.row("B12")
def test_one_number_is_two_students(stage: Stage) -> None:
    """The districts number alike; each number is a child of the one and another of the other."""
    query = """query ($one: ID, $other: ID, $number: String) {
        one: student(district: $one, studentUniqueId: $number) { id name { firstName lastName } }
        other: student(district: $other, studentUniqueId: $number) { id name { firstName lastName } } }"""
    one, other = stage.ids()
    for first, second in zip(*(district.facts.students for district in stage.districts), strict=True):
        assert first.id == second.id
        told = stage.both.post(query, "county", one=one, other=other, number=first.id)["data"]

        assert told["one"]["id"] != told["other"]["id"]
        assert told["one"]["name"] == {"firstName": first.first, "lastName": first.last}
        assert told["other"]["name"] == {"firstName": second.first, "lastName": second.last}


def test_a_viewer_of_one_district_sees_nothing_of_the_other(stage: Stage) -> None:
    """By number, by id or by list: the other district is as if it were not there."""
    query = """query ($district: ID!, $id: ID!, $number: String) {
        districts { name } district(id: $district) { name } node(id: $id) { __typename }
        student(district: $district, studentUniqueId: $number) { id }
        students(filter: {district: $district}) { edges { node { id } } } sources { name } }"""
    for mine, theirs, viewer in ((0, 1, "superintendent"), (1, 0, "superintendent-2")):
        [edge, *_] = stage.both.post(ALIKE, "county", district=stage.ids()[theirs])["data"]["students"]["edges"]
        node = edge["node"]
        told = stage.both.post(
            query, viewer, district=stage.ids()[theirs], id=node["id"], number=node["studentUniqueId"]
        )["data"]

        assert told["districts"] == [{"name": stage.districts[mine].facts.name}]
        assert [told[name] for name in ("district", "node", "student", "students")] == [None] * 4
        assert sorted(source["name"] for source in told["sources"]) == sorted(stage.districts[mine].sandboxes)


def test_one_id_at_two_vendors_is_two_tests() -> None:
    """Each result is shown with the test of its own vendor, though another gave the same id to another test."""
    [made] = demo_districts("oneroster", STUDENTS)
    vendor = made.sandboxes["assessments"]
    assert isinstance(vendor, OneRosterSandbox)
    renamed = {test.id: replace(test, title=f"Other {test.title}") for test in vendor.facts.assessments}
    results = [replace(result, assessment=renamed[result.assessment.id]) for result in vendor.facts.results]
    other = OneRosterSandbox(replace(vendor.facts, assessments=list(renamed.values()), results=results))
    rules = {**made.identity_rules, "other": LINK_BY_TWO_NUMBERS}
    both = replace(made, sandboxes={**made.sandboxes, "other": other}, identity_rules=rules)
    results_of = "assessments { assessment { title } provenance { source } }"
    query = f"{{ students(filter: {{}}) {{ edges {{ node {{ {results_of} }} }} }} }}"
    with served(*both.sandboxes.values()), demo_gateway([both]) as gateway:
        edges = gateway.post(query)["data"]["students"]["edges"]
    told = [
        (result["provenance"]["source"], result["assessment"]["title"].startswith("Other "))
        for edge in edges
        for result in edge["node"]["assessments"] or ()
    ]

    assert set(told) == {("assessments", False), ("other", True)}


class Said(NamedTuple):
    """What was answered to a part, and which of its fields lack something and why."""

    data: Any
    lacks: frozenset[tuple[tuple[str | int, ...], str | None, str]] = frozenset()
    """Path below the part, source, code."""

    def only(self, fields: tuple[str, ...]) -> Said:
        """The same of fewer fields."""
        lacks = frozenset(lack for lack in self.lacks if any(step in fields for step in lack[0]))
        if self.data is None or "edges" not in self.data:
            return Said(chosen(self.data, fields), lacks)
        return Said({"edges": [{"node": chosen(edge["node"], fields)} for edge in self.data["edges"]]}, lacks)


def said(answer: dict[str, Any], name: str) -> Said:
    """What an answer holds under an alias."""
    lacking = [
        (each["path"], each.get("extensions", each))
        for each in (*answer.get("errors", ()), *answer["extensions"].get("degraded", ()))
    ]
    lacks = {(tuple(path[1:]), why.get("source"), why["code"]) for path, why in lacking if path[0] == name}
    return Said(comparable(answer["data"])[name], frozenset(lacks))


class Part(NamedTuple):
    """What is asked of one student, or of the first few of a list."""

    district: int
    student: str | None
    """None for a list."""
    fields: tuple[str, ...]


class Asking:
    """Random questions, and what a gateway of one district alone answers to them."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = Random(seed)  # noqa: S311 - the same questions each time
        self._known: dict[tuple[int, str | None], Said] = {}

    def parts(self) -> list[Part]:
        """One to three students, or lists of them, of either district."""
        return [self._part() for _ in range(self._random.choice((1, 1, 1, 2, 3)))]

    def _part(self) -> Part:
        fields = self._random.sample(list(FIELDS), self._random.choice((1, 1, 2, 3)))
        student = self._random.choice(self._stage.districts[0].facts.students).id
        return Part(self._random.randrange(2), None if self._random.random() < 0.05 else student, tuple(fields))

    def text(self, part: Part) -> str:
        """The part in GraphQL."""
        district = self._stage.ids()[part.district]
        fields = "id " + " ".join(f"{name} {FIELDS[name]}" for name in part.fields)
        if part.student is None:
            return f'students(filter: {{district: "{district}"}}, first: 3) {{ edges {{ node {{ {fields} }} }} }}'
        return f'student(district: "{district}", studentUniqueId: "{part.student}") {{ {fields} }}'

    def viewer(self) -> tuple[str, frozenset[int]]:
        """Somebody, and the districts that are theirs."""
        return self._random.choice(
            (
                ("superintendent", frozenset({0})),
                ("superintendent-2", frozenset({1})),
                ("county", frozenset({0, 1})),
            )
        )

    def expected(self, part: Part) -> Said:
        """What the district says when there is no other."""
        whole = self._known.get(part[:2]) or self._alone(part)
        self._known[part[:2]] = whole
        return whole.only(part.fields)

    def _alone(self, part: Part) -> Said:
        """Everything that the district says to it alone, whatever was asked."""
        viewer = ("superintendent", "superintendent-2")[part.district]
        query = f"{{ p: {self.text(part._replace(fields=tuple(FIELDS)))} }}"
        return said(self._stage.alone[part.district].post(query, viewer), "p")


def chosen(student: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """What was asked for, of all that is known of a student."""
    return {name: student[name] for name in ("id", *fields)}


@pytest.mark.row("B12")
def test_no_record_crosses_in_a_thousand_random_queries(stage: Stage) -> None:
    """
    Every answer is what the district alone would say, and null for those whose district it is not.

    Random fields of random students, by viewers of one district, of the other and of both; numbers of students,
    schools and LMS accounts are the same in both districts. What an answer lacks, and why, is compared too; no
    source fails while all of them answer.
    """
    asking = Asking(stage, seed=20270)
    differing, failed, records = [], set(), 0
    for _ in range(QUERIES):
        parts = asking.parts()
        viewer, theirs = asking.viewer()
        query = " ".join(f"p{place}: {asking.text(part)}" for place, part in enumerate(parts))
        answer = stage.both.post(f"{{ {query} }}", viewer)
        for place, part in enumerate(parts):
            told, expected = said(answer, f"p{place}"), Said(None)
            if part.district in theirs:
                expected = asking.expected(part)
                records += 1
            failed |= {lack for lack in told.lacks | expected.lacks if lack[-1] not in SETTLED}
            if told != expected:
                differing.append((viewer, part, told.lacks ^ expected.lacks))

    assert failed == set()
    assert differing == []
    assert records > QUERIES / 2
