"""Everything that can go wrong with a vendor becomes one family of errors."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from student_graph.adapters import errors
from student_graph.adapters.errors import (
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

DAY, TIME = r"(Mon|Tue|)[,]? ?[0-9]{1,3}[ -](Nov|Feb|Foo)[ -][0-9]{1,6}", r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?"
LIKE_A_DATE = rf"{DAY} {TIME} [-+GMTZ0-9]{{0,6}}"
URL = "https://hall.example/students/604822?token=s3cret"


def status(code: int, headers: dict[str, str] | None = None) -> Exception:
    """What httpx raises for a status."""
    response = httpx.Response(code, headers=headers, request=httpx.Request("GET", URL))
    return httpx.HTTPStatusError(f"{code} for {URL}", request=response.request, response=response)


class Row(BaseModel):
    """A payload."""

    day: int


def mismatch(text: str) -> ValidationError:
    """What pydantic raises for a payload."""
    with pytest.raises(ValidationError) as caught:
        Row.model_validate_json(text)
    return caught.value


TRANSLATED = [
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


@pytest.mark.parametrize(
    ("raised", "kind", "code", "retryable"),
    TRANSLATED,
    ids=[f"{type(each[0]).__name__}-{each[2]}" for each in TRANSLATED],
)
def test_what_is_raised_is_translated(
    raised: Exception, kind: type[AdapterError], code: str, retryable: bool
) -> None:
    """Each failure has its type and code, and says whether asking again may help."""
    error = translate(raised)

    assert (type(error), error.code, error.retryable) == (kind, code, retryable)


@pytest.mark.parametrize("raised", [each[0] for each in TRANSLATED], ids=lambda each: type(each).__name__)
def test_a_message_holds_nothing_of_the_vendors(raised: Exception) -> None:
    """Neither address, id, token nor payload is in an error's text."""
    told = str(translate(raised))

    assert told
    assert not {"hall", "604822", "s3cret", "Avery"} & set(
        told.replace("/", " ").replace(".", " ").replace("=", " ").split()
    )


def test_an_error_of_the_family_is_itself() -> None:
    """What an adapter says on purpose is not said otherwise."""
    error = BadKeyError("an id that cannot be")

    assert translate(error) is error


@pytest.mark.parametrize("bug", [KeyError("x"), TypeError("x")])
def test_a_bug_stays_a_bug(bug: Exception) -> None:
    """What no vendor can have caused is raised, not made into a vendor's failure."""
    with pytest.raises(type(bug)) as caught:
        translate(bug)

    assert caught.value is bug


def test_reads_that_fail_together_fail_as_the_first() -> None:
    """What a task group raises is one failure of the vendor's."""
    group = ExceptionGroup("two reads", [status(503), httpx.ReadError(URL)])

    assert translate(ExceptionGroup("nested", [group])).reason == "failing (503)"


@pytest.mark.row("A13")
@pytest.mark.parametrize(
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
def test_when_to_ask_again_is_told_in_seconds(header: str | None, seconds: float | None) -> None:
    """Written as a number or as a date in any of HTTP's three forms; five minutes at most, nonsense is nothing."""
    headers = httpx.Headers([] if header is None else [(b"Retry-After", header.encode())])
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert retry_after_seconds(headers, now) == seconds


@pytest.mark.row("A13")
@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.text(max_size=60), st.from_regex(LIKE_A_DATE, fullmatch=True), st.integers().map(str)))
def test_whatever_a_header_says_is_a_short_wait_or_none(text: str) -> None:
    """A thousand headers, dates and nonsense: none is an error, and none has anybody wait for ever."""
    found = retry_after_seconds(httpx.Headers([(b"Retry-After", text.encode("utf-8", "surrogatepass"))]))

    assert found is None or 0 <= found <= MAX_RETRY_AFTER_SECONDS


@pytest.mark.parametrize("code", [429, 503])
def test_a_status_that_means_later_says_when(code: int) -> None:
    """Throttled or down, the error carries the vendor's own word on it."""
    assert translate(status(code, {"Retry-After": "7"})).retry_after == 7.0


def test_the_family_is_drawn_as_a_tree() -> None:
    """The module's docstring names every member."""
    members = {
        name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, AdapterError)
    }

    assert not [name for name in members if name not in (errors.__doc__ or "")]
