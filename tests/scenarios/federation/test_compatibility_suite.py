"""
The checks of Apollo's compatibility suite for subgraphs that apply to this graph, against the demo's subgraph.

They are those of `@apollo/federation-subgraph-compatibility-tests` 1.2.1 (MIT, on npm), in `src/tests/*.test.ts`.
The suite itself runs on a subgraph with its own products only, and its installation downloads a program from
another host. So its queries and patterns are carried over. Left out are directives that we do not use:
`@provides`, `@requires`, `@external`, `@override`, `@inaccessible`, `@tag`, `@composeDirective` and
`@interfaceObject`; and `ftv1`, the tracing format of Apollo's own service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import strip_ignored_characters

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.schema import export_subgraph
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_gateway


@pytest.fixture(scope="module")
def gateway(district: DemoDistrict) -> Iterator[DemoGateway]:
    """The subgraph that all checks look at."""
    with served(*district.sandboxes.values()), demo_gateway([district], federation=True) as running:
        yield running


RESOLVE = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Student { id studentUniqueId district { id shortName } }
    ... on LocalEducationAgency { id shortName }
  }
}"""
SUPPORTED_VERSIONS = r"2\.0|2\.1|2\.2|2\.3"
KNOWN_IMPORTS = {
    "@composeDirective", "@extends", "@external", "@inaccessible", "@interfaceObject", "@key", "@override",
    "@provides", "@requires", "@shareable", "@tag", "FieldSet",
}  # fmt: skip


def sdl_of(gateway: DemoGateway) -> str:
    """The text of the subgraph as a composition asks for it, without what does not count."""
    return strip_ignored_characters(gateway.post("query { _service { sdl } }")["data"]["_service"]["sdl"])


def resolve(gateway: DemoGateway, *representations: dict[str, Any]) -> list[Any]:
    """The entities for some representations; no error may be beside them."""
    response = gateway.post(RESOLVE, representations=list(representations))
    assert "errors" not in response
    entities: list[Any] = response["data"]["_entities"]
    return entities


def test_introspection(gateway: DemoGateway) -> None:
    """introspection.test.ts: `_service` has the schema, the same as the command prints."""
    sdl = gateway.post("query { _service { sdl } }")["data"]["_service"]["sdl"]

    assert "type Query" in sdl
    assert sdl == export_subgraph()


def test_link(gateway: DemoGateway) -> None:
    """link.test.ts: one link to the specification, of a version and with imports that gateways know."""
    links = re.findall(r"@link\((.+?)\)", sdl_of(gateway))
    urls = [url for link in links for url in re.findall(r'url:"(.+?)"', link)]
    versions = [re.fullmatch(r"https://specs\.apollo\.dev/federation/v(.+)", url) for url in urls]
    imports = re.findall(r'"([^"]+)"', re.findall(r"import:\[(.+?)\]", links[0])[0])

    assert [bool(version and re.fullmatch(SUPPORTED_VERSIONS, version[1])) for version in versions] == [True]
    assert imports
    assert set(imports) <= KNOWN_IMPORTS


@pytest.mark.parametrize(
    "applied",
    [
        r'type Section implements Node@key\(fields:"id"( resolvable:true)?\)',
        r'type Student [^{]*@key\(fields:"studentUniqueId district \{ shortName \}"( resolvable:true)?\)',
        r'type LocalEducationAgency [^{]*@key\(fields:"id"\)@key\(fields:"shortName"\)',
    ],
    ids=["single", "multiple and composite", "repeatable"],
)
def test_keys_are_applied(gateway: DemoGateway, applied: str) -> None:
    """key.test.ts: keys of one field, of several, of fields of another object, and several keys of a type."""
    assert re.search(applied, sdl_of(gateway))


def test_keys_are_resolved(gateway: DemoGateway, district: DemoDistrict) -> None:
    """key.test.ts: by each key of a type the same object is found, with no error."""
    number = district.facts.students[0].id
    known = gateway.post("query ($n: String) { student(studentUniqueId: $n) { id district { id } } }", n=number)
    id_, district_id = known["data"]["student"]["id"], known["data"]["student"]["district"]["id"]
    agency = {"id": district_id, "shortName": district.id}
    student = {"id": id_, "studentUniqueId": number, "district": agency}

    assert resolve(
        gateway,
        {"__typename": "Student", "id": id_},
        {"__typename": "Student", "studentUniqueId": number, "district": {"shortName": district.id}},
        {"__typename": "LocalEducationAgency", "id": district_id},
        {"__typename": "LocalEducationAgency", "shortName": district.id},
    ) == [student, student, agency, agency]


def test_shareable(gateway: DemoGateway) -> None:
    """shareable.test.ts: a type that other subgraphs have too. Tests with a supergraph resolve it."""
    assert re.search(r"type PageInfo(@shareable|@federation__shareable)", sdl_of(gateway))
