"""
Errors of the adapter kit. An error can take the place of any answer.

* AdapterError
  - RefusedError       the vendor refused the credentials (401) or the resource (403)
  - UnavailableError   timeout, 429, 5xx or no connection; a later request may succeed
  - PayloadError       the vendor's response breaks the vendor's own contract
    - BodyTooLargeError  the response is larger than the gateway reads; a page with fewer rows is smaller
  - IdentityError      the district's id and the vendor's id have no link, or no certain link
  - NotOfferedError    no configured source offers the lookup, or the vendor lacks the resource
  - BadKeyError        the key is not a possible id; nothing was sent to the vendor
  - ForbiddenError     the viewer may not see this

A message holds a status or the name of a type. It never holds an address, a payload, a token or a person's name.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

import httpx
import pydantic

DEFAULT_RETRY_AFTER_SECONDS = 5.0
"""Wait that is assumed after too many requests without a readable `Retry-After`."""
MAX_RETRY_AFTER_SECONDS = 300.0
"""Maximum wait that a vendor's `Retry-After` can ask for; a longer one is shortened to it."""
WRONG_KEY_REASON = "an answer about another key"
"""The reason of the error for an answer to another request, from a connection that is out of step."""


class AdapterError(Exception):
    """
    Base class of all errors of the kit.

    `code` is the error code that clients see; `retry_after` is in seconds; the gateway sets `source`.
    """

    default_code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later."""

    def __init__(self, reason: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.source: str | None = None


class RefusedError(AdapterError):
    """The vendor refused the credentials (401) or the resource (403)."""

    default_code = "SOURCE_AUTH"


class UnavailableError(AdapterError):
    """Timeout, 429, 5xx or no connection; a later request may succeed."""

    default_code = "SOURCE_UNAVAILABLE"
    retryable = True


class PayloadError(AdapterError):
    """The vendor's response breaks the vendor's own contract."""

    default_code = "SOURCE_BAD_RESPONSE"


class BodyTooLargeError(PayloadError):
    """The response is larger than the gateway reads; a page with fewer rows is smaller."""


class IdentityError(AdapterError):
    """The district's id and the vendor's id have no link, or no certain link."""

    default_code = "NO_IDENTITY_LINK"


class NotOfferedError(AdapterError):
    """No configured source offers the lookup, or the vendor lacks the resource."""

    default_code = "NOT_OFFERED"


class BadKeyError(AdapterError):
    """The key is not a possible id; nothing was sent to the vendor."""

    default_code = "BAD_ID"


class ForbiddenError(AdapterError):
    """
    The viewer may not see this.

    `sensitivity` names the class of data whose grant is missing; `purpose` is one with which the viewer has the
    grant; `limited` says that the viewer has it for other students. Each depends on the viewer's grants alone.
    """

    default_code = "FORBIDDEN"

    def __init__(
        self, reason: str, *, sensitivity: str | None = None, purpose: str | None = None, limited: bool = False
    ) -> None:
        super().__init__(reason)
        self.sensitivity, self.purpose, self.limited = sensitivity, purpose, limited


def another_object() -> PayloadError:
    """The error for rows of another object than was requested; the gateway then drops its connections."""
    return PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")


def listed_and_unknown(kind: str = "an object") -> PayloadError:
    """The error for an object that the vendor lists itself, and does not know when it is asked for it."""
    return PayloadError(f"{kind} that is listed and not known", code="SOURCE_SCHEMA")


def translate(exc: Exception) -> AdapterError:  # noqa: PLR0911 - a table with one return for each cause
    """
    Turn an exception of an adapter into an `AdapterError`. This is the only place that translates errors.

    The error takes the place of an answer and may be cached for minutes: it comes without a traceback, whose
    frames would keep everything that the lookup held.

    Raises:
        Exception: `exc` itself, if the cause is a bug of the adapter and not the vendor.
    """
    match exc:
        case AdapterError():
            exc.__cause__ = exc.__context__ = None
            return exc.with_traceback(None)
        case ExceptionGroup():
            exc.__traceback__ = None  # it refers to a frame of `asyncio.TaskGroup` that holds the group
            return translate(exc.exceptions[0])
        case httpx.HTTPStatusError():
            return _status(exc.response)
        case httpx.TimeoutException() | TimeoutError():
            return UnavailableError("no answer in time")
        case httpx.DecodingError() | httpx.RemoteProtocolError():
            return PayloadError(f"unreadable response ({type(exc).__name__})")
        case httpx.HTTPError():
            return UnavailableError(f"no connection ({type(exc).__name__})")
        case pydantic.ValidationError():
            first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
            path = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
            malformed = first["type"].startswith("json")
            code = "SOURCE_BAD_RESPONSE" if malformed else "SOURCE_SCHEMA"
            return PayloadError(f"unexpected shape ({first['type']} at {path or 'top'})", code=code)
        case _:
            raise exc


def _status(response: httpx.Response) -> AdapterError:
    """The error for an HTTP status that means failure."""
    status = response.status_code
    match status:
        case 401:
            return RefusedError("credentials refused (401)")
        case 403:
            return RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
        case 429:
            return rate_limited(response)
        case 404 | 405 | 501:
            return NotOfferedError(f"not offered by the vendor ({status})")
        case _ if status >= 500:
            return UnavailableError(f"failing ({status})", retry_after=retry_after_seconds(response.headers))
        case _:
            return PayloadError(f"unexpected status ({status})")


def rate_limited(response: httpx.Response) -> UnavailableError:
    """The error for a response that says that there are too many requests: a 429, or a 403 of some vendors."""
    seconds = retry_after_seconds(response.headers)
    return UnavailableError(
        f"rate limited ({response.status_code})",
        code="RATE_LIMITED",
        retry_after=DEFAULT_RETRY_AFTER_SECONDS if seconds is None else seconds,
    )


def retry_after_seconds(headers: httpx.Headers, now: datetime | None = None) -> float | None:
    """
    Seconds to wait according to the `Retry-After` header, 0 to 300; None if it is absent or unreadable.

    The header holds a number of seconds or a date (RFC 9110 §10.2.3). A date in the past means 0.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(MAX_RETRY_AFTER_SECONDS if len(text) > 9 else min(int(text), MAX_RETRY_AFTER_SECONDS))
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    # Python parses the zone -0000 as no zone; all HTTP dates are in GMT.
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS)
