"""The sandbox with the quirks of the Ed-Fi OneRoster service responds as the recorded service did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.published_documents import EDFI, needs_reference_data, property_names, recorded
from tests.adapters.oneroster.sandbox_client import SCOPES_12, Server, running

pytestmark = needs_reference_data

BASE = "https://oneroster.example"
COLLECTIONS = (
    "orgs",
    "schools",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "students",
    "teachers",
    "enrollments",
    "demographics",
)
REFUSED = (
    "limit_0",
    "limit_abc",
    "filter_and",
    "filter_bad_field",
    "get_404",
    "list_lineItems",
    "school_students",
)


def sandbox() -> OneRosterSandbox:
    """The Ed-Fi service for a district."""
    return OneRosterSandbox(make_district(60), quirks=EDFI_SERVICE)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The service, with a client that has all of its scopes."""
    with running(sandbox()) as server:
        yield server


def address(name: str) -> str:
    """The path and query of a recorded request."""
    return str(recorded(name)["request"]).removeprefix(f"GET {BASE}")


def kinds(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The JSON type of the values of each property."""
    return {name: type(value).__name__ for row in rows for name, value in row.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_requests_get_the_recorded_response(server: Server, name: str) -> None:
    """Status and body are equal."""
    response = server.client.get(address(name))

    assert (response.status_code, response.json()) == (recorded(name)["status"], recorded(name)["body"])


@pytest.mark.parametrize(
    ("name", "authorization"), [("auth_none", ""), ("auth_bad", "Bearer not-a-token"), ("auth_no_scope", None)]
)
def test_unauthorized_requests_get_the_recorded_response(name: str, authorization: str | None) -> None:
    """No header and a wrong token are a 401, a token without scopes is a 403, all without a minor code."""
    with running(sandbox(), scope="") as server:
        headers = {} if authorization is None else {"Authorization": authorization}
        response = server.client.get(address(name), headers=headers)

    assert (response.status_code, response.json()) == (recorded(name)["status"], recorded(name)["body"])


def test_demographics_need_their_own_scope() -> None:
    """A token for the core of the roster may not read demographics."""
    name = "auth_core_scope_demographics"
    with running(sandbox(), scope=f"{SCOPES_12}roster-core.readonly") as server:
        assert server.get("/orgs").status_code == 200
        response = server.client.get(address(name))

    assert (response.status_code, response.json()) == (recorded(name)["status"], recorded(name)["body"])


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_rows_have_the_recorded_properties(server: Server, collection: str) -> None:
    """
    A property of all recorded rows is in all rows; the others are in the recording or in the service's document.
    """
    (recorded_rows,) = recorded(f"list_{collection}")["body"].values()
    rows = server.rows(f"/{collection}", limit=500)
    common_names = set.intersection(*(set(row) for row in recorded_rows))
    common_names -= {"parent"} if collection == "orgs" else set()  # the district of the sandbox has no parent
    known_names = kinds(recorded_rows).keys() | property_names(EDFI, f"/ims/oneroster/rostering/v1p2/{collection}")
    known_names |= {"preferredFirstName"}  # the service filters by it, and its document has another name for it

    assert all(common_names <= row.keys() for row in rows)
    assert kinds(rows).keys() <= known_names
    assert (
        kinds(rows).items()
        >= {name: kind for name, kind in kinds(recorded_rows).items() if name in common_names}.items()
    )


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_metadata_have_the_recorded_shape(server: Server, collection: str) -> None:
    """The Ed-Fi resources in a collection and the names of their natural keys are equal."""

    def shapes(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
        origins = [row["metadata"]["edfi"] for row in rows]
        return {origin["resource"]: set(origin["naturalKey"]) for origin in origins}

    rows = shapes(server.rows(f"/{collection}", limit=500))

    assert rows == shapes(next(iter(recorded(f"list_{collection}")["body"].values())))


def test_terms_and_grading_periods_are_empty(server: Server) -> None:
    """The sessions of the service are semesters and not terms."""
    for name in ("list_terms", "list_gradingPeriods"):
        assert server.client.get(address(name)).json() == recorded(name)["body"]
    assert {row["type"] for row in server.rows("/academicSessions")} == {"schoolYear", "semester"}


def test_rows_have_only_the_selected_fields(server: Server) -> None:
    """Two properties, without the id."""
    rows = server.client.get(address("fields")).json()["users"]

    assert [set(row) for row in rows] == [set(row) for row in recorded("fields")["body"]["users"]]


def test_a_path_in_capitals_is_the_path(server: Server) -> None:
    """`/Users` returns the same list."""
    response = server.client.get(address("wrong_case"))

    assert (response.status_code, list(response.json())) == (200, ["users"])


def test_no_totals_and_no_links(server: Server) -> None:
    """There is neither `X-Total-Count` nor `Link`."""
    assert not {"x-total-count", "link"} & server.get("/users").headers.keys()


def test_sort_is_descending(server: Server) -> None:
    """The complete collection is sorted."""
    names = [row["familyName"] for row in server.client.get(address("sort_desc")).json()["users"]]
    all_names = [row["familyName"] for row in server.all_rows("/users")]

    assert names == sorted(all_names, reverse=True)[:3]
