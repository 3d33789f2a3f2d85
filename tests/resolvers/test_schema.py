"""The schema as a whole: every part has a description and a class of data, and the exported file is current."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
import strawberry
from graphql import (
    GraphQLNamedType,
    GraphQLScalarType,
    get_named_type,
    is_specified_scalar_type,
    parse,
    print_ast,
    validate,
)

from student_graph.adapters import model
from student_graph.adapters.model import Record, Sensitivity, is_internal
from student_graph.resolvers.fields.field import SENSITIVITY_METADATA
from student_graph.resolvers.fields.field import field as graph_field
from student_graph.resolvers.fields.ids import NODE_TYPES
from student_graph.resolvers.schema import core_schema, export, make_schema
from tests.subcases import subcases

GRAPH: Any = make_schema()._schema
TYPES = {name: type_ for name, type_ in GRAPH.type_map.items() if not name.startswith("__")}
"""Types of the schema without those of introspection, by name."""
RECORDS = {record.__name__: record for record in Record.__subclasses__()}


@strawberry.input
class Choice:
    """An input whose field will go."""

    old: int | None = strawberry.field(default=None, deprecation_reason="it is old")


@strawberry.type
class Changed:
    """A root type with an argument that will go."""

    @graph_field
    def count(
        self,
        choice: Choice | None = None,
        old: Annotated[int | None, strawberry.argument(deprecation_reason="it is old")] = None,
    ) -> int:
        """A number."""
        return 1


def fields_of(type_: GraphQLNamedType) -> dict[str, Any]:
    return dict(getattr(type_, "fields", {}))


@cache
def directives_of_students() -> dict[str, list[str]]:
    """The directives of the fields of a student in the exported schema."""
    [student] = [
        d for d in parse(export()).definitions if getattr(getattr(d, "name", None), "value", "") == "Student"
    ]
    fields = student.fields  # type: ignore[attr-defined]
    return {field.name.value: list(map(print_ast, field.directives or ())) for field in fields}


def undescribed(name: str, type_: Any) -> list[str]:
    """Parts of a type that have no description."""
    missing = [] if type_.description else [name]
    missing += [f"{name}.{key}" for key, value in getattr(type_, "values", {}).items() if not value.description]
    for field_name, field in fields_of(type_).items():
        missing += [] if field.description else [f"{name}.{field_name}"]
        arguments = getattr(field, "args", {})
        missing += [f"{name}.{field_name}({key})" for key, value in arguments.items() if not value.description]
    return missing


def test_everything_has_a_description() -> None:
    """Every type, field, argument and enum value has a description, which people see in GraphiQL."""
    assert [part for name, type_ in TYPES.items() for part in undescribed(name, type_)] == []


def test_every_root_field_has_an_example_that_is_valid() -> None:
    """The descriptions that people read in GraphiQL hold a query to start from, which uses the field."""
    examples = {
        name: re.findall(r"Example: `(.+)`", field.description or "")
        for name, field in fields_of(TYPES["Query"]).items()
    }
    texts = [text for matches in examples.values() for text in matches]

    assert {name: len(matches) for name, matches in examples.items()} == dict.fromkeys(examples, 1)
    assert [name for name, [text] in examples.items() if not re.search(rf"\b{name}\b", text)] == []
    assert {text: validate(GRAPH, parse(text)) for text in texts} == {text: [] for text in texts}


def test_the_exported_schema_is_current() -> None:
    """`schema.graphql` is the schema of the code; `student-graph schema` writes it."""
    assert (Path(__file__).parents[2] / "schema.graphql").read_text() == export()


def test_a_deprecated_argument_or_input_field_is_printed_and_introspected() -> None:
    """Clients' tools show the reason; without `includeDeprecated` introspection leaves it out."""
    schema = strawberry.Schema(Changed)
    members = "name args { name } all: args(includeDeprecated: true) { name deprecationReason }"
    shown = schema.execute_sync(f'{{ __type(name: "Changed") {{ fields {{ {members} }} }} }}').data

    assert schema.as_str().count('old: Int = null @deprecated(reason: "it is old")') == 2
    assert shown is not None
    [count] = shown["__type"]["fields"]
    assert [argument["name"] for argument in count["args"]] == ["choice"]
    assert {"name": "old", "deprecationReason": "it is old"} in count["all"]


def deprecation_reasons(schema: Any) -> dict[str, str | None]:
    """The reasons of all deprecated parts of a schema, by coordinate."""
    reasons = {}
    for name, type_ in schema.type_map.items():
        members = {**fields_of(type_), **getattr(type_, "values", {})}
        for key, member in members.items():
            reasons[f"{name}.{key}"] = member.deprecation_reason
            for argument_name, argument in getattr(member, "args", {}).items():
                reasons[f"{name}.{key}({argument_name}:)"] = argument.deprecation_reason
    return {coordinate: reason for coordinate, reason in reasons.items() if reason is not None}


def test_a_deprecation_says_what_to_use_and_until_when_the_old_part_works() -> None:
    """The policy of docs/client-libraries.md: what to use instead, and a date."""
    policy = re.compile(r"Use .+ instead\. Works until 20\d\d-\d\d-\d\d\.")
    reasons = deprecation_reasons(GRAPH)
    of_example = deprecation_reasons(core_schema(strawberry.Schema(Changed)))

    assert {name: reason for name, reason in reasons.items() if not policy.fullmatch(reason or "")} == {}
    assert of_example == {"Changed.count(old:)": "it is old", "Choice.old": "it is old"}


def test_global_ids_are_ids_and_numbers_are_text() -> None:
    """A client's cache identifies an object by `id: ID!`; a number that the district assigned is text."""
    nodes = [type_ for type_ in TYPES.values() if any(i.name == "Node" for i in getattr(type_, "interfaces", ()))]
    assert len(nodes) == len(NODE_TYPES)
    assert {str(fields_of(type_)["id"].type) for type_ in [*nodes, TYPES["Node"]]} == {"ID!"}
    assert str(fields_of(TYPES["Student"])["studentUniqueId"].type) == "String!"


def test_every_scalar_says_what_specifies_it() -> None:
    """`@specifiedBy` tells a client's developer how values of Date, DateTime and Time are written."""
    scalars = [t for t in TYPES.values() if isinstance(t, GraphQLScalarType) and not is_specified_scalar_type(t)]

    assert {scalar.name for scalar in scalars} == {"Date", "DateTime", "Time"}
    assert all((scalar.specified_by_url or "").startswith("https://") for scalar in scalars)


def test_lists_in_pages_are_connections_of_relay() -> None:
    """Sections 3 to 5 of Relay's Cursor Connections Specification, which its compiler checks."""
    assert {name: str(field.type) for name, field in fields_of(TYPES["PageInfo"]).items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }
    connections = [name for name in TYPES if name.endswith("Connection")]
    assert connections
    for name in connections:
        fields = fields_of(TYPES[name])
        edge = fields_of(get_named_type(fields["edges"].type))
        assert (str(fields["pageInfo"].type), str(edge["cursor"].type)) == ("PageInfo!", "String!")
        assert "node" in edge


@subcases("name", sorted(set(RECORDS) & set(TYPES) - {"LocalEducationAgency"}))
def test_every_record_has_provenance_and_no_internal_attribute(name: str) -> None:
    """Every record type has `provenance: Provenance!`, and no internal attribute is a field."""
    fields = fields_of(TYPES[name])
    assert str(fields["provenance"].type) == "Provenance!"
    internal = {f.name for f in dataclasses.fields(RECORDS[name]) if is_internal(f.metadata)} - {"subject"}
    assert internal & {field.extensions["strawberry-definition"].python_name for field in fields.values()} == set()


def values_of(record: type[Record]) -> set[str]:
    """Names of the values of the model in a record's attributes."""
    parts = [part for f in dataclasses.fields(record) for part in (f.type, *get_args(f.type))]
    return {p.__name__ for p in parts if dataclasses.is_dataclass(p) and not issubclass(p, Record)}  # type: ignore[union-attr,arg-type]


def class_of(name: str) -> Sensitivity:
    """Class of data of a type of the graph."""
    if name in RECORDS:
        return RECORDS[name].sensitivity
    classes = {record.sensitivity for record in RECORDS.values() if name in values_of(record)}
    return classes.pop() if len(classes) == 1 else Sensitivity.OPEN


@pytest.mark.parametrize("name", sorted(name for name in TYPES if name not in RECORDS or name == "Student"))
def test_a_field_with_a_record_has_the_class_of_the_record(name: str) -> None:
    """A field that returns a record, or a part of one, has the record's class of data."""
    for field_name, field in fields_of(TYPES[name]).items():
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
    """The exported schema shows which grant a field needs."""
    assert directives_of_students()[field] == [f"@sensitive(tag: {tag})"]


def test_fields_with_a_lookup_are_nullable() -> None:
    """Every field that a source must answer may be null, so that an outage costs its own fields only."""
    non_null = [
        f"{name}.{field_name}"
        for name, type_ in TYPES.items()
        for field_name, field in fields_of(type_).items()
        if "lookup" in getattr(field.extensions.get("strawberry-definition"), "metadata", {})
        and str(field.type).endswith("!")
    ]
    assert non_null == []


def test_enum_values_are_described_by_their_text() -> None:
    """An enum value is described by its text; `UNMAPPED` is described by its meaning."""
    values = TYPES["GradeLevel"].values
    assert values["NINTH"].description == model.GradeLevel.NINTH.value
    assert "no name of its own" in values["UNMAPPED"].description


TYPES_WITHOUT_CLASS = {
    *(
        "PersonName",
        "Descriptor",
        "Provenance",
        "StudentIdentifier",
        "GradePointAverage",
        "GradingPeriod",
        "Score",
    ),
    *(
        "PerformanceLevel",
        "ObjectiveResult",
        "ResultBand",
        "MeetingTime",
        "StudentLanguage",
        "Caseload",
        "Calendar",
        "LmsEngagement",
        "PageInfo",
        "IdentityCounts",
        "UnmappedCode",
        "SourceFile",
        "UnreadableRows",
    ),
    *("StudentConnection", "StudentEdge", "AttendanceEventConnection", "AttendanceEventEdge"),
    *("AttendanceSummary", "BehaviorSummary", "CourseSummary", "CourseworkSummary", "AssessmentSummary"),
    *("MobilitySummary", "Measure", "MeasureWindow", "Definition", "Parameter", "Evidence", "EvidenceList"),
    *("AssessmentStanding", "ObjectiveStanding", "Indicator", "RiskProfile"),
    *("Preset", "PresetRule", "PresetThreshold"),
    *("Scorecard", "ScorecardRow", "ScorecardFinding"),
    *("MetricTable", "GroupMetrics", "GroupKey", "LevelCount", "QualityCount", "MissingSource"),
    *("Query", "Viewer", "Permission", "Reason", "ClassPermission", "LocalEducationAgency", "SourceStatus"),
}
"""Types that are not records: parts of records, connections, and types that are not about a student."""


@pytest.mark.row("K01")
@pytest.mark.row("M06")
def test_every_type_has_a_class_of_data_or_is_listed() -> None:
    """Every record type has a class of data. Types without one are listed, so that a new type is a decision."""
    text = export()
    types = {name for name, type_ in TYPES.items() if type(type_).__name__ == "GraphQLObjectType"}
    with_class = {
        name for name in types if f"\ntype {name} @sensitive(tag: " in text.replace(" implements Node", "")
    }
    assert types - with_class == TYPES_WITHOUT_CLASS
