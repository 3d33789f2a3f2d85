"""Every answer of the Ed-Fi sandbox agrees with the published OpenAPI documents, in each Data Standard."""

from __future__ import annotations

from typing import Any, get_args

import httpx
import pytest
from jsonschema import Draft4Validator

from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.edfi.sandbox.filters import filters
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.records.folder import read_records
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.asking import asking, every, token
from tests.adapters.edfi.published import complaints, document, document_of, parameters, strict
from tests.adapters.edfi.reference import SHARED, needs_shared

pytestmark = needs_shared
each_standard = pytest.mark.parametrize("standard", get_args(DataStandard))


def leaves(row: dict[str, Any]) -> dict[str, str]:
    """The texts and numbers of a row and of its references, its own before those of a reference."""
    references = [value for key, value in row.items() if key.endswith("Reference")]
    flat = {name: value for part in (*reversed(references), row) for name, value in part.items()}
    return {name: str(value) for name, value in flat.items() if type(value) in {str, int}}


@each_standard
def test_every_row_is_as_published(standard: DataStandard) -> None:
    """No row lacks a required property, holds one that is not published, or has one of another type."""
    with asking(EdFiSandbox(make_district(60), standard)) as client:
        rows = {resource: every(client, resource) for resource in filters(standard)}

    assert [text for resource in rows for text in complaints(resource, standard, rows[resource])] == []
    assert {resource for resource in rows if not rows[resource]} <= {"gradebookEntries", "studentGradebookEntries"}


@each_standard
def test_every_row_by_id_is_as_published(standard: DataStandard) -> None:
    """A row read by its id is the row of the collection."""
    with asking(EdFiSandbox(make_district(10), standard)) as client:
        for resource in filters(standard):
            for row in client.get(f"/data/v3/ed-fi/{resource}", params={"limit": 1}).json():
                assert client.get(f"/data/v3/ed-fi/{resource}/{row['id']}").json() == row


@each_standard
def test_filters_are_those_published(standard: DataStandard) -> None:
    """A resource can be filtered by exactly the parameters that its document lists."""
    for resource, names in filters(standard).items():
        published = parameters(document_of(resource, standard), resource)

        assert names == published - {"pageToken", "pageSize"}, resource


@each_standard
def test_filters_find_what_rows_hold(standard: DataStandard) -> None:
    """Each filter finds the row that holds its value, and every row found holds it."""
    with asking(EdFiSandbox(make_district(10), standard)) as client:
        for resource, names in filters(standard).items():
            for row in client.get(f"/data/v3/ed-fi/{resource}", params={"limit": 1}).json():
                for name, value in leaves(row).items():
                    if name not in names:
                        continue
                    found = every(client, resource, **{name: value})

                    assert row in found, f"{resource}?{name}"
                    assert {leaves(one)[name] for one in found} == {value}


@each_standard
def test_the_root_document_is_as_published(standard: DataStandard) -> None:
    """The discovery document has what discovery promises, and tells where the sandbox is."""
    spec = document("discovery-api-1.0")
    sandbox = EdFiSandbox(make_district(10), standard)
    with served(sandbox):
        root = httpx.get(f"{sandbox.url}/").json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["metadataRoot"])).validate(root)
    assert root["urls"]["dataManagementApi"] == f"{sandbox.url}/data/v3/"
    assert root["dataModels"][0]["version"].startswith(standard)


def test_what_a_token_may_read_is_as_published() -> None:
    """Token introspection answers in the published shape, and knows no token that was never given."""
    spec = document("oauth-token-introspection-api-1.0-draft")
    sandbox = EdFiSandbox(make_district(10))
    with asking(sandbox) as client:
        mine = client.post("/oauth/token_info", json={"token": token(sandbox).json()["access_token"]}).json()
        other = client.post("/oauth/token_info", data={"token": "another"}).json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["tokenIntrospectionResponse"])).validate(mine)
    assert mine["education_organizations"][0]["education_organization_id"] == 390042
    assert other == {"active": False}


def test_change_versions_are_as_published() -> None:
    """The newest change version comes in the published shape."""
    spec = document("change-queries-api-1.0.0")
    with asking(EdFiSandbox(make_district(10))) as client:
        versions = client.get("/changeQueries/v1/availableChangeVersions").json()

    Draft4Validator(strict(spec, spec["components"]["schemas"]["availableChangeVersion"])).validate(versions)


def test_derived_rows_are_as_published() -> None:
    """Stays and places derived from other records are rows like any other."""
    with asking(EdFiSandbox(read_records(SHARED / "data" / "derived-grand-bend"))) as client:
        stays = every(client, "studentSchoolAssociations")
        places = every(client, "studentSectionAssociations")

    assert list(complaints("studentSchoolAssociations", "5.1", stays)) == []
    assert list(complaints("studentSectionAssociations", "5.1", places)) == []
    assert stays
    assert places
