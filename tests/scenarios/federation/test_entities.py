"""What a supergraph's gateway gets: the same objects, under the same rules, as from the graph's own fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLUnionType, build_client_schema, build_schema, get_introspection_query

from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.execution import EncodingExecutor
from student_graph.resolvers.schema import export
from student_graph.resolvers.types.federation.keys import ENTITY_KEYS
from tests.scenarios.federation.conftest import KEYS
from tests.scenarios.helpers.demo_gateway import DemoGateway, comparable, demo_gateway
from tests.scenarios.helpers.enrolled_students import students_of_teacher

FIELDS = """__typename
    ... on Student { id studentUniqueId name { firstName } gradeLevel provenance { source recordId } }
    ... on School { id schoolId gradeLevels sessions { id } }
    ... on Section { id courseTitle school { id } roster { student { id } } }
    ... on Session { id sessionName school { id } }
    ... on Staff { id staffUniqueId sections { section { id } } }
    ... on LocalEducationAgency { id shortName schools { id } }"""
ENTITIES = f"query ($representations: [_Any!]!) {{ _entities(representations: $representations) {{ {FIELDS} }} }}"
NODE = f"query ($id: ID!) {{ node(id: $id) {{ {FIELDS} }} }}"
IDS = """{
  districts { id schools { id sessions { id } sections { id teachers { staff { id } } } } }
  students(filter: {}, first: 40) { edges { node { id studentUniqueId } } }
}"""


def ids_by_type(gateway: DemoGateway) -> dict[str, list[str]]:
    """Some ids of each type that has keys, by its name."""
    data = gateway.post(IDS)["data"]
    [district] = data["districts"]
    school = district["schools"][0]
    return {
        "LocalEducationAgency": [district["id"]],
        "School": [school["id"] for school in district["schools"]],
        "Section": [section["id"] for section in school["sections"][:3]],
        "Session": [session["id"] for session in school["sessions"][:2]],
        "Staff": [row["staff"]["id"] for section in school["sections"][:3] for row in section["teachers"]],
        "Student": [edge["node"]["id"] for edge in data["students"]["edges"]],
    }


def named(type_: str, ids: list[str]) -> list[dict[str, str]]:
    """Representations of objects of a type by their ids."""
    return [{"__typename": type_, "id": id} for id in ids]


def by_number(number: str, district: DemoDistrict) -> dict[str, Any]:
    """The representation of a student by number and district."""
    return {"__typename": "Student", "studentUniqueId": number, "district": {"shortName": district.id}}


def teacher_of(district: DemoDistrict) -> str:
    """The number of the demo's teacher."""
    return str(demo_people(district.facts, demo_student(district.facts)).teacher)


def errors_without_their_index(response: dict[str, Any]) -> list[Any]:
    """The errors of `_entities`, without what is different at each index and in each request."""
    return [
        {name: value for name, value in comparable(error).items() if name != "path"}
        for error in response["errors"]
    ]


def test_entities_are_the_objects_that_node_returns(gateway: DemoGateway) -> None:
    """For each type, by id and by its other key, with fields that read further records."""
    ids = ids_by_type(gateway)
    assert ids.keys() == ENTITY_KEYS.keys()
    for type_, of_type in ids.items():
        nodes = [gateway.post(NODE, id=id)["data"]["node"] for id in of_type[:4]]
        by_id = gateway.post(ENTITIES, representations=named(type_, of_type[:4]))
        assert "errors" not in by_id
        assert comparable(by_id["data"]["_entities"]) == comparable(nodes)
        assert all(nodes)

    district = gateway.post("{ districts { shortName schools { schoolId } } }")["data"]["districts"][0]
    short_name = {"shortName": district["shortName"]}
    [school] = gateway.post(
        ENTITIES,
        representations=[
            {"__typename": "School", "schoolId": district["schools"][0]["schoolId"], "district": short_name}
        ],
    )["data"]["_entities"]
    assert school["id"] == ids["School"][0]


def test_thirty_students_are_one_batch(gateway: DemoGateway, district: DemoDistrict) -> None:
    """They cost one lookup with few vendor calls, and no call when they are asked for again."""
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Student { studentUniqueId } } }"
    students = [by_number(student.id, district) for student in district.facts.students[:30]]
    fresh, again = gateway.post(query, r=students), gateway.post(query, r=students)

    assert "errors" not in fresh
    assert fresh["data"] == again["data"]
    [first], [second] = (response["extensions"]["sources"].values() for response in (fresh, again))
    assert (first["asks"], second["calls"]) == (1, 0)
    assert first["calls"] < 5


def test_a_student_out_of_reach_is_like_one_who_does_not_exist(
    gateway: DemoGateway, district: DemoDistrict
) -> None:
    """Both are null with the same error at their index, beside the students whom the teacher has."""
    teacher = teacher_of(district)
    taught = sorted(students_of_teacher(district.facts, teacher))[:2]
    stranger = next(student.id for student in district.facts.students if student.id not in taught)
    numbers = [taught[0], stranger, "999999", taught[1]]
    response = gateway.post(ENTITIES, "teacher", representations=[by_number(n, district) for n in numbers])

    assert [entity and entity["studentUniqueId"] for entity in response["data"]["_entities"]] == [
        taught[0], None, None, taught[1],
    ]  # fmt: skip
    assert [error["path"] for error in response["errors"]] == [["_entities", 1], ["_entities", 2]]
    hidden, unknown = errors_without_their_index(response)
    assert hidden == unknown
    assert hidden["extensions"]["code"] == "NOT_FOUND"


def test_an_answer_of_one_viewer_is_not_that_of_another(gateway: DemoGateway, district: DemoDistrict) -> None:
    """The same request is cached for each viewer: the superintendent's students stay hidden from the teacher."""
    taught = students_of_teacher(district.facts, teacher_of(district))
    strangers = [student.id for student in district.facts.students if student.id not in taught][:5]
    representations = [by_number(number, district) for number in strangers]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Student { studentUniqueId } } }"
    for _ in range(2):
        everybody = gateway.post(query, "superintendent", r=representations)["data"]["_entities"]
        nobody = gateway.post(query, "teacher", r=representations)["data"]["_entities"]

        assert [student["studentUniqueId"] for student in everybody] == strangers
        assert nobody == [None] * 5


def test_the_breadth_first_executor_plans_entities(gateway: DemoGateway, district: DemoDistrict) -> None:
    """Neither they nor the text of the subgraph are left to graphql-core."""
    counters = EncodingExecutor.counters
    planned, stock = counters.planned, dict(counters.stock)
    gateway.post(ENTITIES, representations=[by_number(district.facts.students[0].id, district)])
    gateway.post("{ _service { sdl } }")

    assert counters.planned == planned + 2
    assert counters.stock == stock


def test_a_field_without_a_grant_is_refused_at_its_path(gateway: DemoGateway, district: DemoDistrict) -> None:
    """As at any other student: the object is there, and its restricted field is not."""
    query = (
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Student { foodService { __typename } } } }"
    )
    teacher = teacher_of(district)
    [number] = sorted(students_of_teacher(district.facts, teacher))[:1]
    response = gateway.post(query, "teacher", r=[by_number(number, district)])

    assert response["data"]["_entities"] == [{"foodService": None}]
    assert [(error["path"], error["extensions"]["code"]) for error in response["errors"]] == [
        (["_entities", 0, "foodService"], "FORBIDDEN")
    ]


def test_entities_are_in_the_record_of_disclosures(
    gateway: DemoGateway, district: DemoDistrict, record: Path
) -> None:
    """Each student whom the response shows, with the fields, and nobody else."""
    query = "query Loans($r: [_Any!]!) { _entities(representations: $r) { ... on Student { name { lastName } } } }"
    shown, other = (student.id for student in district.facts.students[:2])
    gateway.post(query, r=[by_number(shown, district), by_number("999999", district)])

    [line] = disclosures_of(record, KEYS.pseudonym(district.id, shown))
    assert line["fields"] == ["Student.name"]
    assert line["count"] == 1
    assert list(disclosures_of(record, KEYS.pseudonym(district.id, other))) == []


def test_every_representation_has_a_price(gateway: DemoGateway, district: DemoDistrict) -> None:
    """Three hundred students with their work are refused before a vendor is asked; ten are answered."""
    query = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Student { assignments { title } sections { section { roster { student { id } } } } }
    } }"""
    students = [by_number(student.id, district) for student in district.facts.students[:10]]
    refused = gateway.post(query, r=students * 30)
    [error] = refused["errors"]

    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "_entities.sections.section.roster" in error["message"]
    assert len(gateway.post(query, r=students)["data"]["_entities"]) == len(students)


@pytest.mark.parametrize(
    ("count", "message"), [(301, "at most 300"), (1_000, "too long a list: 1000, the limit is 500")]
)
def test_too_many_representations_are_refused(gateway: DemoGateway, count: int, message: str) -> None:
    """The message says how many are allowed."""
    response = gateway.post(ENTITIES, representations=[{"__typename": "Student", "id": "x"}] * count)

    assert response.get("data") is None
    assert [message in error["message"] for error in response["errors"]] == [True]


def test_a_gateway_without_the_setting_has_no_such_fields(district: DemoDistrict) -> None:
    """Its schema is `schema.graphql`; the fields are unknown to it."""
    with served(*district.sandboxes.values()), demo_gateway([district]) as gateway:
        response = gateway.post("{ _service { sdl } _entities(representations: []) { __typename } }")

    assert {error["extensions"]["code"] for error in response["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


def test_introspection_shows_what_is_served(gateway: DemoGateway) -> None:
    """The fields and types of a subgraph are there beside those of the published schema."""
    response = gateway.post(get_introspection_query(descriptions=False))
    served_schema, published = build_client_schema(response["data"]), build_schema(export())
    added = served_schema.type_map.keys() - published.type_map.keys()

    assert added == {"_Any", "_Entity", "_Service"}
    assert served_schema.query_type is not None
    assert published.query_type is not None
    assert served_schema.query_type.fields.keys() - published.query_type.fields.keys() == {"_service", "_entities"}
    entity = served_schema.type_map["_Entity"]
    assert isinstance(entity, GraphQLUnionType)
    assert {type_.name for type_ in entity.types} == ENTITY_KEYS.keys()


def test_a_gateway_without_introspection_does_not_print_its_schema(district: DemoDistrict) -> None:
    """The text of the subgraph is the schema; entities are answered all the same."""
    with (
        served(*district.sandboxes.values()),
        demo_gateway([district], federation=True, introspection=False) as gateway,
    ):
        refused = gateway.post("{ _service { sdl } }")
        student = by_number(district.facts.students[0].id, district)
        answered = gateway.post(ENTITIES, representations=[student])

    assert [error["extensions"]["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    assert "student-graph schema" in refused["errors"][0]["message"]
    assert answered["data"]["_entities"][0]["studentUniqueId"] == student["studentUniqueId"]


def test_the_schema_is_printed_once_in_an_operation(gateway: DemoGateway) -> None:
    """Each answer holds all of it."""
    response = gateway.post("{ a: _service { sdl } b: _service { sdl } }")

    assert [error["extensions"]["code"] for error in response["errors"]] == ["QUERY_TOO_COMPLEX"]
