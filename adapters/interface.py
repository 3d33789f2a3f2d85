"""
What an adapter knows about the interface of its vendor's server: the standard, the credentials, the pages.

`student-graph scorecard` and `SourceStatus.scorecard` show it. None of it is about a student.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import httpx


class AuthenticationScheme(Enum):
    """How requests to a vendor are authenticated."""

    OAUTH2_CLIENT_CREDENTIALS = "OAuth 2.0 client credentials: tokens that expire and are renewed"
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
    """Most rows that the adapter asks for in one page; None if that is not known."""
    states_changes: bool | None = None
    """Whether the server publishes a version of its data (`Adapter.version`); None if that is not known yet."""


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
