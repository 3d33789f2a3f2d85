"""Tests of reading a vendor's response as payloads."""

from __future__ import annotations

import json
from datetime import MAXYEAR, date
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError, field_validator

from student_graph.adapters.errors import WRONG_KEY_REASON, PayloadError, UnavailableError, translate
from student_graph.adapters.reading import (
    MAX_BODY_BYTES,
    Deciding,
    collecting_unreadable_rows,
    counting_page_rows,
    leave_out_unreadable,
    read,
    read_value,
    reading_key,
    rows_needed_by,
)
from student_graph.adapters.reading.leniency import MAX_REPAIRS
from tests.subcases import subcases


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
    """The error of a response, whether it is read completely or not."""
    errors = []
    for complete in (False, True):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises a bug again
            read(response, payload, complete=complete)
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


@pytest.mark.row("B01")
@subcases(
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


@pytest.mark.parametrize("body", [b'[{"student"', b"\xff\xfe[", b"[" * 100_000])
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
@subcases("bad", [{"student": "2"}, {"student": "2", "day": "never"}, None, 7, [], "x"])
def test_a_row_that_cannot_be_read_is_left_out_and_counted(bad: object) -> None:
    """The other rows are there; the row is reported once, though it was sent twice, and its page counts it."""
    with collecting_unreadable_rows() as unreadable, counting_page_rows() as page:
        rows = [read(respond([VALID_ROW, bad, VALID_ROW]), EVENTS) for _ in range(2)]

    assert rows == [[Event(student="1", day=date(2022, 5, 1))] * 2] * 2
    assert (len(unreadable), page.unreadable) == (1, 2)
    assert [error.code for error in unreadable.errors_by_key(["a"])["a"]] == ["SOURCE_SCHEMA"]


class Entry(BaseModel):
    """A row with values of every kind that may be odd."""

    id: str
    begin: date | None = None
    end: Deciding[date | None] = None
    contact: Event | None = None
    detail: Lenient = Lenient(name="default")
    events: list[Event] = []
    counts: dict[int, int] = {}

    @field_validator("begin")
    @classmethod
    def _in_range(cls, begin: date | None) -> date | None:
        if begin is not None and begin.year == MAXYEAR:
            raise OverflowError
        return begin


ENTRIES = TypeAdapter(list[Entry])


@subcases("day", ["0000-00-00", "08/20/2026", "Incomplete", 7.5, {}, [1], True])
def test_a_value_that_cannot_be_read_is_null(day: object) -> None:
    """The rest of the row is there."""
    assert [Entry(id="1")] == read(respond([{"id": "1", "begin": day}]), ENTRIES)


def test_a_part_that_cannot_be_read_is_null_the_default_or_left_out() -> None:
    """An object is null or its default, an element of a list or a mapping is left out; all are reported."""
    row = {
        "id": "1",
        "contact": {"student": "1"},
        "detail": None,
        "events": [VALID_ROW, {"student": None}],
        "counts": {"7": 1, "seven": 1},
    }
    with collecting_unreadable_rows() as unreadable, counting_page_rows() as page:
        [entry] = read(respond([row]), ENTRIES)

    event = Event(student="1", day=date(2022, 5, 1))
    assert entry == Entry(id="1", detail=Lenient(name="default"), events=[event], counts={7: 1})
    assert (len(unreadable), page.unreadable) == (3, 0)


@pytest.mark.parametrize("end", ["0000-00-00", "08/20/2026", {}, 7.5])
def test_a_row_whose_deciding_value_cannot_be_read_is_left_out(end: object) -> None:
    """Null would say that it has not ended."""
    assert [Entry(id="2")] == read(respond([{"id": "1", "end": end}, {"id": "2", "end": None}]), ENTRIES)


def test_a_validator_that_overflows_fails_one_row() -> None:
    """An arithmetic error of a validator is the row's and no bug; of a single object it is a schema error."""
    odd = {"id": "1", "begin": "9999-12-31"}

    assert [Entry(id="2")] == read(respond([odd, {"id": "2"}]), ENTRIES)
    with pytest.raises(PayloadError, match="out of range") as caught:
        read(respond(odd), TypeAdapter(Entry))
    assert caught.value.code == "SOURCE_SCHEMA"


def test_a_number_too_large_for_a_float_is_one_value() -> None:
    """The number is JSON; the row is there without it."""
    assert [Entry(id="1")] == read(respond(b'[{"id": "1", "begin": 1e999}]'), ENTRIES)


def test_the_effort_to_mend_a_body_is_limited() -> None:
    """A body of odd values costs a limited number of repairs; rows beyond it are left out and reported."""
    rows = [{"id": str(number), "begin": "x"} for number in range(MAX_REPAIRS + 5)]
    with collecting_unreadable_rows() as unreadable:
        read_count = len(read(respond(rows), ENTRIES))

    assert (read_count, len(unreadable)) == (MAX_REPAIRS, 5)


def test_a_list_read_complete_has_all_rows_or_none() -> None:
    """Where a missing row changes the meaning of the others, the list is an error."""
    with pytest.raises(ValidationError):
        read(respond([{"id": "1", "begin": "x"}]), ENTRIES, complete=True)


def test_a_part_of_a_document_is_read_like_a_body() -> None:
    """An answer that holds several objects may be read object by object."""
    assert Entry(id="1") == read_value({"id": "1", "begin": "x"}, TypeAdapter(Entry))


def test_a_missing_row_is_reported_to_the_keys_that_need_it() -> None:
    """That for which it was read, those that a lookup of two resources names, or all if nobody knows."""
    with collecting_unreadable_rows() as unreadable:
        rows_needed_by({"incident": "bc"})
        for key, reported in (("a", {"a"}), ("incident", {"a", "b"}), (None, {"a", "b", "d"})):
            with reading_key(key), reading_key("inner" if key else None):
                read(respond([{"student": key}]), EVENTS)
            assert set(unreadable.errors_by_key("abd")) == reported
    assert unreadable.keys == {"a", "b", "c"}


class Envelope(BaseModel):
    """A body that holds rows, or nothing where null is allowed."""

    rows: Annotated[list[Event], BeforeValidator(lambda value: value or [])]
    page: Lenient | None = None
    name: str | None = None


@pytest.mark.parametrize("body", [{"rows": "x"}, {"rows": {"a": 1}}, {"rows": [], "page": "x"}])
def test_a_body_without_its_rows_is_not_an_empty_list(body: object) -> None:
    """What holds the rows is not replaced by null: the body is an error."""
    assert failure(respond(body), TypeAdapter(Envelope)).code == "SOURCE_SCHEMA"
    assert Envelope(rows=[]) == read(respond({"rows": None, "name": {}}), TypeAdapter(Envelope))


@subcases(
    ("sent", "text"),
    [
        (r"caf\u00e9", "café"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"cut \ud83d", "cut \ufffd"),
        (r"\ude00 cut", "\ufffd cut"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ud83d\u0041", "\ufffdA"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\"\uDBFF", '"\ufffd'),
    ],
)
def test_half_of_a_character_is_read_as_the_replacement_character(sent: str, text: str) -> None:
    """A text that a vendor cut inside a character does not hide its row, and other texts entry as they are."""
    body = b"\xef\xbb\xbf" + f'["{sent}"]'.encode()
    response = httpx.Response(200, content=body, headers={"Content-Type": "text/json; charset=utf-8"})
    response.request = httpx.Request("GET", "http://vendor.test/")
    assert read(response, TypeAdapter(list[str])) == [text]


def test_an_object_that_cannot_be_read_is_left_out_and_another_error_is_raised() -> None:
    """What was not sent may be read later; after an answer about another key the gateway closes connections."""
    with collecting_unreadable_rows() as unreadable:
        leave_out_unreadable(PayloadError("unexpected shape", code="SOURCE_SCHEMA"))
        another_key = PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")
        for other in (UnavailableError("no answer in time"), PayloadError("not JSON"), another_key):
            with pytest.raises(type(other)):
                leave_out_unreadable(other)

    assert len(unreadable) == 1
