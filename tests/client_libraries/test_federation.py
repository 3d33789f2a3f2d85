"""A supergraph of the student graph and a small library, composed and queried by the published libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import parse, validate

from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.schema import core_schema, export, export_subgraph, make_schema
from tests.client_libraries.cache_clients import url_of
from tests.client_libraries.node_project import run_script
from tests.docs.pages import ROOT, blocks
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_gateway
from tests.scenarios.helpers.enrolled_students import students_of_teacher

PAGE = ROOT / "docs" / "federation.md"
BY_NUMBER, OVERDUE, ENTITIES = (block.content for block in blocks(PAGE) if block.language == "graphql")
"""The library's subgraph that knows numbers, a query of the supergraph, and what its gateway asks for then."""
BY_ID = f"""{BY_NUMBER.partition("type Student")[0]}
type Student @key(fields: "id") {{ id: ID! loans: [Loan!]! }}
type PageInfo @shareable {{
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}}
""".replace('["@key"]', '["@key", "@shareable"]')
"""One that knows ids, and has pages of its own."""
LIBRARIES = {"by number": BY_NUMBER, "by id": BY_ID}
LOANS_OF_STUDENT = "query ($id: ID!) { student(id: $id) { name { firstName } loans { title } } }"
FIRST_PAGE = (
    "{ students(filter: {}, first: 2) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
)


@pytest.fixture(scope="module")
def subgraph(district: DemoDistrict) -> Iterator[DemoGateway]:
    """A gateway over the district, which is a subgraph."""
    with served(*district.sandboxes.values()), demo_gateway([district], federation=True) as running:
        yield running


def student_key(library: str, number: str, district: DemoDistrict) -> dict[str, Any]:
    """How a library names a student."""
    if library == BY_ID:
        return {"id": encode(GlobalId("Student", district.id, number))}
    return {"studentUniqueId": number, "district": {"shortName": district.id}}


def loans_of(library: str, numbers: list[str], district: DemoDistrict) -> list[dict[str, Any]]:
    """A loan for each number."""
    return [
        {"title": f"Book {index}", "student": student_key(library, number, district)}
        for index, number in enumerate(numbers)
    ]


def borrowers(district: DemoDistrict) -> tuple[str, str, str]:
    """Numbers of two students of the teacher, and of one whom the teacher does not teach."""
    teacher = str(demo_people(district.facts, demo_student(district.facts)).teacher)
    taught = sorted(students_of_teacher(district.facts, teacher))
    return (
        taught[0],
        taught[1],
        next(student.id for student in district.facts.students if student.id not in taught),
    )


def supergraph_input(library: str, loans: Any = (), *queries: tuple[str, Any]) -> dict[str, Any]:
    """A supergraph that the script composes, and its queries with their variables."""
    documents = [{"query": query, "variables": variables} for query, variables in queries]
    return {"students": export_subgraph(), "library": library, "loans": list(loans), "queries": documents}


@pytest.fixture(scope="module")
def outputs(
    subgraph: DemoGateway, district: DemoDistrict, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the script prints about each supergraph, which the teacher queries: to start it takes a second."""
    first, second, stranger = borrowers(district)
    numbers = [first, stranger, second, first]
    one_student = (LOANS_OF_STUDENT, student_key(BY_ID, first, district))
    supergraphs = {
        name: supergraph_input(library, loans_of(library, numbers, district), (OVERDUE, {}), one_student)
        for name, library in LIBRARIES.items()
    }
    loan = loans_of(BY_NUMBER, [district.facts.students[0].id], district)
    supergraphs["pages"] = supergraph_input(BY_ID, (), (FIRST_PAGE, {}))
    supergraphs["without keys"] = {**supergraph_input(BY_NUMBER), "students": export()}
    supergraphs["one loan"] = supergraph_input(BY_NUMBER, loan, (OVERDUE, {}))
    printed: dict[str, Any] = run_script(
        "federation.mjs",
        tmp_path_factory.mktemp("federation"),
        url=url_of(subgraph),
        token=subgraph.tokens["teacher"],
        supergraphs=supergraphs,
    )
    return printed


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_teacher_reads_students_through_another_subgraph(
    subgraph: DemoGateway, district: DemoDistrict, outputs: dict[str, Any], library: str
) -> None:
    """
    The teacher's own students are there, the student of another teacher is null with an error in place.

    They are asked for once, also the one who has two loans.
    """
    output, (first, second, _) = outputs[library], borrowers(district)
    own = {
        number: subgraph.post(
            "query ($n: String) { student(studentUniqueId: $n) { name { firstName lastName } gradeLevel } }",
            "teacher",
            n=number,
        )["data"]["student"]
        for number in (first, second)
    }
    overdue, of_student = output["results"]
    assert output["compositionErrors"] == []
    assert overdue["data"]["overdueLoans"] == [
        {"title": "Book 0", "student": own[first]},
        {"title": "Book 1", "student": None},
        {"title": "Book 2", "student": own[second]},
        {"title": "Book 3", "student": own[first]},
    ]
    [error] = overdue["errors"]
    assert error["path"][:3] == ["overdueLoans", 1, "student"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert of_student["data"]["student"]["loans"] == [{"title": "Book 0"}, {"title": "Book 3"}]
    assert [len(ask["representations"]) for ask in output["asked"]] == [3, 0]


def test_pages_are_shared(subgraph: DemoGateway, outputs: dict[str, Any]) -> None:
    """`PageInfo` is in both subgraphs, and the supergraph has ours for our lists."""
    output = outputs["pages"]
    assert output["compositionErrors"] == []
    assert output["results"][0]["data"] == subgraph.post(FIRST_PAGE, "teacher")["data"]


def test_the_schema_without_keys_does_not_compose(outputs: dict[str, Any]) -> None:
    """So the composition looks at the keys: without them no gateway can find a student."""
    assert outputs["without keys"]["compositionErrors"] != []


def test_the_page_shows_what_a_gateway_asks(outputs: dict[str, Any]) -> None:
    """The document in docs/federation.md is valid, and selects what the library used asks for."""
    [ask] = outputs["one loan"]["asked"]

    assert validate(core_schema(make_schema(federation=True)), parse(ENTITIES)) == []
    assert set(re.findall(r"\w+", ENTITIES)) <= set(re.findall(r"\w+", ask["query"]))
