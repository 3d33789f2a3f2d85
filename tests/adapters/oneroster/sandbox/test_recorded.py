"""The sandbox in the manner of the Ed-Fi OneRoster service answers as that service was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.sandbox_client import SCOPES_12, Server, asking
from tests.adapters.oneroster.published_documents import EDFI, named, needs_shared, recorded

pytestmark = needs_shared

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
    """A district behind the Ed-Fi service."""
    return OneRosterSandbox(make_district(60), quirks=EDFI_SERVICE)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """That service, for a client with all scopes that it grants."""
    with asking(sandbox()) as server:
        yield server


def address(name: str) -> str:
    """Path and query of a recorded request."""
    return str(recorded(name)["request"]).removeprefix(f"GET {BASE}")


def kinds(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Property to the JSON type of its values."""
    return {name: type(value).__name__ for row in rows for name, value in row.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_service_refuses(server: Server, name: str) -> None:
    """Status and body, word for word."""
    answer = server.client.get(address(name))

    assert (answer.status_code, answer.json()) == (recorded(name)["status"], recorded(name)["body"])


@pytest.mark.parametrize(
    ("name", "authorization"), [("auth_none", ""), ("auth_bad", "Bearer not-a-token"), ("auth_no_scope", None)]
)
def test_who_is_not_let_in(name: str, authorization: str | None) -> None:
    """No header and a wrong token are 401, a token without scopes is 403, each without a minor code."""
    with asking(sandbox(), scope="") as server:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = server.client.get(address(name), headers=headers)

    assert (answer.status_code, answer.json()) == (recorded(name)["status"], recorded(name)["body"])


def test_demographics_need_their_own_scope() -> None:
    """A token for the core of the roster does not open demographics."""
    name = "auth_core_scope_demographics"
    with asking(sandbox(), scope=f"{SCOPES_12}roster-core.readonly") as server:
        assert server.get("/orgs").status_code == 200
        answer = server.client.get(address(name))

    assert (answer.status_code, answer.json()) == (recorded(name)["status"], recorded(name)["body"])


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_rows_have_the_recorded_properties(server: Server, collection: str) -> None:
    """What all recorded rows have is there; what none has is not, unless the service's document names it."""
    (theirs,) = recorded(f"list_{collection}")["body"].values()
    ours = server.rows(f"/{collection}", limit=500)
    always = set.intersection(*(set(row) for row in theirs))
    always -= {"parent"} if collection == "orgs" else set()  # there is no state above the sandbox's district
    known = kinds(theirs).keys() | named(EDFI, f"/ims/oneroster/rostering/v1p2/{collection}")
    known |= {"preferredFirstName"}  # by which the service filters: its document has another name for it

    assert all(always <= row.keys() for row in ours)
    assert kinds(ours).keys() <= known
    assert kinds(ours).items() >= {name: kind for name, kind in kinds(theirs).items() if name in always}.items()


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_metadata_have_the_recorded_shape(server: Server, collection: str) -> None:
    """The Ed-Fi resource and the names of its natural key, for each resource that is in a collection."""

    def shapes(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
        found = [row["metadata"]["edfi"] for row in rows]
        return {one["resource"]: set(one["naturalKey"]) for one in found}

    ours = shapes(server.rows(f"/{collection}", limit=500))

    assert ours == shapes(next(iter(recorded(f"list_{collection}")["body"].values())))


def test_terms_and_grading_periods_are_empty(server: Server) -> None:
    """What the district calls semesters is no term to the service."""
    for name in ("list_terms", "list_gradingPeriods"):
        assert server.client.get(address(name)).json() == recorded(name)["body"]
    assert {row["type"] for row in server.rows("/academicSessions")} == {"schoolYear", "semester"}


def test_fields_are_only_those_asked_for(server: Server) -> None:
    """Two properties, and not even the id."""
    rows = server.client.get(address("fields")).json()["users"]

    assert [set(row) for row in rows] == [set(row) for row in recorded("fields")["body"]["users"]]


def test_a_path_in_capitals_is_the_path(server: Server) -> None:
    """`/Users` answers, under the same key."""
    answer = server.client.get(address("wrong_case"))

    assert (answer.status_code, list(answer.json())) == (200, ["users"])


def test_no_totals_and_no_links(server: Server) -> None:
    """Neither `X-Total-Count` nor `Link` tells how much there is."""
    assert not {"x-total-count", "link"} & server.get("/users").headers.keys()


def test_sort_is_descending(server: Server) -> None:
    """The order asked for, over the whole collection."""
    names = [row["familyName"] for row in server.client.get(address("sort_desc")).json()["users"]]
    everybody = [row["familyName"] for row in server.every("/users")]

    assert names == sorted(everybody, reverse=True)[:3]
