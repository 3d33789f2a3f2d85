"""
The interface of a vendor's server: what its adapter knows about it, and what was counted there.

`student-graph scorecard` and the scorecards of the graph show it. None of it names a student.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import httpx


class AuthenticationScheme(Enum):
    """How requests to a vendor are authenticated."""

    OAUTH2_CLIENT_CREDENTIALS = "OAuth 2.0 client credentials: tokens that expire and are renewed"
    OAUTH2_SIGNED_ASSERTION = "OAuth 2.0 with a signed assertion (RFC 7523): tokens that expire and are renewed"
    OAUTH1_SIGNATURE = "OAuth 1.0a: each request is signed with a shared secret"
    BEARER = "a fixed token in each request"
    API_KEY = "a fixed key in a header"
    BASIC = "HTTP Basic: name and password with each request"
    NONE = "none: the server asks for no credentials"
    OTHER = "a scheme of the adapter's own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The interface of a vendor's server, as far as the adapter knows it without another request."""

    standard: str
    """Name of the standard or of the vendor's own API, such as `OneRoster`."""
    version: str | None
    """Version of the standard, such as `1.2`; None as long as it is not known."""
    is_published_standard: bool
    """Whether a standards body publishes it, so that the servers of several vendors speak it."""
    is_declared: bool
    """Whether the server itself states the version; else it is the one in the settings, or of the adapter."""
    product: str | None = None
    """Name and version of the server's software, if it states them."""
    paging: str | None = None
    """How long lists are read in pages, such as `limit and offset`; None if that is not known."""
    page_rows: int | None = None
    """Maximum number of rows that the adapter asks for in one page; None if that is not known."""
    states_changes: bool | None = None
    """Whether the server publishes a version of its data (`Adapter.version`); None if that is not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of a source that reads files, as operators see it. It holds no content of the file."""

    name: str
    """Its name below the source's location; in an archive, the archive's name before it."""
    content: str | None = None
    """What it holds, by the name of its column map; None if it is not known or not read."""
    modified_at: datetime | None = None
    """When it was written, in UTC: as of when its records are. None if it is not served."""
    rows: int | None = None
    """Rows that were read; None if it is not served."""
    unreadable_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows that were left out, by reason."""
    problem: str | None = None
    """Why it is not served, or which lines were left out; None if all of it is served."""


class LookupResult(Enum):
    """What a source answered to a lookup."""

    RECORDS = "records"
    """At least once with records."""
    EMPTY = "empty"
    """Without a record so far."""
    ANSWERED = "answered"
    """With or without records: which of the two is not kept for records whose class of data needs a grant."""
    NOT_THERE = "not there"
    """The server has no such resource."""
    FAILED = "failed"
    """With an error for every key so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCounts:
    """How many students of the district were linked to a source, each counted once."""

    matched: int = 0
    unmatched: int = 0
    conflicted: int = 0

    @property
    def total(self) -> int:
        """Students that were compared."""
        return self.matched + self.unmatched + self.conflicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted about a source. All numbers are since `since`."""

    since: datetime | None = None
    """When counting began; None before the first call."""
    calls: int = 0
    """Requests to the vendor."""
    links: LinkCounts = LinkCounts()
    asks: int = 0
    """Lookups that the source was asked for, however many requests each took."""
    failed_asks: int = 0
    """Lookups that failed for at least one key, other than because the server has no such resource."""
    answers: int = 0
    """Keys that these lookups answered without an error."""
    failures_by_code: Mapping[str, int] = field(default_factory=dict)
    """Failed lookups by error code; one with several codes counts under each."""
    throttled: int = 0
    """Responses by which the vendor asked for fewer requests, also those after which a retry succeeded."""
    results: Mapping[str, LookupResult] = field(default_factory=dict)
    """What each lookup answered, by the name of the lookup."""
    records: int = 0
    """Records that were read, without those whose class of data needs a grant."""
    unreadable_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows that were left out as unreadable, by reason; those whose class of data needs a grant count as one."""
    unmapped_codes: Mapping[str, int] = field(default_factory=dict)
    """Coded values that have no meaning in the graph, by kind and code."""
    served: int = 0
    """Answers that were served from the cache. Responses that are served again as a whole do not count."""
    stale: int = 0
    """Those of them that were stale."""
    oldest_served: timedelta = timedelta(0)
    """Age of the oldest of them."""


def authentication_scheme(auth: httpx.Auth | None) -> AuthenticationScheme:
    """
    The scheme of an adapter's authentication: its attribute `scheme`, if it is not one of httpx.

    A scheme of an adapter's own without that attribute is `OTHER`.
    """
    if auth is None:
        return AuthenticationScheme.NONE
    if isinstance(auth, httpx.BasicAuth):
        return AuthenticationScheme.BASIC
    scheme = getattr(auth, "scheme", None)
    return scheme if isinstance(scheme, AuthenticationScheme) else AuthenticationScheme.OTHER
