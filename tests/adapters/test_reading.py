"""What a vendor's answer must be before it becomes payloads."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from student_graph.adapters.errors import PayloadError, translate
from student_graph.adapters.reading import MAX_BODY_BYTES, Rows, every_row, group, raw_text, read, read_rows


class Event(BaseModel):
    """A row about a student's day."""

    student: str
    day: date


class Lenient(BaseModel):
    """An object that needs nothing."""

    name: str | None = None
    errors: list[str] = []


EVENTS = TypeAdapter(list[Event])
GOOD = {"student": "1", "day": "2022-05-01"}


def answer(
    body: bytes | str | Any, *, status: int = 200, media: str | None = "application/json; charset=utf-8"
) -> httpx.Response:
    """An answer of a vendor."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    request = httpx.Request("GET", "https://vendor.example/secret-path")
    return httpx.Response(
        status, content=content, headers={"content-type": media} if media else {}, request=request
    )


def failure(response: httpx.Response, payload: TypeAdapter[Any] = EVENTS) -> PayloadError:
    """How the answer fails, both ways of reading."""
    told = []
    for way in (read, read_rows):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is none of the family
            way(response, payload)
        error = translate(caught.value)
        assert isinstance(error, PayloadError)
        told.append(error)
    assert told[0].code == told[1].code
    return told[1]


@pytest.mark.parametrize("media", ["application/json", "application/problem+json", "Application/JSON;x=y"])
def test_a_list_becomes_payloads(media: str) -> None:
    """JSON under any of its labels is read."""
    expected = [Event(student="1", day=date(2022, 5, 1))]

    assert expected == read(answer([GOOD], media=media), EVENTS)
    assert Rows(expected) == read_rows(answer([GOOD], media=media), EVENTS)


@pytest.mark.row("B01")
@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer("<html>Sign in</html>", media="text/html"), "not JSON"),
        (answer("[]", media=None), "not JSON"),
        (answer("[]", media="text/plain"), "not JSON"),
        (answer(""), "an empty answer"),
        (answer(" \n"), "an empty answer"),
        (answer("", status=204), "an empty answer"),
        (answer({"error": "session expired"}), "an error inside a success"),
        (answer(b"[" + b" " * MAX_BODY_BYTES + b"]"), "an answer larger than 2 MiB"),
    ],
)
def test_an_answer_that_is_none_is_refused(response: httpx.Response, reason: str) -> None:
    """A login page, an empty body or an error with status 200 is never taken for an empty list."""
    error = failure(response)

    assert (reason, "SOURCE_BAD_RESPONSE") == (error.reason, error.code)


@pytest.mark.row("B01")
def test_a_vendor_known_to_mislabel_its_json_is_read() -> None:
    """An adapter may say that its vendor sends JSON as text."""
    assert read(answer("[]", media="text/plain"), EVENTS, plain=True) == []
    with pytest.raises(PayloadError, match="not JSON"):
        read(answer("[]", media="text/html"), EVENTS, plain=True)


@pytest.mark.parametrize("body", [b'[{"student"', b"\xff\xfe[", b"[" * 100_000, b'["\\ud800"]'])
def test_malformed_json_is_a_bad_response(body: bytes) -> None:
    """What a parser cannot read fails as a whole, however it is broken."""
    assert failure(answer(body)).code == "SOURCE_BAD_RESPONSE"


@pytest.mark.parametrize("body", [{"name": "x"}, "1", '"text"', "null"])
def test_something_else_where_a_list_was_promised_is_a_schema_error(body: object) -> None:
    """An object, a number or a null is no list, not even an empty one."""
    assert failure(answer(body)).code == "SOURCE_SCHEMA"


def test_a_list_where_an_object_was_promised_is_a_schema_error() -> None:
    """A list is no object."""
    with pytest.raises(ValueError, match="Lenient") as caught:
        read(answer([]), TypeAdapter(Lenient))

    assert translate(caught.value).code == "SOURCE_SCHEMA"


def test_an_error_inside_is_seen_where_the_payload_needs_nothing() -> None:
    """A model that any object matches does not hide an error; an empty list of errors is none."""
    with pytest.raises(PayloadError, match="an error inside a success"):
        read(answer({"errors": ["no such course"]}), TypeAdapter(Lenient))

    assert Lenient(name="x") == read(answer({"name": "x", "errors": []}), TypeAdapter(Lenient))


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_a_status_that_is_no_success_is_raised(status: int) -> None:
    """The status is judged before the body."""
    with pytest.raises(httpx.HTTPStatusError):
        read(answer([], status=status), EVENTS)


@pytest.mark.row("B03")
@pytest.mark.parametrize("bad", [{"student": "2"}, {"student": "2", "day": "never"}, None])
def test_one_bad_row_does_not_kill_the_page(bad: object) -> None:
    """The good rows stay, the bad one is told with its error."""
    rows = read_rows(answer([GOOD, bad, GOOD]), EVENTS)

    assert (len(rows), len(rows.good), [row.error.code for row in rows.bad]) == (3, 2, ["SOURCE_SCHEMA"])


def test_a_bad_row_never_shows_what_it_holds() -> None:
    """Neither its error nor its own text says anything of a row."""
    rows = read_rows(answer([{"student": "Avery Quill", "day": "never"}]), EVENTS)

    assert "Quill" not in f"{rows!r} {rows.bad[0].error}"


@pytest.mark.row("B03")
def test_a_key_with_a_bad_row_fails_alone() -> None:
    """Grouped by key, other keys keep their rows; a known key without rows has none."""
    rows = read_rows(answer([GOOD, {"student": "2", "day": "x"}, {**GOOD, "student": "2"}]), EVENTS)
    batch = group(rows, key=lambda row: row.student, raw_key=raw_text("student"), known=["1", "2", "3"])

    assert sorted(batch) == ["1", "2", "3"]
    assert ([Event(**GOOD)], []) == (batch["1"], batch["3"])
    assert isinstance(batch["2"], PayloadError)


@pytest.mark.row("B03")
def test_a_row_without_a_readable_key_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody's row fails nobody, and the log says how many there were."""
    rows = read_rows(answer([GOOD, {"day": "x"}, 7, {"student": {"id": "2"}}]), EVENTS)
    with caplog.at_level(logging.WARNING):
        batch = group(rows, key=lambda row: row.student, raw_key=raw_text("student"))

    assert {"1": [Event(**GOOD)]} == batch
    assert caplog.messages == ["3 rows without a readable key were dropped"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"a": {"b": "x"}}, "x"),
        ({"a": {"b": 7}}, "7"),
        ({"a": {"b": True}}, None),
        ({"a": ["b"]}, None),
        ([], None),
    ],
)
def test_a_key_is_found_in_a_row_without_a_model(raw: object, expected: str | None) -> None:
    """Texts and whole numbers are keys; anything else is not."""
    assert expected == raw_text("a", "b")(raw)


async def test_pages_of_rows_become_one() -> None:
    """Of rows with one key the last counts; bad rows of all pages are kept."""

    async def pages() -> AsyncIterator[Rows[Event]]:
        yield read_rows(answer([GOOD, {"student": "2"}]), EVENTS)
        yield read_rows(answer([{**GOOD, "day": "2022-05-02"}]), EVENTS)

    rows = await every_row(pages(), key=lambda row: row.student)

    assert ([Event(student="1", day=date(2022, 5, 2))], 1) == (rows.good, len(rows.bad))


def test_rows_are_made_into_records_beside_their_bad_ones() -> None:
    """Mapping touches the good rows only."""
    rows = read_rows(answer([GOOD, {}]), EVENTS).map(lambda row: row.day.year)

    assert (rows.good, len(rows.bad)) == ([2022], 1)
