"""Everybody against everything: roles, students of every relation, every field, by a table written by hand."""

from __future__ import annotations

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
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

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
"""Whom each of the demo's people sees, by how the student stands to those of the first district."""

EVERY = {"PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE", "DISABILITY", "MEAL", "HOMELESS"}
CLASSES = {
    "superintendent": EVERY,
    "principal": {"PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE"},
    "counselor": {"CONTACT", "PROGRAM", "DISCIPLINE", "DISABILITY", "HOMELESS"},
    "teacher": set(),
    "parent": {"PII", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE", "DISABILITY", "MEAL"},
    "student": {"PII", "PROGRAM", "LOCATION"},
}
CLASSES |= {"superintendent-2": CLASSES["superintendent"], "teacher-2": set()}
"""What each is granted beside the open class."""

STUDENT = {
    "OPEN": "id studentUniqueId name preferredName provenance district enrollments gradeLevel sections "
    "attendanceEvents courseGrades academicRecord academicRecords assessments assignments engagement",
    "PII": "identity identifiers",
    "CONTACT": "contacts",
    "DEMOGRAPHIC": "demographics",
    "PROGRAM": "programs",
    "DISABILITY": "specialEducation",
    "HOMELESS": "homelessness",
    "MEAL": "foodService",
    "LOCATION": "transportation transportations",
    "DISCIPLINE": "disciplineIncidents disciplineActions",
}
"""Every field of a student, by its class of data."""

ANYTHING = DocumentLimits(cost=10**9, calls=10**9, fields=10**6, aliases=10**4)
FIELD_CLASS = {name: sensitivity for sensitivity, names in STUDENT.items() for name in names.split()}
RELATIONS = ("own", "same school", "other school", "other district", "former", "absent")


@dataclass(frozen=True)
class Stage:
    """Two districts on one gateway, and a student of each relation."""

    asking: DemoGateway
    staged: tuple[DemoDistrict, ...]
    who: DemoPeople
    students: dict[str, str]

    @property
    def facts(self) -> DistrictFacts:
        """Of the first district."""
        return self.staged[0].facts

    def named(self, relation: str, fields: str) -> dict[str, str]:
        """How the student of a relation is asked for."""
        district, number = self.staged[relation == "other district"].id, self.students[relation]
        id_ = encode(GlobalId("Student", district, number))
        return {"id": id_, "number": number, "district": district, "fields": fields}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Everybody is fictional."""
    made = tuple(demo_districts("both", 800))
    facts = made[0].facts
    who = demo_people(facts, demo_student(facts))
    sandboxes = [sandbox for each in made for sandbox in each.sandboxes.values()]
    with served(*sandboxes), demo_gateway(made, document_limits=ANYTHING) as asking:
        yield Stage(asking, made, who, related(facts, made[1].facts, who))


def related(facts: DistrictFacts, other: DistrictFacts, who: DemoPeople) -> dict[str, str]:
    """A student of each relation to the people around the first one."""
    own, taught = str(who.student), pupils(facts, str(who.teacher))
    at = {stay.school for stay in current(facts) if stay.student == own}
    there = {stay.student for stay in current(facts) if stay.school in at}
    elsewhere = {stay.student for stay in current(facts)} - there
    gone = {stay.student for stay in facts.enrollments if stay.school in at} - {s.student for s in current(facts)}
    assert own in taught
    return {
        "own": own,
        "same school": min(there - taught),
        "other school": min(elsewhere),
        "other district": other.students[0].id,
        "former": min(gone),
        "absent": "999999",
    }


def current(facts: DistrictFacts) -> list[Any]:
    """Stays that last on the day of the facts."""
    today = facts.now.date()
    return [stay for stay in facts.enrollments if stay.entry <= today and (not stay.exit or today < stay.exit)]


def pupils(facts: DistrictFacts, teacher: str) -> set[str]:
    """Who sits today in a section in front of which the teacher stands today."""
    today = facts.now.date()

    def now(begin: Any, end: Any) -> bool:
        return bool(begin <= today and (end is None or today <= end))

    return {
        place.student
        for place in facts.section_enrollments
        if now(place.begin, place.end)
        and any(one == teacher and now(begin, end) for one, _, begin, end in place.section.staff)
    }


def test_every_field_of_a_student_is_in_the_table() -> None:
    """A new field without a class fails here, and so does one whose class in the schema is another."""
    type_ = CORE.type_map["Student"]
    assert isinstance(type_, GraphQLObjectType)
    said = {name: tag_of(each) for name, each in type_.fields.items()}
    assert said == FIELD_CLASS


def tag_of(field: GraphQLField) -> str:
    """The class of data that the schema says a field is of."""
    definition = field.extensions["strawberry-definition"]
    return str(definition.metadata["sensitivity"].name) if "sensitivity" in definition.metadata else "OPEN"


def selection(type_: Any, depth: int) -> str:
    """Every field that needs no argument, so many levels deep."""
    parts = []
    for name, field in type_.fields.items():
        if any(map(is_required_argument, field.args.values())):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            parts.append(name)
        elif is_object_type(named) and depth and named.name not in {"Student", "School", "LocalEducationAgency"}:
            parts.append(f"{name} {{ {selection(named, depth - 1)} }}")
    return " ".join(parts) or "__typename"


def whole(name: str) -> str:
    """One field of a student with everything in it."""
    type_: Any = CORE.type_map["Student"]
    named = get_named_type(type_.fields[name].type)
    return name if is_leaf_type(named) else f"{name} {{ __typename {selection(named, 1)} }}"


DOORS = {
    "student by id": 'student(id: "%(id)s") { %(fields)s }',
    "node": 'node(id: "%(id)s") { ... on Student { %(fields)s } }',
    "nodes": 'nodes(ids: ["%(id)s"]) { ... on Node { ... on Student { %(fields)s } } }',
    "listed": 'students(filter: {district: "%(district)s", ids: ["%(number)s"]}) {edges {node {%(fields)s}}}',
}
"""Ways to one student."""


def found(told: Any) -> Any:
    """The student in an answer, whichever way it was asked."""
    told = told[0] if isinstance(told, list) else told
    if told is not None and "edges" in told:
        return told["edges"][0]["node"] if told["edges"] else None
    return told


@pytest.mark.row("K01", "K02", "K05", "K11")
def test_everybody_sees_what_the_table_says(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """By every way: a student who is not one's own is null without an error, a class not granted is FORBIDDEN."""
    checks, wrong, leaks = 0, [], 0
    for role in VISIBLE:
        for relation in RELATIONS:
            for door, ask in DOORS.items():
                fields = " ".join(f"f{n}: {whole(name)}" for n, name in enumerate(FIELD_CLASS))
                answer = stage.asking.post("{ it: " + ask % stage.named(relation, fields) + " }", role)
                seen = found(answer["data"]["it"])
                refused = refusals(answer)
                for n, (name, sensitivity) in enumerate(FIELD_CLASS.items()):
                    checks += 1
                    got = "null" if seen is None else "refused" if f"f{n}" in refused else "shown"
                    if seen is not None and f"f{n}" in refused:
                        leaks += seen[f"f{n}"] is not None
                    if got != expected(role, relation, sensitivity):
                        wrong.append((role, relation, door, name, got))
                        leaks += got == "shown"
                if seen is None and answer.get("errors"):
                    wrong.append((role, relation, door, "errors", answer["errors"][0]))
    told = f"{len(VISIBLE)} people x {len(RELATIONS)} relations x {len(FIELD_CLASS)} fields x {len(DOORS)} ways"
    record_property("counts", f"grid: {checks} checks of {told}, {len(wrong)} other than the table, {leaks} leaks")
    assert wrong == []


def refusals(answer: dict[str, Any]) -> set[str]:
    """Fields of the student that are refused."""
    return {
        next(str(part) for part in error["path"] if str(part).startswith("f"))
        for error in answer.get("errors", ())
        if error["extensions"]["code"] == "FORBIDDEN"
    }


def expected(role: str, relation: str, sensitivity: str) -> str:
    """What the tables say."""
    if relation not in VISIBLE[role]:
        return "null"
    return "shown" if sensitivity == "OPEN" or sensitivity in CLASSES[role] else "refused"


PAGE = "students(first: 100) { totalCount edges { node { studentUniqueId } } }"
ROSTER = "roster { student { studentUniqueId } }"
PLACES = f"sections {{ section {{ {ROSTER} }} }}"
LISTS = {
    "viewer": f"viewer {{ {PAGE} }}",
    "district": f"districts {{ {PAGE} }}",
    "schools": f"districts {{ schools {{ {PAGE} }} }}",
    "rosters": f"districts {{ schools {{ sections {{ {ROSTER} }} }} }}",
    "places": f"districts {{ students(first: 100) {{ edges {{ node {{ {PLACES} }} }} }} }}",
}
"""Ways to many students."""


@pytest.mark.row("K01", "K02")
def test_no_list_shows_a_student_of_others(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """Against sets made from the facts by brute force: nobody but one's own, and nobody counted."""
    facts = stage.facts
    everybody = {one.id for one in facts.students}
    at = {s.school for s in current(facts) if s.student == stage.students["own"]}
    building = {stay.student for stay in current(facts) if stay.school in at}
    mine = {
        "superintendent": everybody,
        "principal": building,
        "counselor": building,
        "teacher": pupils(facts, str(stage.who.teacher)),
        "parent": {c.student for c in facts.contacts if c.id == stage.who.parent and c.legal_guardian},
        "student": {stage.students["own"]},
    }
    seen = 0
    for role, own in mine.items():
        for name, query in LISTS.items():
            told = stage.asking.post(f"{{ {query} }}", role)
            numbers, totals = collected(told["data"])
            assert numbers <= own, (role, name)
            assert all(total <= len(own) for total in totals), (role, name, totals)
            seen += len(numbers)
            if name == "viewer":
                assert totals == [len(own)], (role, totals)
    record_property("counts", f"lists: {len(mine)} people x {len(LISTS)} ways, {seen} students seen, 0 of others")


def collected(told: Any) -> tuple[set[str], list[int]]:
    """All students' numbers and totals in an answer."""
    numbers: set[str] = set()
    totals: list[int] = []
    stack = [told]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack += part.values()
            numbers |= {part["studentUniqueId"]} if "studentUniqueId" in part else set()
            totals += [part["totalCount"]] if part.get("totalCount") is not None else []
        elif isinstance(part, list):
            stack += part
    return numbers, totals
