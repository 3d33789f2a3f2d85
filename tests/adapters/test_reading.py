"""Tests of reading a vendor's response as payloads."""

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
from student_graph.adapters.reading import (
    MAX_BODY_BYTES,
    Rows,
    collect_rows,
    group_rows,
    raw_text,
    read,
    read_rows,
)


class Event(BaseModel):
    """A row about a student's day."""

    student: str
    day: date


class Lenient(BaseModel):
    """An object without required properties."""

    name: str | None = None
    errors: list[str] = []


EVENTS = TypeAdapter(list[Event])
VALID_ROW = {"student": "1", "day": "2022-05-01"}


def respond(
    body: bytes | str | Any, *, status: int = 200, media: str | None = "application/json; charset=utf-8"
) -> httpx.Response:
    """A response of a vendor."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    request = httpx.Request("GET", "https://vendor.example/secret-path")
    return httpx.Response(
        status, content=content, headers={"content-type": media} if media else {}, request=request
    )


def failure(response: httpx.Response, payload: TypeAdapter[Any] = EVENTS) -> PayloadError:
    """The error of a response, which must be the same for both functions."""
    errors = []
    for function in (read, read_rows):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises a bug again
            function(response, payload)
        error = translate(caught.value)
        assert isinstance(error, PayloadError)
        errors.append(error)
    assert errors[0].code == errors[1].code
    return errors[1]


@pytest.mark.parametrize("media", ["application/json", "application/problem+json", "Application/JSON;x=y"])
def test_a_list_becomes_payloads(media: str) -> None:
    """JSON is read with any of its media types."""
    expected = [Event(student="1", day=date(2022, 5, 1))]

    assert expected == read(respond([VALID_ROW], media=media), EVENTS)
    assert Rows(expected) == read_rows(respond([VALID_ROW], media=media), EVENTS)


@pytest.mark.row("B01")
@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (respond("<html>Sign in</html>", media="text/html"), "not JSON"),
        (respond("[]", media=None), "not JSON"),
        (respond("[]", media="text/plain"), "not JSON"),
        (respond(""), "an empty body"),
        (respond(" \n"), "an empty body"),
        (respond("", status=204), "an empty body"),
        (respond({"error": "session expired"}), "an error object with a success status"),
        (respond(b"[" + b" " * MAX_BODY_BYTES + b"]"), "a body larger than 2 MiB"),
    ],
)
def test_a_response_without_data_is_an_error(response: httpx.Response, reason: str) -> None:
    """A login page, an empty body or an error with status 200 is never read as an empty list."""
    error = failure(response)

    assert (reason, "SOURCE_BAD_RESPONSE") == (error.reason, error.code)


@pytest.mark.row("B01")
def test_json_sent_as_text_can_be_accepted() -> None:
    """With `accept_plain`, JSON that a vendor sends as text is read."""
    assert read(respond("[]", media="text/plain"), EVENTS, accept_plain=True) == []
    with pytest.raises(PayloadError, match="not JSON"):
        read(respond("[]", media="text/html"), EVENTS, accept_plain=True)


@pytest.mark.parametrize("body", [b'[{"student"', b"\xff\xfe[", b"[" * 100_000, b'["\\ud800"]'])
def test_malformed_json_is_a_bad_response(body: bytes) -> None:
    """Malformed JSON of any kind is a bad response."""
    assert failure(respond(body)).code == "SOURCE_BAD_RESPONSE"


@pytest.mark.parametrize("body", [{"name": "x"}, "1", '"text"', "null"])
def test_anything_but_a_list_is_a_schema_error(body: object) -> None:
    """An object, a number, text or null is not read as an empty list."""
    assert failure(respond(body)).code == "SOURCE_SCHEMA"


def test_a_list_instead_of_an_object_is_a_schema_error() -> None:
    """A list is not read as an object."""
    with pytest.raises(ValueError, match="Lenient") as caught:
        read(respond([]), TypeAdapter(Lenient))

    assert translate(caught.value).code == "SOURCE_SCHEMA"


def test_an_error_object_is_detected_without_required_properties() -> None:
    """An error object is an error even if it matches the payload; an empty list of errors is not."""
    with pytest.raises(PayloadError, match="an error object with a success status"):
        read(respond({"errors": ["no such course"]}), TypeAdapter(Lenient))

    assert Lenient(name="x") == read(respond({"name": "x", "errors": []}), TypeAdapter(Lenient))


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_an_error_status_is_raised(status: int) -> None:
    """The status is checked before the body."""
    with pytest.raises(httpx.HTTPStatusError):
        read(respond([], status=status), EVENTS)


@pytest.mark.row("B03")
@pytest.mark.parametrize("bad", [{"student": "2"}, {"student": "2", "day": "never"}, None])
def test_an_invalid_row_does_not_fail_the_page(bad: object) -> None:
    """The valid rows are returned beside the invalid one with its error."""
    rows = read_rows(respond([VALID_ROW, bad, VALID_ROW]), EVENTS)

    assert (len(rows), len(rows.valid), [row.error.code for row in rows.invalid]) == (3, 2, ["SOURCE_SCHEMA"])


def test_an_invalid_row_does_not_show_its_content() -> None:
    """The text of an invalid row and of its error holds no content of the row."""
    rows = read_rows(respond([{"student": "Avery Quill", "day": "never"}]), EVENTS)

    assert "Quill" not in f"{rows!r} {rows.invalid[0].error}"


@pytest.mark.row("B03")
def test_a_key_with_an_invalid_row_fails_alone() -> None:
    """Other keys keep their rows; a known key without rows has an empty list."""
    rows = read_rows(respond([VALID_ROW, {"student": "2", "day": "x"}, {**VALID_ROW, "student": "2"}]), EVENTS)
    batch = group_rows(rows, key=lambda row: row.student, raw_key=raw_text("student"), known_keys=["1", "2", "3"])

    assert sorted(batch) == ["1", "2", "3"]
    assert ([Event(**VALID_ROW)], []) == (batch["1"], batch["3"])
    assert isinstance(batch["2"], PayloadError)


@pytest.mark.row("B03")
def test_a_row_without_a_readable_key_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """An invalid row without a readable key fails no key, and the log has the number of such rows."""
    rows = read_rows(respond([VALID_ROW, {"day": "x"}, 7, {"student": {"id": "2"}}]), EVENTS)
    with caplog.at_level(logging.WARNING):
        batch = group_rows(rows, key=lambda row: row.student, raw_key=raw_text("student"))

    assert {"1": [Event(**VALID_ROW)]} == batch
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
def test_a_key_is_read_from_a_raw_row(raw: object, expected: str | None) -> None:
    """Texts and integers are keys; anything else is None."""
    assert expected == raw_text("a", "b")(raw)


async def test_pages_of_rows_are_collected() -> None:
    """Of rows with one key the last is used; the invalid rows of all pages are collected."""

    async def pages() -> AsyncIterator[Rows[Event]]:
        yield read_rows(respond([VALID_ROW, {"student": "2"}]), EVENTS)
        yield read_rows(respond([{**VALID_ROW, "day": "2022-05-02"}]), EVENTS)

    rows = await collect_rows(pages(), key=lambda row: row.student)

    assert ([Event(student="1", day=date(2022, 5, 2))], 1) == (rows.valid, len(rows.invalid))


def test_only_valid_rows_are_mapped() -> None:
    """`map` replaces the valid rows and keeps the invalid ones."""
    rows = read_rows(respond([VALID_ROW, {}]), EVENTS).map(lambda row: row.day.year)

    assert (rows.valid, len(rows.invalid)) == ([2022], 1)
