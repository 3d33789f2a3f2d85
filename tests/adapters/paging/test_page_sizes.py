"""Page sizes that a server refuses or that are too large are made smaller, and remembered."""

from __future__ import annotations

import json
from itertools import pairwise

import httpx
import pytest

from student_graph.adapters.errors import BadKeyError, BodyTooLargeError
from student_graph.adapters.lookup import Window
from student_graph.adapters.paging.page_sizes import allowed_rows
from student_graph.adapters.reading import read
from tests.adapters.helpers.list_server import NUMBERS, PAGE_SIZE, URL, ListServer, lists_of, message, read_all
from tests.subcases import subcases


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("'limit' must be between 1 and 100.", [500, 100, 100, 50]),
        ("Limit must be omitted or set to a value between 1 and max value defined in configuration.", [500, 250]),
        ("The page size is too large.", [500, 250]),
    ],
)
@pytest.mark.row("B17")
async def test_a_refused_page_size_is_learned(text: str, limits: list[int]) -> None:
    """The size is the number in the message or the half, and it is remembered for all lists of the server."""
    server = ListServer(250)
    server.refuse = lambda limit: message(text) if limit > limits[1] else None
    lists = lists_of(server)

    assert await read_all(lists) == server.rows
    assert server.limits == limits
    server.limits.clear()
    await lists.read_page("http://vendor.test/others", {}, lambda r: read(r, NUMBERS), Window(400))
    assert server.limits == [limits[1]]


async def test_a_refusal_that_smaller_pages_do_not_help_changes_nothing() -> None:
    """The error of the last request is raised, and the next list is requested in the usual size."""
    server = ListServer(250)
    server.refuse = lambda _: message("rate limit exceeded")
    lists = lists_of(server)
    with pytest.raises(httpx.HTTPStatusError):
        await read_all(lists)
    assert all(second <= first // 2 for first, second in pairwise(server.limits))
    server.limits.clear()
    server.refuse = lambda _: None

    assert await read_all(lists) == server.rows
    assert server.limits == [500]


@pytest.mark.parametrize("status", [413, 422])
def test_other_statuses_refuse_a_size_too(status: int) -> None:
    """A server without a rule for 400 says that the request is too large, or that a value is not allowed."""
    assert allowed_rows(httpx.Response(status, json={"detail": "limit must be 100 or less"}), 500, "limit") == 100


@pytest.mark.parametrize("status", [400, 403, 422, 500])
async def test_other_errors_are_not_repeated(status: int) -> None:
    """Only a refusal of the size of the page is requested again."""
    server = ListServer(10)
    server.refuse = lambda _: httpx.Response(status, json={"message": "the filter is not known"})
    with pytest.raises(httpx.HTTPStatusError):
        await read_all(lists_of(server))

    assert len(server.limits) == 1


@pytest.mark.row("B17")
async def test_a_page_that_is_too_large_is_read_in_halves() -> None:
    """The smaller size is remembered for this list only."""
    server = ListServer(600)
    server.max_numbers_in_body = 130
    lists = lists_of(server)

    assert await read_all(lists) == server.rows
    assert server.limits == [500, 250, 125, 125, 125, 125, 100]
    server.limits.clear()
    assert await read_all(lists) == server.rows
    assert server.limits == [125] * 4 + [100]
    server.max_numbers_in_body, server.limits = 10**9, []
    await lists.read_page("http://vendor.test/others", {}, lambda r: read(r, NUMBERS), Window(PAGE_SIZE))
    assert server.limits == [500]


@pytest.mark.row("B17")
async def test_rows_that_are_too_large_are_an_error() -> None:
    """A page of a few rows that is still too large is not requested in ever smaller pages."""
    server = ListServer(600)
    server.max_numbers_in_body = 1
    with pytest.raises(BodyTooLargeError):
        await read_all(lists_of(server))

    assert min(server.limits) >= 10


@subcases(
    ("body", "size"),
    [
        ({"message": "limit: at most 200, default 25"}, 200),
        ({"message": "The maximum limit is 5.0."}, 250),
        ({"message": "limit 500 is more than 500"}, 250),
        ({"message": "no such parameter: schoolId"}, None),
        ({"detail": {"limit": ["Must be 50 or less than the limit."]}}, 50),
        (["Page size exceeds 300"], 300),
        ({"error": "Too many records requested (500 > 100)"}, 100),
        ({"error_description": "At most 200 items per page"}, 200),
        ({"imsx_description": "The maximum number of rows is 1,000."}, 250),
        ({"message": "max results: 50"}, 50),
    ],
)
def test_the_size_is_read_from_the_message(body: object, size: int | None) -> None:
    """It is the largest number below the refused size in a text about limits; the half if there is none."""
    assert allowed_rows(httpx.Response(400, text=json.dumps(body)), 500, "limit") == size


def test_a_very_long_message_is_not_searched() -> None:
    """An error response of a megabyte is not about the size of a page."""
    assert allowed_rows(httpx.Response(400, text="limit " * 200_000), 500, "limit") is None


@pytest.mark.parametrize("after", ["-1", "1e3", "x", "٣"])
async def test_an_invented_cursor_is_refused(after: str) -> None:
    """A cursor that is not from this list is an error, and nothing is sent."""
    server = ListServer(10)
    with pytest.raises(BadKeyError):
        await lists_of(server).read_page(URL, {}, lambda r: read(r, NUMBERS), Window(5, after))

    assert server.limits == []
