"""The responses of the sandbox match the published documents of OneRoster 1.2."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_12, OneRosterSandbox, Quirks
from student_graph.adapters.oneroster.sandbox.operations import Operation
from student_graph.adapters.oneroster.sandbox.rows import TABLES
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.published_documents import (
    EDFI,
    ONLY_IN_STANDARD,
    VENDOR,
    anonymous,
    describes,
    needs_reference_data,
    property_names,
    published_scopes,
    schema_errors,
)
from tests.adapters.oneroster.sandbox_client import Server, running, service_path

pytestmark = needs_reference_data

_COLLECTIONS = {
    "school": "/schools",
    "class": "/classes",
    "student": "/students",
    "teacher": "/teachers",
    "user": "/users",
    "course": "/courses",
    "term": "/terms",
    "lineItem": "/lineItems",
}


def example_path(server: Server, operation: Operation) -> str:
    """A path of an operation that returns rows; for a single row, the first of the collection."""
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
    for name, collection in _COLLECTIONS.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", server.rows(collection)[0]["sourcedId"])
    return path


def test_operations_and_scopes_match_the_standard() -> None:
    """Every route is in the standard with the same scopes; only score scales and resources are not served."""
    offered = {
        (operation.service, anonymous(operation.path)): set(operation.scopes)
        for operation in OneRosterSandbox(make_district(10)).operations
    }
    missing = {path for service, path in published_scopes().keys() - offered.keys() if service != "resources"}

    assert offered.items() <= published_scopes().items()
    assert all("scoreScales" in path for path in missing)


@pytest.mark.parametrize("quirks", [PUBLISHED_12, EDFI_SERVICE], ids=["published", "Ed-Fi service"])
@pytest.mark.parametrize(("source", "min_responses"), [(EDFI, 22), (VENDOR, 22)])
def test_every_response_matches_the_published_schema(source: str, min_responses: int, quirks: Quirks) -> None:
    """
    Collections, single rows and nested routes have the types and the properties that a document requires.

    The documents disagree about `periods`: a list in the standard, and one text in the Ed-Fi service.
    """
    with running(OneRosterSandbox(make_district(60), quirks=quirks)) as server:
        responses = list(published_responses(server, source))

    relative = quirks.hrefs == "relative"
    errors = [text for address, _, body in responses for text in schema_errors(source, address, body)]
    if (source == EDFI) is not (quirks is EDFI_SERVICE):
        errors = [text for text in errors if "/periods: " not in text]

    assert [text for text in errors if not (relative and text.endswith("is not a 'uri'"))] == []
    assert len(responses) >= min_responses


def test_rows_have_only_properties_of_a_document() -> None:
    """Every property of a row is in the document of the Ed-Fi service, of the vendor, or in the standard."""
    with running(OneRosterSandbox(make_district(60))) as server:
        for table in TABLES:
            path = f"/{table}"
            address = service_path(server.sandbox, path) + path
            known_names = {
                name
                for source in (EDFI, VENDOR)
                if describes(source, address)
                for name in property_names(source, address)
            }
            names = {name for row in server.all_rows(path) for name in row}

            assert names <= known_names | ONLY_IN_STANDARD.get(table, set()), table


def published_responses(server: Server, source: str) -> Iterator[tuple[str, Operation, object]]:
    """Address, operation and body of every operation that the server has and a document describes."""
    for operation in server.sandbox.operations:
        address = service_path(server.sandbox, operation.path) + operation.path
        collection = operation.path.removesuffix("/{id}")
        if not describes(source, address) or (operation.single and not server.rows(collection)):
            continue  # not described, or a single term of a server without terms
        response = server.get(example_path(server, operation))
        assert response.status_code == 200, operation.path
        yield address, operation, response.json()
