"""Which documents are tools, and what their schemas say."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema
from jsonschema import Draft202012Validator

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web.assistants.restricted import is_restricted_field
from student_graph.gateway.web.assistants.settings import AssistantSettings, ToolSettings
from student_graph.gateway.web.assistants.tools import Tool, build_tools
from student_graph.resolvers.cohorts.restricted import restricted_inputs
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.servers import ROOT
from tests.gateway.web.assistants.stage import trusted
from tests.subcases import subcases

PRINTED = (ROOT / "schema.graphql").read_text()
HILL, DALE = DistrictId("hill"), DistrictId("dale")
EXAMPLES = [path.read_text() for path in sorted((ROOT / "examples" / "queries").glob("*.graphql"))]
RESTRICTED_CLASSES = {"DISCIPLINE", "DISABILITY", "MEAL", "HOMELESS"}


def schema() -> GraphQLSchema:
    """The schema of a gateway that offers `@defer`."""
    return core_schema(make_schema(defer=True))


def tools_of(*texts: str, **tools: ToolSettings) -> list[Tool]:
    """The tools of a district, one for each document, with the settings in `tools` if they have its name."""
    names = [name for text in texts for name in re.findall(r"^query (\w+)", text, re.MULTILINE)]
    offered = [tools.get(name, ToolSettings(name)) for name in dict.fromkeys(names)]
    documents = DocumentStore(schema(), trusted(*texts))
    settings = AssistantSettings("https://graph.example/mcp", {HILL: offered})
    return build_tools(schema(), trusted(*texts), documents, settings, restricted_inputs())


@subcases(
    ("selection", "reason"),
    [
        ("id } } } ...Later @defer } fragment Later on Query { viewer { role }", "uses @defer"),
        ("disciplineIncidents { date } } } }", "never offered to assistants: Student.disciplineIncidents"),
        ("...Meals } } } } fragment Meals on Student { foodService { programName }", "Student.foodService"),
        ("behavior { incidents { value } } } } }", "Student.behavior"),
        ("id } } } x: students(filter: {where: {meals: {statuses: [FREE]}}}) {", "StudentCondition.meals"),
        ("id } } } x: students(filter: {where: {program: {kind: HOMELESS}}}) {", "ProgramKind.HOMELESS"),
        ("id } } } x: students(filter: {}, orderBy: {metric: SUSPENSIONS}) {", "Metric.SUSPENSIONS"),
        ("id } } } x: districts { metrics(metric: ABSENT_DAYS, by: [SECTION_504]) {", "Dimension.SECTION_504"),
    ],
)
def test_a_document_that_cannot_be_a_tool_is_refused_with_the_reason(selection: str, reason: str) -> None:
    """The settings are refused as a whole, before the gateway starts."""
    text = f"# A\nquery A {{ students(filter: {{}}) {{ edges {{ node {{ {selection} __typename "
    with pytest.raises(SettingsError) as error:
        tools_of(text + "}" * (text.count("{") - text.count("}")))

    assert "district 'hill', assistants: document 'A': " in str(error.value)
    assert reason in str(error.value)


def test_a_document_without_a_description_is_refused() -> None:
    """A model would have to guess what the tool is for."""
    with pytest.raises(SettingsError, match="document 'A': has no description"):
        tools_of("query A { viewer { role } }")


def test_all_documents_that_cannot_be_tools_are_named_at_once() -> None:
    """Also one that is not there, and one whose name two documents have."""
    same = ("# One\nquery A { viewer { role } }", "# Two\nquery A { viewer { grants } }")
    documents = DocumentStore(schema(), trusted(*same))
    settings = AssistantSettings("https://graph.example/mcp", {HILL: [ToolSettings("A"), ToolSettings("B")]})

    with pytest.raises(SettingsError) as error:
        build_tools(schema(), trusted(*same), documents, settings, ())

    assert [problem.rpartition(": ")[2] for problem in error.value.problems] == [
        "several trusted documents have an operation of that name",
        "no trusted document has an operation of that name",
    ]


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ('"""What it is."""\nquery A { viewer { role } }', "What it is."),
        ("# What it is\n#\n# And more\n\n# Not this\nquery A { viewer { role } }", "What it is\n\nAnd more"),
    ],
)
def test_a_document_describes_itself_unless_the_settings_do(text: str, description: str) -> None:
    """By the description of its operation, or by the comments at its beginning."""
    [own], [configured] = tools_of(text), tools_of(text, A=ToolSettings("A", "Another text"))

    assert (own.description, own.title) == (description, "A")
    assert configured.description == "Another text"


def test_districts_that_offer_one_document_share_the_tool() -> None:
    """Each decides which roles get it there."""
    text = "# Roles\nquery MyRole { viewer { role } }"
    offered = {HILL: [ToolSettings("MyRole")], DALE: [ToolSettings("MyRole")]}
    documents = DocumentStore(schema(), trusted(text))

    [tool] = build_tools(
        schema(), trusted(text), documents, AssistantSettings("https://g.example/mcp", offered), ()
    )

    assert (tool.title, set(tool.offered)) == ("My role", {HILL, DALE})


def test_arguments_have_the_types_and_the_descriptions_of_the_schema() -> None:
    """And the defaults of the document; unknown ones are refused."""
    [tool] = tools_of(
        "# Students\nquery A($name: String!, $grades: [GradeLevel!], $first: Int = 25, $day: Date) "
        "{ students(filter: {name: $name, gradeLevels: $grades, asOf: $day}, first: $first) { totalCount } }"
    )
    properties = tool.input_schema["properties"]
    validator = Draft202012Validator(tool.input_schema)

    assert tool.input_schema["required"] == ["name"]
    assert properties["name"]["type"] == "string"
    assert properties["name"]["description"].startswith("Every word must be the beginning of")
    assert (properties["first"]["anyOf"], properties["first"]["default"]) == (
        [{"type": "integer"}, {"type": "null"}],
        25,
    )
    assert properties["day"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert "NINTH" in properties["grades"]["anyOf"][0]["items"]["enum"]
    assert validator.is_valid({"name": "Ada", "grades": ["NINTH"], "first": None})
    assert not validator.is_valid({"name": "Ada", "grades": ["NINETH"]})
    assert not validator.is_valid({"name": "Ada", "names": ["Bob"]})
    assert not validator.is_valid({})


def test_a_condition_is_offered_without_what_reads_restricted_classes() -> None:
    """Input objects are definitions that refer to each other; exactly one member of a condition is given."""
    [tool] = tools_of(
        "# Students\nquery A($where: StudentCondition) { students(filter: {where: $where}) { totalCount } }"
    )
    validator = Draft202012Validator(tool.input_schema)
    attendance = {"metric": {"metric": "CHRONIC_ABSENCE", "level": ["AT_RISK"]}}

    assert validator.is_valid({"where": {"all": [attendance, {"not": {"program": {"kind": "TITLE_I"}}}]}})
    assert not validator.is_valid({"where": attendance | {"section": "x"}})
    assert not validator.is_valid({"where": {"meals": {"statuses": ["FREE"]}}})
    assert not validator.is_valid({"where": {"program": {"kind": "HOMELESS"}}})
    assert not validator.is_valid({"where": {"metric": {"metric": "SUSPENSIONS"}}})


def test_no_example_that_is_a_tool_has_a_restricted_class_in_its_schemas() -> None:
    """Whatever the examples select: those that read such a class are refused, and the others do not name one."""
    built, refused = [], []
    for text in EXAMPLES:
        try:
            built += tools_of(text)
        except SettingsError as exc:
            refused.append(str(exc))
    names = {tool.name: names_in(tool.input_schema) | names_in(tool.output_schema) for tool in built}

    assert all("restricted class" in reason for reason in refused)
    assert len(built) > len(EXAMPLES) / 2
    assert {name: own & restricted_names() for name, own in names.items()} == {name: set() for name in names}
    assert "letter" in names["ClassRoster"]


def names_in(value: Any) -> set[str]:
    """The names of members and the values of enums in a JSON Schema."""
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    if not isinstance(value, dict):
        return set()
    own = {*value.get("properties", ()), *filter(None, value.get("enum", ()))}
    return own.union(*map(names_in, value.values()))


@cache
def marked_fields() -> dict[str, bool]:
    """Whether the printed schema marks a field, or its type, with a restricted class, by coordinate."""
    marked = {}
    for type_ in build_schema(PRINTED).type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            own = tag_of(type_.ast_node)
            for name, field in type_.fields.items():
                marked[f"{type_.name}.{name}"] = not RESTRICTED_CLASSES.isdisjoint({own, tag_of(field.ast_node)})
    return marked


def restricted_names() -> set[str]:
    """Names that only restricted fields and values have."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for coordinate, is_marked in marked_fields().items():
        names[is_marked].add(coordinate.partition(".")[2])
    return (names[True] - names[False]) | {name.partition(".")[2] for name in restricted_inputs()}


def test_a_field_is_restricted_if_the_schema_marks_it() -> None:
    """A field of a marked type, and a field that is marked itself."""
    restricted = {
        f"{type_.name}.{name}"
        for type_ in schema().type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if is_restricted_field(type_, field)
    }

    assert "Student.disciplineIncidents" in restricted
    assert restricted == {coordinate for coordinate, is_marked in marked_fields().items() if is_marked}


def tag_of(node: Any) -> str | None:
    """The class of data that `@sensitive` names; None without it."""
    marks = [mark for mark in node.directives or () if mark.name.value == "sensitive"]
    return marks[0].arguments[0].value.value if marks else None


def test_an_input_is_restricted_if_it_reads_a_restricted_field() -> None:
    """Each metric of behavior is a marked field of its summary; programs and dimensions are written by hand."""
    behavior = re.search(r"^type BehaviorSummary .*?^}", PRINTED, re.DOTALL | re.MULTILINE)
    assert behavior is not None
    fields = re.findall(r"^  (\w+): Measure @sensitive", behavior[0], re.MULTILINE)
    metrics = {"Metric." + re.sub("([A-Z])", r"_\1", field).upper() for field in fields}

    assert len(metrics) == 7
    assert restricted_inputs() == metrics | {
        "Dimension.FREE_OR_REDUCED_MEALS",
        "Dimension.HOMELESS",
        "Dimension.MEAL_STATUS",
        "Dimension.SECTION_504",
        "Dimension.SPECIAL_EDUCATION",
        "ProgramKind.HOMELESS",
        "ProgramKind.SECTION_504",
        "ProgramKind.SPECIAL_EDUCATION",
        "StudentCondition.meals",
    }
