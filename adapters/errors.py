"""
What can stand in place of an answer.

* AdapterError
  - RefusedError       the vendor refused our credentials (401) or this resource (403)
  - UnavailableError   no answer in time, 429, 5xx or no connection; worth asking again
  - PayloadError       the vendor answered with something that its contract does not allow
  - IdentityError      no link, or no certain link, between the district's id and the vendor's
  - NotOfferedError    no configured source answers this, or the vendor lacks the resource
  - BadKeyError        an id that cannot be one; nothing was asked of the vendor
  - ForbiddenError     not this viewer's to see

A message holds a status or the name of a type: never an address, a payload, a token or a name.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

import httpx
import pydantic

MAX_RETRY_AFTER_SECONDS = 300.0
"""Seconds; a vendor that wants to be left alone for longer is asked again by then."""


class AdapterError(Exception):
    """The root of the family; one of these may stand in place of any answer."""

    default_code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False

    def __init__(self, reason: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.source: str | None = None


class RefusedError(AdapterError):
    """The vendor refused our credentials or this resource."""

    default_code = "SOURCE_AUTH"


class UnavailableError(AdapterError):
    """No answer in time, 429, 5xx or no connection; worth asking again."""

    default_code = "SOURCE_UNAVAILABLE"
    retryable = True


class PayloadError(AdapterError):
    """The vendor answered with something that its contract does not allow."""

    default_code = "SOURCE_BAD_RESPONSE"


class IdentityError(AdapterError):
    """No link, or no certain link, between the district's id and the vendor's."""

    default_code = "NO_IDENTITY_LINK"


class NotOfferedError(AdapterError):
    """No configured source answers this, or the vendor lacks the resource."""

    default_code = "NOT_OFFERED"


class BadKeyError(AdapterError):
    """An id that cannot be one; nothing was asked of the vendor."""

    default_code = "BAD_ID"


class ForbiddenError(AdapterError):
    """Not this viewer's to see."""

    default_code = "FORBIDDEN"


def translate(exc: Exception) -> AdapterError:  # noqa: PLR0911 - a table, a line for each cause
    """
    Whatever an adapter raised, as one of the family; the only place where errors are translated.

    Raises:
        Exception: `exc` itself, when it is a bug of the adapter and not something a vendor did.
    """
    match exc:
        case AdapterError():
            return exc
        case ExceptionGroup():
            return translate(exc.exceptions[0])
        case httpx.HTTPStatusError():
            return _status(exc.response)
        case httpx.TimeoutException() | TimeoutError():
            return UnavailableError("no answer in time")
        case httpx.DecodingError() | httpx.RemoteProtocolError():
            return PayloadError(f"unreadable answer ({type(exc).__name__})")
        case httpx.HTTPError():
            return UnavailableError(f"no connection ({type(exc).__name__})")
        case pydantic.ValidationError():
            first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
            malformed = first["type"].startswith("json")
            code = "SOURCE_BAD_RESPONSE" if malformed else "SOURCE_SCHEMA"
            return PayloadError(f"unexpected shape ({first['type']} at {where or 'top'})", code=code)
        case _:
            raise exc


def _status(response: httpx.Response) -> AdapterError:
    """An HTTP status that means failure."""
    status = response.status_code
    match status:
        case 401:
            return RefusedError("credentials refused (401)")
        case 403:
            return RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
        case 429:
            return UnavailableError(
                "rate limited (429)", code="RATE_LIMITED", retry_after=retry_after_seconds(response.headers)
            )
        case 404 | 405 | 501:
            return NotOfferedError(f"not offered by the vendor ({status})")
        case _ if status >= 500:
            return UnavailableError(f"failing ({status})", retry_after=retry_after_seconds(response.headers))
        case _:
            return PayloadError(f"unexpected status ({status})")


def retry_after_seconds(headers: httpx.Headers, now: datetime | None = None) -> float | None:
    """
    Seconds of a `Retry-After`, 0 to 300; None when it is absent or says nothing.

    Vendors write it as a number of seconds or as a date (RFC 9110 §10.2.3); a date that is past means now.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(MAX_RETRY_AFTER_SECONDS if len(text) > 9 else min(int(text), MAX_RETRY_AFTER_SECONDS))
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    # a zone of -0000 is read as none; HTTP knows no other than GMT
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS)
