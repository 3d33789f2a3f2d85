"""Pages, sort orders and selected fields of the OneRoster sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from student_graph.adapters.oneroster.sandbox import LEGACY_11, PUBLISHED_12, UNUSUAL_GRADEBOOK, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.sandbox_client import Rows, Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published, with more users than one page."""
    with running(OneRosterSandbox(make_district(60))) as server:
        yield server


def linked_pages(server: Server, path: str, **params: str | int) -> Iterator[Rows]:
    """The rows of each page, by following the `Link` headers."""
    response = server.get(path, **params)
    while True:
        yield response.json()["users"]
        if "next" not in response.links:
            return
        response = server.client.get(response.links["next"]["url"])


@pytest.mark.parametrize("limit", [1, 7, 60, 61])
def test_links_lead_through_all_pages(server: Server, limit: int) -> None:
    """Every student once and in the order of the collection, for any page size."""
    pages = list(linked_pages(server, "/students", limit=limit))

    assert [row["sourcedId"] for page in pages for row in page] == [
        row["sourcedId"] for row in server.all_rows("/students")
    ]
    assert {len(page) for page in pages[:-1]} <= {limit}


def test_links_keep_the_query(server: Server) -> None:
    """All pages have the filter, order and fields of the first."""
    pages = list(linked_pages(server, "/users", limit=5, filter="roles.role='student'", sort="familyName"))
    names = [row["familyName"] for page in pages for row in page]

    assert len(names) == 60
    assert names == sorted(names)


def test_a_page_has_links_and_the_total(server: Server) -> None:
    """`X-Total-Count`, and `Link` to the first, previous, next and last page."""
    total = len(server.all_rows("/users"))
    response = server.get("/users", limit=10, offset=20)

    assert response.headers["x-total-count"] == str(total)
    assert {rel: link["url"].rpartition("?")[2] for rel, link in response.links.items()} == {
        "first": "limit=10&offset=0",
        "prev": "limit=10&offset=10",
        "next": "limit=10&offset=30",
        "last": f"limit=10&offset={(total - 1) // 10 * 10}",
    }


def test_a_page_has_100_rows_by_default(server: Server) -> None:
    """The published default."""
    assert len(server.rows("/users")) == 100
    assert len(server.rows("/users", limit=120)) == 120


def test_a_page_beyond_the_end_is_empty(server: Server) -> None:
    """200 without rows, with a link back to the last page."""
    response = server.get("/students", offset=99_999)

    assert response.json() == {"users": []}
    assert response.links["prev"]["url"] == response.links["last"]["url"]


@pytest.mark.parametrize(
    ("query", "minor_code"),
    [
        ({"limit": "0"}, "invaliddata"),
        ({"limit": "-1"}, "invaliddata"),
        ({"limit": "abc"}, "invaliddata"),
        ({"offset": "-5"}, "invaliddata"),
        ({"sort": "nope"}, "invalid_sort_field"),
        ({"orderBy": "up"}, "invaliddata"),
        ({"fields": "givenName,nope"}, "invalid_selection_field"),
    ],
)
def test_an_invalid_parameter_is_refused(server: Server, query: dict[str, str], minor_code: str) -> None:
    """400 with the published minor code."""
    response = server.get("/users", **query)
    (field,) = response.json()["imsx_CodeMinor"]["imsx_codeMinorField"]

    assert (response.status_code, field["imsx_codeMinorFieldValue"]) == (400, minor_code)


def test_sort_orders_texts_numbers_and_absence(server: Server) -> None:
    """Absent values are first, and numbers are sorted by size."""
    scores = [row.get("score") for row in server.all_rows("/results", sort="score", limit=1000)]
    known = [score for score in scores if score is not None]

    assert scores[: len(scores) - len(known)] == [None] * (len(scores) - len(known))
    assert known == sorted(known)
    assert 0 < len(known) < len(scores)


def test_fields_select_properties(server: Server) -> None:
    """Collections and single rows have only the selected properties."""
    row = server.rows("/students", fields="sourcedId, identifier")[0]
    single = server.get(f"/students/{row['sourcedId']}", fields="identifier").json()

    assert row.keys() == {"sourcedId", "identifier"}
    assert single == {"user": {"identifier": row["identifier"]}}


def test_a_limit_may_be_lowered_silently() -> None:
    """Ten rows for any limit: fewer rows than requested do not mean the end."""
    with running(
        OneRosterSandbox(make_district(60), quirks=replace(PUBLISHED_12, max_rows_per_page=10))
    ) as server:
        assert len(server.rows("/students", limit=10_000)) == 10
        assert len(server.all_rows("/students", limit=10_000)) == 60


def test_a_server_may_lack_totals_and_links() -> None:
    """Neither header; an empty page ends the list."""
    quirks = replace(PUBLISHED_12, totals=False, links=False)
    with running(OneRosterSandbox(make_district(10), quirks=quirks)) as server:
        assert not {"link", "x-total-count"} & server.get("/users").headers.keys()
        assert len(server.all_rows("/students", limit=3)) == 10


def test_the_link_to_the_previous_page_may_be_beyond_the_end() -> None:
    """From a page beyond the end, the link leads to another one."""
    with running(OneRosterSandbox(make_district(10), version="1.1", quirks=LEGACY_11)) as server:
        previous = server.get("/students", offset=99_999).links["prev"]["url"]

        assert previous.endswith("offset=99899")
        assert server.client.get(previous).json() == {"students": []}


@pytest.mark.parametrize("limit", ["0", "abc", "-3"])
def test_a_bad_limit_may_be_ignored(limit: str) -> None:
    """200 and the default size."""
    with running(OneRosterSandbox(make_district(60), version="1.1", quirks=LEGACY_11)) as server:
        assert len(server.rows("/users", limit=limit)) == 100


def test_bad_sort_and_fields_may_be_ignored() -> None:
    """Both are ignored; with only unknown fields the rows are complete."""
    with running(OneRosterSandbox(make_district(10), version="1.1", quirks=LEGACY_11)) as server:
        plain = server.rows("/students")

        assert server.rows("/students", sort="nope", orderBy="up") == plain
        assert server.rows("/students", fields="nope") == plain
        assert {*server.rows("/students", fields="nope,identifier")[0]} == {"identifier"}


def test_a_response_may_have_the_total_in_its_body() -> None:
    """`_meta` and `_links` are next to the collection, and the headers are missing."""
    with running(OneRosterSandbox(make_district(10), quirks=UNUSUAL_GRADEBOOK)) as server:
        response = server.get("/lineItems", limit=5, offset=5)
        body = response.json()

    total = body["_meta"]["totalCount"]
    assert body["_meta"] == {
        "totalCount": total,
        "limit": 5,
        "offset": 5,
        "totalPages": -(-total // 5),
        "currentPage": 2,
    }
    assert body.keys() == {"lineItems", "_meta", "_links"}
    assert body["_links"].keys() == {"first", "prev", "next", "last"}
    assert "x-total-count" not in response.headers


def test_a_response_may_not_be_oneroster() -> None:
    """The rows are under `data`, with a `total`."""
    with running(OneRosterSandbox(make_district(10), quirks=replace(PUBLISHED_12, envelope="data"))) as server:
        body = server.get("/students", limit=2).json()

    assert (body.keys(), len(body["data"]), body["total"]) == ({"data", "total"}, 2, 10)
