"""The schema as a whole: described, classed, and exported."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, get_args

import pytest
from graphql import GraphQLNamedType, get_named_type, parse, print_ast

from student_graph.adapters import model
from student_graph.adapters.model import Record, Sensitivity, is_internal
from student_graph.resolvers.fields.field import SENSITIVITY_METADATA
from student_graph.resolvers.fields.ids import NODE_TYPES
from student_graph.resolvers.schema import export, make_schema

GRAPH: Any = make_schema()._schema
OURS = {name: made for name, made in GRAPH.type_map.items() if not name.startswith("__")}
RECORDS = {record.__name__: record for record in Record.__subclasses__()}


def fields_of(made: GraphQLNamedType) -> dict[str, Any]:
    return dict(getattr(made, "fields", {}))


def undescribed(name: str, made: Any) -> list[str]:
    missing = [] if made.description else [name]
    missing += [f"{name}.{value}" for value, told in getattr(made, "values", {}).items() if not told.description]
    for field_name, field in fields_of(made).items():
        missing += [] if field.description else [f"{name}.{field_name}"]
        arguments = getattr(field, "args", {})
        missing += [f"{name}.{field_name}({a})" for a, told in arguments.items() if not told.description]
    return missing


def test_everything_is_described() -> None:
    """Every type, field, argument and enum value says what it is: that is what an explorer reads."""
    assert [gap for name, made in OURS.items() for gap in undescribed(name, made)] == []


def test_the_exported_schema_is_fresh() -> None:
    """`schema.graphql` is what the code says; `student-graph schema` writes it."""
    assert (Path(__file__).parents[2] / "schema.graphql").read_text() == export()


def test_ids_are_ids() -> None:
    """A client's cache knows a thing again by `id: ID!`; a number of the district is text."""
    nodes = [made for made in OURS.values() if any(i.name == "Node" for i in getattr(made, "interfaces", ()))]
    assert len(nodes) == len(NODE_TYPES)
    assert {str(fields_of(made)["id"].type) for made in [*nodes, OURS["Node"]]} == {"ID!"}
    assert str(fields_of(OURS["Student"])["studentUniqueId"].type) == "String!"


@pytest.mark.parametrize("name", sorted(set(RECORDS) & set(OURS) - {"LocalEducationAgency"}))
def test_every_record_tells_its_provenance(name: str) -> None:
    """Every record type has `provenance: Provenance!`, and none of the attributes kept inside."""
    fields = fields_of(OURS[name])
    assert str(fields["provenance"].type) == "Provenance!"
    inside = {f.name for f in dataclasses.fields(RECORDS[name]) if is_internal(f.metadata)} - {"subject"}
    assert inside & {field.extensions["strawberry-definition"].python_name for field in fields.values()} == set()


def values_of(record: type[Record]) -> set[str]:
    """Values of the model that a record is made of."""
    parts = [part for f in dataclasses.fields(record) for part in (f.type, *get_args(f.type))]
    return {p.__name__ for p in parts if dataclasses.is_dataclass(p) and not issubclass(p, Record)}  # type: ignore[union-attr,arg-type]


def class_of(named: str) -> Sensitivity:
    """The class of data that a type of the graph belongs to."""
    if named in RECORDS:
        return RECORDS[named].sensitivity
    holders = {record.sensitivity for record in RECORDS.values() if named in values_of(record)}
    return holders.pop() if len(holders) == 1 else Sensitivity.OPEN


@pytest.mark.parametrize(
    "name", sorted(name for name, made in OURS.items() if name not in RECORDS or name == "Student")
)
def test_every_way_to_a_record_has_its_class(name: str) -> None:
    """A field that answers with a record, or with a part of one, has the record's class of data."""
    for field_name, field in fields_of(OURS[name]).items():
        definition = field.extensions.get("strawberry-definition")
        expected = class_of(get_named_type(field.type).name)
        if expected is not Sensitivity.OPEN:
            assert definition.metadata[SENSITIVITY_METADATA] is expected, f"{name}.{field_name}"


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        ("contacts", "CONTACT"),
        ("identifiers", "PII"),
        ("demographics", "DEMOGRAPHIC"),
        ("programs", "PROGRAM"),
        ("transportation", "LOCATION"),
        ("foodService", "MEAL"),
        ("specialEducation", "DISABILITY"),
        ("homelessness", "HOMELESS"),
        ("disciplineIncidents", "DISCIPLINE"),
    ],
)
def test_the_sdl_marks_sensitive_fields(field: str, tag: str) -> None:
    """Whoever reads the schema sees which grant a field needs."""
    [student] = [
        d for d in parse(export()).definitions if getattr(getattr(d, "name", None), "value", "") == "Student"
    ]
    [declared] = [f for f in student.fields if f.name.value == field]  # type: ignore[attr-defined]

    assert [print_ast(directive) for directive in declared.directives] == [f"@sensitive(tag: {tag})"]


def test_an_outage_costs_its_own_fields_only() -> None:
    """Every field of the graph that a source must answer may be null."""
    asked = [
        f"{name}.{field_name}"
        for name, made in OURS.items()
        for field_name, field in fields_of(made).items()
        if "lookup" in getattr(field.extensions.get("strawberry-definition"), "metadata", {})
        and str(field.type).endswith("!")
    ]
    assert asked == []


def test_grade_levels_keep_their_names() -> None:
    """An enum value is described by the text that it stands for, the unmapped one by what that means."""
    values = OURS["GradeLevel"].values
    assert values["NINTH"].description == model.GradeLevel.NINTH.value
    assert "no other name" in values["UNMAPPED"].description


UNCLASSED = {
    *(
        "PersonName",
        "Descriptor",
        "Provenance",
        "StudentIdentifier",
        "GradePointAverage",
        "GradingPeriod",
        "Score",
    ),
    *("PerformanceLevel", "ObjectiveResult", "Calendar", "LmsEngagement", "PageInfo", "IdentityCounts"),
    *("StudentConnection", "StudentEdge", "AttendanceEventConnection", "AttendanceEventEdge"),
    *("Query", "Viewer", "Permission", "Reason", "ClassPermission", "LocalEducationAgency", "SourceStatus"),
}
"""Types that are no records: parts of one, ways to others, and what is about no child."""


@pytest.mark.row("K01")
@pytest.mark.row("M06")
def test_every_field_of_every_type_has_a_class() -> None:
    """By its own tag or its type's; a new type is a record, which has a class, or stands in the list above."""
    text = export()
    types = {name: made for name, made in OURS.items() if type(made).__name__ == "GraphQLObjectType"}
    classed = {name for name in types if f"\ntype {name} @sensitive(tag: " in text.replace(" implements Node", "")}
    assert types.keys() - classed == UNCLASSED
