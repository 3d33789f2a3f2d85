"""The responses of the Ed-Fi sandbox agree with the published OpenAPI documents of each Data Standard."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from jsonschema import Draft4Validator

from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.edfi.sandbox.filters import filters_by_resource
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.records.folder import read_records
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.openapi import document, document_of, filter_names, schema_errors, strict
from tests.adapters.edfi.reference import SHARED, needs_reference_data
from tests.adapters.edfi.sandbox_client import all_rows, connected_client, request_token
from tests.clients import get
from tests.long_runs import size

MAX_CHECKED_ROWS = size(10, 100_000)
"""Rows of each resource that are compared with its schema, evenly from all."""
pytestmark = needs_reference_data
all_standards = pytest.mark.parametrize("standard", get_args(DataStandard))


def values_by_filter(row: dict[str, Any]) -> dict[str, str]:
    """The texts and numbers of a row by property; a property of the row goes before that of a reference."""
    references = [value for key, value in row.items() if key.endswith("Reference")]
    flat = {name: value for part in (*reversed(references), row) for name, value in part.items()}
    return {name: str(value) for name, value in flat.items() if type(value) in {str, int}}


@pytest.mark.long_run
@all_standards
def test_every_row_matches_its_published_schema(standard: DataStandard) -> None:
    """Rows have all required properties, no undeclared ones, and values of the declared types."""
    with connected_client(EdFiSandbox(make_district(60), standard)) as client:
        rows = {resource: all_rows(client, resource) for resource in filters_by_resource(standard)}

    checked = {resource: rows[resource][:: len(rows[resource]) // MAX_CHECKED_ROWS + 1] for resource in rows}
    assert [error for resource in rows for error in schema_errors(resource, standard, checked[resource])] == []
    assert {resource for resource in rows if not rows[resource]} <= {"gradebookEntries", "studentGradebookEntries"}


@all_standards
def test_a_row_by_id_is_the_row_of_the_collection(standard: DataStandard) -> None:
    """Reading a row by its id returns the same payload as the collection."""
    with connected_client(EdFiSandbox(make_district(10), standard)) as client:
        for resource in filters_by_resource(standard):
            for row in client.get(f"/data/v3/ed-fi/{resource}", params={"limit": 1}).json():
                assert client.get(f"/data/v3/ed-fi/{resource}/{row['id']}").json() == row


@all_standards
def test_filters_are_the_published_parameters(standard: DataStandard) -> None:
    """A resource has exactly the filters that its document lists."""
    for resource, names in filters_by_resource(standard).items():
        published = filter_names(document_of(resource, standard), resource)

        assert names == published - {"pageToken", "pageSize"}, resource


@all_standards
def test_a_filter_returns_the_rows_with_its_value(standard: DataStandard) -> None:
    """Each filter returns the row from which its value comes, and only rows with that value."""
    with connected_client(EdFiSandbox(make_district(10), standard)) as client:
        for resource, names in filters_by_resource(standard).items():
            for row in client.get(f"/data/v3/ed-fi/{resource}", params={"limit": 1}).json():
                for name, value in values_by_filter(row).items():
                    if name not in names:
                        continue
                    rows = all_rows(client, resource, **{name: value})

                    assert row in rows, f"{resource}?{name}"
                    assert {values_by_filter(match)[name] for match in rows} == {value}


@all_standards
def test_the_discovery_document_matches_its_schema(standard: DataStandard) -> None:
    """It has the published shape and the address of the sandbox."""
    spec = document("discovery-api-1.0")
    sandbox = EdFiSandbox(make_district(10), standard)
    with served(sandbox):
        root = get(f"{sandbox.url}/").json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["metadataRoot"])).validate(root)
    assert root["urls"]["dataManagementApi"] == f"{sandbox.url}/data/v3/"
    assert root["dataModels"][0]["version"].startswith(standard)


def test_token_information_matches_its_schema() -> None:
    """Token introspection has the published shape, and an unknown token is not active."""
    spec = document("oauth-token-introspection-api-1.0-draft")
    sandbox = EdFiSandbox(make_district(10))
    with connected_client(sandbox) as client:
        known = client.post(
            "/oauth/token_info", json={"token": request_token(sandbox).json()["access_token"]}
        ).json()
        unknown = client.post("/oauth/token_info", data={"token": "another"}).json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["tokenIntrospectionResponse"])).validate(known)
    assert known["education_organizations"][0]["education_organization_id"] == 390042
    assert unknown == {"active": False}


def test_change_versions_match_their_schema() -> None:
    """The newest change version has the published shape."""
    spec = document("change-queries-api-1.0.0")
    with connected_client(EdFiSandbox(make_district(10))) as client:
        versions = client.get("/changeQueries/v1/availableChangeVersions").json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["availableChangeVersion"])).validate(versions)


def test_derived_rows_match_their_schema() -> None:
    """School and section enrollments that are derived from other records have the published shape."""
    with connected_client(EdFiSandbox(read_records(SHARED / "data" / "derived-grand-bend"))) as client:
        school_enrollments = all_rows(client, "studentSchoolAssociations")
        section_enrollments = all_rows(client, "studentSectionAssociations")

    assert list(schema_errors("studentSchoolAssociations", "5.1", school_enrollments)) == []
    assert list(schema_errors("studentSectionAssociations", "5.1", section_enrollments)) == []
    assert school_enrollments
    assert section_enrollments
