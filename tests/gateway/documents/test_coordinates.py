"""Errors of a document name the part of the schema that they are about, by its schema coordinate."""

from __future__ import annotations

from graphql import GraphQLInputObjectType, parse, resolve_schema_coordinate, validate

from student_graph.gateway.documents.coordinates import Coordinates
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, make_schema
from tests.subcases import subcases

SCHEMA = core_schema(make_schema())
STORE = DocumentStore(SCHEMA)
STUDENT = '{ student(id: "s") '


def coordinates(text: str) -> list[str | None]:
    """The coordinate of each error of a document."""
    return [(error.extensions or {})["coordinate"] for error in STORE.get_by_text(text).errors]


@subcases(
    ("text", "coordinate"),
    [
        ("{ nobody }", "Query"),
        (STUDENT + "{ grades } }", "Student"),
        (STUDENT + "{ a: courseGrades(frist: 3) { letter } } }", "Student.courseGrades"),
        (STUDENT + '{ a: courseGrades(schoolYear: "x") { letter } } }', "Student.courseGrades(schoolYear:)"),
        (STUDENT + "{ engagement(window: null) { courses { late } } } }", "Student.engagement(window:)"),
        (STUDENT + "{ name } }", "Student.name"),
        (STUDENT + "{ ...F } } fragment F on Student { district { nobody } }", "LocalEducationAgency"),
        ('{ node(id: "s") { ... on Student { nobody } } }', "Student"),
        ('{ student(id: "1", id: "2") { id } }', "Query.student(id:)"),
        ("query ($a: Int) { student(id: $a) { id } }", "Query.student(id:)"),
        ("query ($a: Student) { student(id: $a) { id } }", "Student"),
        ("query ($a: Nobody) { districts { id } }", None),
        ("{ students(filter: {schol: 1}) { totalCount } }", "StudentFilter"),
        ("{ students(filter: {asOf: 3}) { totalCount } }", "StudentFilter.asOf"),
        ("{ students(filter: {gradeLevels: [FIRTS]}) { totalCount } }", "StudentFilter.gradeLevels"),
        ("{ student(by: {}) { id } }", "Query.student(by:)"),
        ('{ student(by: {id: "1", studentUniqueId: "2"}) { id } }', "Query.student(by:)"),
        ("{ districts { id @include } }", "@include"),
        ("{ districts { id @include(if: 3) } }", "@include(if:)"),
        ("{ districts { id @nobody } }", "LocalEducationAgency.id"),
    ],
)
def test_an_invalid_document_names_the_part_of_the_schema(text: str, coordinate: str | None) -> None:
    """It is the part that lacks what the document asks for, and graphql-core finds it in the schema."""
    names = coordinates(text)

    assert coordinate in names
    assert all(STORE.get_by_text(text).errors[index].locations for index in range(len(names)))
    assert coordinate is None or resolve_schema_coordinate(SCHEMA, coordinate) is not None


def test_a_valid_document_is_walked_only_for_an_error() -> None:
    """Coordinates are found when an error asks for one; most documents never have one."""
    document: ParsedDocument = STORE.get_by_text("{ districts { id } }")

    assert document.coordinates is not None
    assert vars(document.coordinates)["_by_node"] is None


def test_values_of_any_depth_are_walked() -> None:
    """The walk does not recurse: a list far deeper than the limit of documents cannot end it."""
    node = parse("{ students(filter: " + "[" * 150 + "]" * 150 + ") { totalCount } }")
    [error] = validate(SCHEMA, node)

    assert Coordinates(SCHEMA, node).of(error) == "Query.students(filter:)"


def test_an_error_of_another_document_has_no_coordinate() -> None:
    """A node is known by its identity, not by how it looks."""
    text = "{ nobody }"
    [error] = STORE.get_by_text(text).errors

    assert Coordinates(SCHEMA, parse(text)).of(error) is None


def test_operations_variables_and_fragments_may_have_descriptions() -> None:
    """GraphQL of September 2025 allows a description before each; clients generate docs from them."""
    text = """
        "What a teacher sees first."
        query Page("The student's global id." $id: ID!) { student(id: $id) { ...Name } }
        \"\"\"The name only.\"\"\"
        fragment Name on Student { name { firstName } }
    """
    document = STORE.get_by_text(text)

    assert document.errors == ()
    assert document.operation("Page").description is not None


def test_every_one_of_input_is_checked_by_validation() -> None:
    """A document that passes no key, or several, is refused before anything is executed."""
    marked = [t for t in SCHEMA.type_map.values() if isinstance(t, GraphQLInputObjectType) and t.is_one_of]

    assert sorted(type_.name for type_ in marked) == ["StudentCondition", "StudentKey"]
