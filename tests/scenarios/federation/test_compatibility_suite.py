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

from student_graph.resolvers.schema import export_subgraph
from tests.gateway.servers import RunningDemo, running_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo as a subgraph."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--federation", "--students", "30") as running:
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


def sdl_of(demo: RunningDemo) -> str:
    """The text of the subgraph as a composition asks for it, without what does not count."""
    return strip_ignored_characters(demo.post("query { _service { sdl } }")["data"]["_service"]["sdl"])


def resolve(demo: RunningDemo, *representations: dict[str, Any]) -> list[Any]:
    """The entities for some representations; no error may be beside them."""
    response = demo.post(RESOLVE, representations=list(representations))
    assert "errors" not in response
    entities: list[Any] = response["data"]["_entities"]
    return entities


def test_introspection(demo: RunningDemo) -> None:
    """introspection.test.ts: `_service` has the schema, the same as the command prints."""
    sdl = demo.post("query { _service { sdl } }")["data"]["_service"]["sdl"]

    assert "type Query" in sdl
    assert sdl == export_subgraph()


def test_link(demo: RunningDemo) -> None:
    """link.test.ts: one link to the specification, of a version and with imports that gateways know."""
    links = re.findall(r"@link\((.+?)\)", sdl_of(demo))
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
def test_keys_are_applied(demo: RunningDemo, applied: str) -> None:
    """key.test.ts: keys of one field, of several, of fields of another object, and several keys of a type."""
    assert re.search(applied, sdl_of(demo))


def test_keys_are_resolved(demo: RunningDemo) -> None:
    """key.test.ts: by each key of a type the same object is found, with no error."""
    known = demo.post(
        "{ students(filter: {}, first: 1) { edges { node { id studentUniqueId district { id shortName } } } } }"
    )
    student = known["data"]["students"]["edges"][0]["node"]
    agency = student["district"]
    short_name = {"shortName": agency["shortName"]}

    assert resolve(
        demo,
        {"__typename": "Student", "id": student["id"]},
        {"__typename": "Student", "studentUniqueId": student["studentUniqueId"], "district": short_name},
        {"__typename": "LocalEducationAgency", "id": agency["id"]},
        {"__typename": "LocalEducationAgency", **short_name},
    ) == [student, student, agency, agency]


def test_shareable(demo: RunningDemo) -> None:
    """shareable.test.ts: a type that other subgraphs have too. Tests with a supergraph resolve it."""
    assert re.search(r"type PageInfo(@shareable|@federation__shareable)", sdl_of(demo))
