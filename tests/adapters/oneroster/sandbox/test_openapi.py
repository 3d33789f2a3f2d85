"""The OneRoster sandbox answers as the published documents of OneRoster 1.2 have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_12, Quirks, OneRosterSandbox
from student_graph.adapters.oneroster.sandbox.operations import Operation
from student_graph.adapters.oneroster.sandbox.rows import TABLES
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.sandbox_client import Server, asking, service
from tests.adapters.oneroster.published_documents import (
    EDFI,
    STANDARDS_OWN,
    VENDOR,
    anonymous,
    complaints,
    has,
    named,
    needs_shared,
    published_scopes,
)

pytestmark = needs_shared

_OF = {
    "school": "/schools",
    "class": "/classes",
    "student": "/students",
    "teacher": "/teachers",
    "user": "/users",
    "course": "/courses",
    "term": "/terms",
    "lineItem": "/lineItems",
}


def example(server: Server, operation: Operation) -> str:
    """A path of an operation that has rows; a single row's is that of the collection's first."""
    if operation.single:
        return f"{operation.path[:-5]}/{server.rows(operation.path[:-5])[0]['sourcedId']}"
    path = operation.path
    if "{student}/results" in path:
        result = next(row for row in server.rows("/results") if "class" in row)
        return path.replace("{class}", result["class"]["sourcedId"]).replace(
            "{student}", result["student"]["sourcedId"]
        )
    if "{lineItem}" in path:
        item = server.rows("/lineItems")[0]
        return path.replace("{class}", item["class"]["sourcedId"]).replace("{lineItem}", item["sourcedId"])
    for name, collection in _OF.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", server.rows(collection)[0]["sourcedId"])
    return path


def test_operations_and_scopes_are_those_published() -> None:
    """Each route is of the standard and open to its scopes; only score scales and resources are not offered."""
    offered = {
        (operation.service, anonymous(operation.path)): set(operation.scopes)
        for operation in OneRosterSandbox(make_district(10)).operations
    }
    missing = {path for service, path in published_scopes().keys() - offered.keys() if service != "resources"}

    assert offered.items() <= published_scopes().items()
    assert all("scoreScales" in path for path in missing)


@pytest.mark.parametrize("quirks", [PUBLISHED_12, EDFI_SERVICE], ids=["published", "Ed-Fi service"])
@pytest.mark.parametrize(("source", "least"), [(EDFI, 22), (VENDOR, 22)])
def test_every_answer_is_as_published(source: str, least: int, quirks: Quirks) -> None:
    """Collections, single rows and nested routes have the types and the properties that a document requires."""
    with asking(OneRosterSandbox(make_district(60), quirks=quirks)) as server:
        told = list(answers(server, source))

    relative = quirks.hrefs == "relative"
    found = [text for address, _, body in told for text in complaints(source, address, body)]

    assert [text for text in found if not (relative and text.endswith("is not a 'uri'"))] == []
    assert len(told) >= least


def test_rows_hold_nothing_that_no_document_names() -> None:
    """What a row of a collection has is named by the Ed-Fi service, by the vendor, or by the standard alone."""
    with asking(OneRosterSandbox(make_district(60))) as server:
        for table in TABLES:
            path = f"/{table}"
            address = service(server.sandbox, path) + path
            known = {name for source in (EDFI, VENDOR) if has(source, address) for name in named(source, address)}
            held = {name for row in server.every(path) for name in row}

            assert held <= known | STANDARDS_OWN.get(table, set()), table


def answers(server: Server, source: str) -> Iterator[tuple[str, Operation, object]]:
    """Address, operation and answer of all that a server offers and a document describes."""
    for operation in server.sandbox.operations:
        address = service(server.sandbox, operation.path) + operation.path
        collection = operation.path.removesuffix("/{id}")
        if not has(source, address) or (operation.single and not server.rows(collection)):
            continue  # undescribed; or a single term of a server that has none
        response = server.get(example(server, operation))
        assert response.status_code == 200, operation.path
        yield address, operation, response.json()
