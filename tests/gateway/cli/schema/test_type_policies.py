"""`student-graph schema --type-policies`: what identifies each object in a client's cache."""

from __future__ import annotations

import re

import pytest
from graphql import GraphQLObjectType, build_schema

from student_graph.gateway.cli.schema.identity import ObjectIdentity
from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.servers import run_here

SCHEMA = """
interface Node { id: ID! }
type Provenance { source: String }
type Name { first: String }
type Grade { letter: String name: Name provenance: Provenance }
type Bus { number: String stop: Stop provenance: Provenance }
type Stop { street: String }
type Edge { node: Student }
type Page { edges: [Edge!]! pageInfo: Info }
type Info { more: Boolean }
type Student implements Node {
  id: ID!
  name: Name
  grades: [Grade!]!
  bus: Bus
  students(sort: Int, first: Int, after: String): Page
}
type Query { student: Student viewer: Viewer }
type Viewer { name: Name student: Student }
"""


def test_items_of_lists_and_records_are_replaced() -> None:
    """So are the parts of such objects; the parts of objects that last are merged."""
    identity = ObjectIdentity(build_schema(SCHEMA))

    assert identity.replaced == {"Grade", "Bus", "Edge"}
    assert identity.in_replaced == {"Grade", "Bus", "Edge", "Name", "Stop", "Provenance"}
    assert identity.possible_types == {"Node": ["Student"]}


def test_apollo_merges_parts_of_lasting_objects_only() -> None:
    """A field that may hold another object has `merge: false`; arguments tell lists in pages apart."""
    text = WRITERS["apollo"](build_schema(SCHEMA))
    fields = dict(re.findall(r"^      (\w+): (.*),$", text, re.MULTILINE))

    assert fields["grades"] == fields["bus"] == fields["stop"] == "{ merge: false }"
    assert fields["viewer"] == fields["pageInfo"] == "{ merge: true }"
    assert fields["students"] == 'relayStylePagination(["sort", "first"])'
    assert text.count('keyFields: ["id"]') == 1


def test_graphcache_gives_new_keys_to_what_may_be_another_object() -> None:
    """All objects without id have a key, so that Graphcache does not complain; the others have their id."""
    text = WRITERS["graphcache"](build_schema(SCHEMA))
    keys = dict(re.findall(r"^  (\w+): (unique|embedded),$", text, re.MULTILINE))

    assert {name for name, key in keys.items() if key == "unique"} == {"Grade", "Bus", "Edge"}
    assert keys.keys() == {"Grade", "Bus", "Edge", "Name", "Stop", "Provenance", "Page", "Info", "Viewer"}
    assert "  Student: { students: relayPagination() }," in text


@pytest.mark.parametrize("cache", WRITERS)
def test_the_command_knows_every_type_of_the_schema(cache: str) -> None:
    """The printed module says of each object type what identifies its objects."""
    output = run_here("schema", "--type-policies", cache).stdout
    objects = [
        type_
        for type_ in core_schema(make_schema()).type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
    ]
    with_id = {type_.name for type_ in objects if "id" in type_.fields}
    without_id = {type_.name for type_ in objects} - with_id - {"Query"}

    if cache == "apollo":
        by_id = set(re.findall(r'^  (\w+): \{\n    keyFields: \["id"\]', output, re.MULTILINE))
        embedded = set(re.findall(r"^  (\w+): \{\n    keyFields: embedded", output, re.MULTILINE))
        assert (by_id, embedded) == (with_id, without_id)
    else:
        assert set(re.findall(r"^  (\w+): (?:unique|embedded),$", output, re.MULTILINE)) == without_id
