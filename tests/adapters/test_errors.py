"""Tests that failures of a vendor become errors of the kit."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from student_graph.adapters import errors
from student_graph.adapters.errors import (
    DEFAULT_RETRY_AFTER_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    AdapterError,
    BadKeyError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
    retry_after_seconds,
    translate,
)
from tests.long_runs import size
from tests.subcases import subcases

DATE_PATTERN, TIME_PATTERN = (
    r"(Mon|Tue|)[,]? ?[0-9]{1,3}[ -](Nov|Feb|Foo)[ -][0-9]{1,6}",
    r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?",
)
DATE_LIKE_PATTERN = rf"{DATE_PATTERN} {TIME_PATTERN} [-+GMTZ0-9]{{0,6}}"
URL = "https://sis.example/students/604822?token=s3cret"


def status(code: int, headers: dict[str, str] | None = None) -> Exception:
    """The exception of httpx for a status."""
    response = httpx.Response(code, headers=headers, request=httpx.Request("GET", URL))
    return httpx.HTTPStatusError(f"{code} for {URL}", request=response.request, response=response)


class Row(BaseModel):
    """A payload."""

    day: int


def mismatch(text: str) -> ValidationError:
    """The exception of pydantic for a payload."""
    with pytest.raises(ValidationError) as caught:
        Row.model_validate_json(text)
    return caught.value


CASES = [
    (status(401), RefusedError, "SOURCE_AUTH", False),
    (status(403), RefusedError, "SOURCE_FORBIDDEN", False),
    (status(429), UnavailableError, "RATE_LIMITED", True),
    (status(404), NotOfferedError, "NOT_OFFERED", False),
    (status(405), NotOfferedError, "NOT_OFFERED", False),
    (status(501), NotOfferedError, "NOT_OFFERED", False),
    (status(500), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (status(503), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (status(302), PayloadError, "SOURCE_BAD_RESPONSE", False),
    (status(418), PayloadError, "SOURCE_BAD_RESPONSE", False),
    (httpx.ReadTimeout(URL), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (httpx.PoolTimeout(URL), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (TimeoutError(URL), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (httpx.ConnectError(URL), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (httpx.ReadError(URL), UnavailableError, "SOURCE_UNAVAILABLE", True),
    (httpx.DecodingError(URL), PayloadError, "SOURCE_BAD_RESPONSE", False),
    (httpx.RemoteProtocolError(URL), PayloadError, "SOURCE_BAD_RESPONSE", False),
    (mismatch('{"day": "Avery"}'), PayloadError, "SOURCE_SCHEMA", False),
    (mismatch("{}"), PayloadError, "SOURCE_SCHEMA", False),
    (mismatch('{"day":'), PayloadError, "SOURCE_BAD_RESPONSE", False),
]


@subcases(
    ("raised", "kind", "code", "retryable"),
    CASES,
    ids=[f"{type(case[0]).__name__}-{case[2]}" for case in CASES],
)
def test_exceptions_are_translated(
    raised: Exception, kind: type[AdapterError], code: str, retryable: bool
) -> None:
    """Each failure has its type and code, and says whether a retry can help."""
    error = translate(raised)

    assert (type(error), error.code, error.retryable) == (kind, code, retryable)


@subcases("raised", [case[0] for case in CASES], ids=lambda raised: type(raised).__name__)
def test_a_message_shows_no_data_of_the_vendor(raised: Exception) -> None:
    """The text of an error holds no address, id, token or payload."""
    message = str(translate(raised))

    assert message
    assert not {"sis", "604822", "s3cret", "Avery"} & set(
        message.replace("/", " ").replace(".", " ").replace("=", " ").split()
    )


def test_an_error_of_the_kit_is_unchanged() -> None:
    """An error that an adapter raises itself is returned unchanged."""
    error = BadKeyError("not a possible id")

    assert translate(error) is error


@pytest.mark.parametrize("bug", [KeyError("x"), TypeError("x")])
def test_a_bug_is_raised_again(bug: Exception) -> None:
    """An exception that no vendor can cause is raised again."""
    with pytest.raises(type(bug)) as caught:
        translate(bug)

    assert caught.value is bug


def test_an_exception_group_becomes_its_first_error() -> None:
    """A group of exceptions, also a nested one, becomes the error of its first exception."""
    group = ExceptionGroup("two reads", [status(503), httpx.ReadError(URL)])

    assert translate(ExceptionGroup("nested", [group])).reason == "failing (503)"


@pytest.mark.row("A13")
@subcases(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", 300.0),
        ("-1", None),
        ("9" * 5000, 300.0),
        ("soon", None),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tuesday, 24-Nov-26 12:01:00 GMT", 60.0),
        ("Tue Nov 24 12:01:00 2026", 60.0),
        ("Tue, 24 Nov 2026 12:01:00 -0000", 60.0),
        ("Tue, 24 Nov 2026 13:01:00 +0100", 60.0),
        ("Tue, 24 Nov 2026 11:59:59 GMT", 0.0),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
        ("Wed, 25 Nov 2026 12:00:00 GMT", 300.0),
        ("Tue, 99 Nov 2026 12:00:00 GMT", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_in_seconds(header: str | None, seconds: float | None) -> None:
    """`Retry-After` is a number or a date in one of HTTP's three formats: at most 300 seconds, or None."""
    headers = httpx.Headers([] if header is None else [(b"Retry-After", header.encode())])
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert retry_after_seconds(headers, now) == seconds


@pytest.mark.row("A13")
@pytest.mark.long_run
@settings(max_examples=size(125, 1000), deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.from_regex(DATE_LIKE_PATTERN, fullmatch=True), st.integers().map(str)))
def test_any_retry_after_is_a_short_wait_or_none(text: str) -> None:
    """A thousand headers, with dates and arbitrary text, raise no error and never wait longer than the maximum."""
    seconds = retry_after_seconds(httpx.Headers([(b"Retry-After", text.encode("utf-8", "surrogatepass"))]))

    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS


@pytest.mark.parametrize("code", [429, 503])
def test_a_temporary_failure_has_its_retry_after(code: int) -> None:
    """An error for 429 or 503 has the vendor's `Retry-After`."""
    assert translate(status(code, {"Retry-After": "7"})).retry_after == 7.0


def test_the_docstring_names_all_errors() -> None:
    """The docstring of the module names every error class."""
    members = {
        name
        for name, member in vars(errors).items()
        if isinstance(member, type) and issubclass(member, AdapterError)
    }

    assert not [name for name in members if name not in (errors.__doc__ or "")]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_a_429_always_says_when_to_try_again(headers: dict[str, str]) -> None:
    """Without a readable header it is a few seconds, for which the gateway pauses the source as well."""
    request = httpx.Request("GET", "https://sis.example/students")
    response = httpx.Response(429, headers=headers, request=request)
    error = translate(httpx.HTTPStatusError("429", request=request, response=response))
    assert (error.code, error.retry_after) == ("RATE_LIMITED", DEFAULT_RETRY_AFTER_SECONDS)


def test_an_error_used_as_an_answer_holds_nothing_of_the_lookup() -> None:
    """Answers are cached: a traceback would keep the frames of the operation, and all that they hold."""

    class Operation:
        """What a lookup holds."""

    def lookup(operation: Operation) -> None:
        raise NotOfferedError("no such resource") from ValueError(operation)

    def failed_lookup() -> tuple[AdapterError, weakref.ref[Operation]]:
        operation = Operation()
        try:
            lookup(operation)
        except NotOfferedError as exc:
            return translate(exc), weakref.ref(operation)
        raise AssertionError

    gc.disable()
    try:
        error, operation = failed_lookup()
        assert isinstance(error, NotOfferedError)
        assert operation() is None
    finally:
        gc.enable()
