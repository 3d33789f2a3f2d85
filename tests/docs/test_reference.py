"""The reference of the graph: each root field has an example that works, each field its class of data."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, parse

from student_graph.resolvers.schema import core_schema, make_schema
from tests.docs.pages import ROOT
from tests.gateway.servers import RunningDemo, running_demo

SITE = ROOT / "docs" / "site"
EXAMPLES = {path.stem: path.read_text() for path in (SITE / "examples").glob("*.graphql")}
VARIABLES: dict[str, dict[str, Any]] = json.loads((SITE / "examples" / "variables.json").read_text())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "60") as running:
        yield running


@pytest.fixture(scope="module")
def ids(demo: RunningDemo) -> dict[str, str]:
    """Values of the demo by the names that stand for them in the examples."""
    answer = demo.post(
        "{ viewer { districts { id schools { id sections { id } }"
        " students(first: 1) { edges { node { id studentUniqueId } } } } } }"
    )
    district = answer["data"]["viewer"]["districts"][0]
    school = next(school for school in district["schools"] if school["sections"])
    student = district["students"]["edges"][0]["node"]
    return {
        "DISTRICT_ID": district["id"],
        "SCHOOL_ID": school["id"],
        "SECTION_ID": school["sections"][0]["id"],
        "STUDENT_ID": student["id"],
        "401002": student["studentUniqueId"],
    }


def with_ids(value: Any, ids: dict[str, str]) -> Any:
    """Variables with values of the demo in place of names."""
    if isinstance(value, dict):
        return {key: with_ids(part, ids) for key, part in value.items()}
    return [ids[part] for part in value] if isinstance(value, list) else ids[value]


@pytest.mark.parametrize("field", core_schema(make_schema()).query_type.fields)
def test_the_example_of_a_root_field_is_answered(field: str, demo: RunningDemo, ids: dict[str, str]) -> None:
    """It selects this field, and gets a value without an error."""
    answer = demo.post(EXAMPLES[field], **with_ids(VARIABLES.get(field, {}), ids))

    [operation] = parse(EXAMPLES[field]).definitions
    assert [selection.name.value for selection in operation.selection_set.selections] == [field]
    assert "errors" not in answer, answer
    assert answer["data"][field]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of the reference by name, written now."""
    spec = importlib.util.spec_from_file_location("reference", SITE / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("reference")
    module.write(ROOT, SITE / "examples", folder)
    return {page.stem: page.read_text() for page in folder.glob("*.md")}


def section(page: str, name: str) -> str:
    """The part of a page under a heading."""
    return page.partition(f"## {name}\n")[2].partition("\n## ")[0]


def test_every_field_and_argument_is_in_the_reference(written: dict[str, str]) -> None:
    """Fields, their arguments and the fields of inputs stand under the heading of their type."""
    pages = {GraphQLObjectType: "objects", GraphQLInputObjectType: "inputs", GraphQLInterfaceType: "others"}
    missing = []
    for name, kind in core_schema(make_schema()).type_map.items():
        if isinstance(kind, tuple(pages)) and not name.startswith("__") and name != "Query":
            text = section(written[pages[type(kind)]], name)
            arguments = (argument for field in kind.fields.values() for argument in getattr(field, "args", ()))
            missing += [f"{name}.{part}" for part in (*kind.fields, *arguments) if f"`{part}`" not in text]
    assert missing == []


def test_fields_have_their_class_of_data(written: dict[str, str]) -> None:
    """A field has the class of its type, or its own."""
    student = section(written["objects"], "Student")
    incidents = "[`[DisciplineIncident!]`](objects.md#disciplineincident)"

    assert "| `phones` | `[String!]!` | `CONTACT` |" in section(written["objects"], "StudentContact")
    assert f"| `disciplineIncidents` | {incidents} | `DISCIPLINE` |" in student
    assert "| `name` | [`PersonName!`](objects.md#personname) | `OPEN` |" in student
