"""Access of every role to every field of students of every relation, compared with a table written by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from student_graph.adapters.sandbox.demo_people import DemoPeople, demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.schema import core_schema, make_schema
from tests.long_runs import size
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway
from tests.scenarios.helpers.enrolled_students import current_enrollments, students_of_teacher

CORE: GraphQLSchema = core_schema(make_schema())

VISIBLE = {
    "superintendent": {"own", "same school", "other school", "former"},
    "principal": {"own", "same school"},
    "counselor": {"own", "same school"},
    "teacher": {"own"},
    "parent": {"own"},
    "student": {"own"},
    "superintendent-2": {"other district"},
    "teacher-2": set(),
}
"""The students whom each person sees, by their relation to the people of the first district."""

RESTRICTED = {"DISCIPLINE", "DISABILITY", "MEAL", "HOMELESS"}
ALL_CLASSES = {"PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION"} | RESTRICTED
CLASSES = {
    "superintendent": ALL_CLASSES,
    "principal": {"PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE"},
    "counselor": {"CONTACT", "PROGRAM", "DISCIPLINE", "DISABILITY", "HOMELESS"},
    "teacher": set(),
    "parent": {"PII", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE", "DISABILITY", "MEAL"},
    "student": {"PII", "PROGRAM", "LOCATION"},
}
CLASSES |= {"superintendent-2": CLASSES["superintendent"], "teacher-2": set()}
"""The sensitivity classes that each person is granted besides OPEN."""

STUDENT = {
    "OPEN": "id studentUniqueId name preferredName provenance district enrollments gradeLevel sections "
    "attendanceEvents courseGrades academicRecord academicRecords assessments assignments engagement "
    "attendance courses coursework assessmentSummary mobility indicators riskProfile",
    "PII": "identity identifiers",
    "CONTACT": "contacts",
    "DEMOGRAPHIC": "demographics",
    "PROGRAM": "programs englishProficiency",
    "DISABILITY": "specialEducation section504",
    "HOMELESS": "homelessness",
    "MEAL": "foodService",
    "LOCATION": "addresses transportation transportations",
    "DISCIPLINE": "disciplineIncidents disciplineActions behavior",
}
"""Every field of a student, by its sensitivity class."""

NOT_SELECTED = {"Student", "School", "LocalEducationAgency", "Scorecard"}
"""Types whose fields are not selected below those of a student; a scorecard has rules of its own."""
NO_DOCUMENT_LIMITS = DocumentLimits(cost=10**9, calls=10**9, fields=10**6, aliases=10**4)
FIELD_CLASS = {name: sensitivity for sensitivity, names in STUDENT.items() for name in names.split()}
RELATIONS = ("own", "same school", "other school", "other district", "former", "absent")


@dataclass(frozen=True)
class Stage:
    """Two districts on one gateway, and a student of each relation."""

    gateway: DemoGateway
    districts: tuple[DemoDistrict, ...]
    people: DemoPeople
    students: dict[str, str]
    """Number of the student by relation."""

    @property
    def facts(self) -> DistrictFacts:
        """The facts of the first district."""
        return self.districts[0].facts

    def arguments(self, relation: str, fields: str) -> dict[str, str]:
        """Return what the templates of `WAYS` need for the student of a relation."""
        district, number = self.districts[relation == "other district"].id, self.students[relation]
        id_ = encode(GlobalId("Student", district, number))
        return {"id": id_, "number": number, "district": district, "fields": fields}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Two districts with a hundred fictional students each."""
    districts = tuple(demo_districts("both", 100))
    facts = districts[0].facts
    people = demo_people(facts, demo_student(facts))
    sandboxes = [sandbox for district in districts for sandbox in district.sandboxes.values()]
    settings = {"document_limits": NO_DOCUMENT_LIMITS, "federation": True}
    with served(*sandboxes), demo_gateway(districts, **settings) as gateway:
        yield Stage(gateway, districts, people, students_by_relation(facts, districts[1].facts, people))


def students_by_relation(facts: DistrictFacts, other: DistrictFacts, people: DemoPeople) -> dict[str, str]:
    """Return a student of each relation to the demo's people, who all know the demo student."""
    own, taught = str(people.student), students_of_teacher(facts, str(people.teacher))
    schools = {row.school for row in current_enrollments(facts) if row.student == own}
    same_school = {row.student for row in current_enrollments(facts) if row.school in schools}
    current = {row.student for row in current_enrollments(facts)}
    former = {row.student for row in facts.enrollments if row.school in schools} - current
    assert own in taught
    return {
        "own": own,
        "same school": min(same_school - taught),
        "other school": min(current - same_school),
        "other district": other.students[0].id,
        "former": min(former),
        "absent": "999999",
    }


def test_every_field_of_a_student_is_in_the_table() -> None:
    """The test fails for a new field, and for a field that has another sensitivity class in the schema."""
    type_ = CORE.type_map["Student"]
    assert isinstance(type_, GraphQLObjectType)
    classes = {name: sensitivity_of(field) for name, field in type_.fields.items()}
    assert classes == FIELD_CLASS


def sensitivity_of(field: GraphQLField) -> str:
    """Return the sensitivity class that the schema has for a field."""
    definition = field.extensions["strawberry-definition"]
    return str(definition.metadata["sensitivity"].name) if "sensitivity" in definition.metadata else "OPEN"


def selection(type_: Any, depth: int) -> str:
    """Return a selection of every field that needs no argument, down to a depth."""
    parts = []
    for name, field in type_.fields.items():
        if any(map(is_required_argument, field.args.values())):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            parts.append(name)
        elif named.name == "Measure":  # one field of each: there are dozens of measures
            parts.append(f"{name} {{ value }}")
        elif is_object_type(named) and depth and named.name not in NOT_SELECTED:
            parts.append(f"{name} {{ {selection(named, depth - 1)} }}")
    return " ".join(parts) or "__typename"


def complete_field(name: str) -> str:
    """Return a field of a student with a selection of all its own fields."""
    type_: Any = CORE.type_map["Student"]
    named = get_named_type(type_.fields[name].type)
    return name if is_leaf_type(named) else f"{name} {{ __typename {selection(named, 1)} }}"


WAYS = {
    "student by id": 'student(id: "%(id)s") { %(fields)s }',
    "node": 'node(id: "%(id)s") { ... on Student { %(fields)s } }',
    "nodes": 'nodes(ids: ["%(id)s"]) { ... on Node { ... on Student { %(fields)s } } }',
    "entity": '_entities(representations: {__typename: "Student", id: "%(id)s"}) {... on Student {%(fields)s}}',
    "entity by number": '_entities(representations: {__typename: "Student", studentUniqueId: "%(number)s", '
    'district: {shortName: "%(district)s"}}) { ... on Student { %(fields)s } }',
    "list": 'students(filter: {district: "%(district)s", ids: ["%(number)s"]}) {edges {node {%(fields)s}}}',
}
"""Ways to query one student. An entity out of reach has the error of an unknown one."""


def student_in(data: Any) -> Any:
    """Return the student in the data of any of the ways."""
    data = data[0] if isinstance(data, list) else data
    if data is not None and "edges" in data:
        return data["edges"][0]["node"] if data["edges"] else None
    return data


@pytest.mark.long_run
@pytest.mark.row("K01", "K02", "K05", "K11")
def test_every_role_sees_what_the_table_says(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """
    A student out of reach is null without an error, and a field without a grant is FORBIDDEN, in every way.

    A sample asks for each student in one way, and in all of them in turn.
    """
    checks, wrong, leaks, turns = 0, [], 0, itertools.cycle(WAYS.items())
    for role in VISIBLE:
        for relation in RELATIONS:
            for way, template in itertools.islice(turns, size(1, len(WAYS))):
                fields = " ".join(f"f{n}: {complete_field(name)}" for n, name in enumerate(FIELD_CLASS))
                response = stage.gateway.post("{ it: " + template % stage.arguments(relation, fields) + " }", role)
                student = student_in(response["data"]["it"])
                forbidden = forbidden_aliases(response)
                for n, (name, sensitivity) in enumerate(FIELD_CLASS.items()):
                    checks += 1
                    result = "null" if student is None else "refused" if f"f{n}" in forbidden else "shown"
                    if student is not None and f"f{n}" in forbidden:
                        leaks += student[f"f{n}"] is not None
                    if result != expected(role, relation, sensitivity):
                        wrong.append((role, relation, way, name, result))
                        leaks += result == "shown"
                codes = {error["extensions"]["code"] for error in response.get("errors", ())}
                if student is None and codes != ({"NOT_FOUND"} if way.startswith("entity") else set()):
                    wrong.append((role, relation, way, "errors", codes))
    people = f"{len(VISIBLE)} people x {len(RELATIONS)} relations x {len(FIELD_CLASS)} fields"
    record_property(
        "counts", f"grid: {checks} checks of {people}, {len(wrong)} other than the table, {leaks} leaks"
    )
    assert wrong == []


def forbidden_aliases(response: dict[str, Any]) -> set[str]:
    """Return the aliases of the student's fields that are FORBIDDEN."""
    return {
        next(str(part) for part in error["path"] if str(part).startswith("f"))
        for error in response.get("errors", ())
        if error["extensions"]["code"] == "FORBIDDEN"
    }


def expected(role: str, relation: str, sensitivity: str) -> str:
    """Return what the tables say: `null`, `shown` or `refused`."""
    if relation not in VISIBLE[role]:
        return "null"
    return "shown" if sensitivity == "OPEN" or sensitivity in CLASSES[role] else "refused"


PAGE = "students(first: 100) { totalCount edges { node { studentUniqueId } } }"
ROSTER = "roster { student { studentUniqueId } }"
SECTIONS = f"sections {{ section {{ {ROSTER} }} }}"
LISTS = {
    "viewer": f"viewer {{ {PAGE} }}",
    "district": f"districts {{ {PAGE} }}",
    "schools": f"districts {{ schools {{ {PAGE} }} }}",
    "rosters": f"districts {{ schools {{ sections {{ {ROSTER} }} }} }}",
    "sections": f"districts {{ students(first: 100) {{ edges {{ node {{ {SECTIONS} }} }} }} }}",
}
"""Ways to query many students."""


@pytest.mark.row("K01", "K02")
def test_no_list_shows_a_student_out_of_reach(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    """Lists and their totals have no student outside the viewer's reach, which is computed from the facts."""
    facts = stage.facts
    all_students = {student.id for student in facts.students}
    schools = {row.school for row in current_enrollments(facts) if row.student == stage.students["own"]}
    same_school = {row.student for row in current_enrollments(facts) if row.school in schools}
    reach = {
        "superintendent": all_students,
        "principal": same_school,
        "counselor": same_school,
        "teacher": students_of_teacher(facts, str(stage.people.teacher)),
        "parent": {c.student for c in facts.contacts if c.id == stage.people.parent and c.legal_guardian},
        "student": {stage.students["own"]},
    }
    shown = 0
    for role, students in reach.items():
        for name, query in LISTS.items():
            response = stage.gateway.post(f"{{ {query} }}", role)
            numbers, totals = numbers_and_totals(response["data"])
            assert numbers <= students, (role, name)
            assert all(total <= len(students) for total in totals), (role, name, totals)
            shown += len(numbers)
            if name == "viewer":
                assert totals == [len(students)], (role, totals)
    record_property(
        "counts", f"lists: {len(reach)} people x {len(LISTS)} ways, {shown} students shown, 0 of others"
    )


def numbers_and_totals(data: Any) -> tuple[set[str], list[int]]:
    """Return all student numbers and all totals in the data."""
    numbers: set[str] = set()
    totals: list[int] = []
    stack = [data]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack += part.values()
            numbers |= {part["studentUniqueId"]} if "studentUniqueId" in part else set()
            totals += [part["totalCount"]] if part.get("totalCount") is not None else []
        elif isinstance(part, list):
            stack += part
    return numbers, totals
