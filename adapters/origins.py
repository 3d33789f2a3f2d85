"""Origins: the scheme, host and port to which a source's credentials may be sent."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from student_graph.adapters.errors import PayloadError

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """The scheme, host and port of an address. A missing port is the default port of the scheme."""

    scheme: str
    host: str
    port: int | None


def origin_of(url: object) -> Origin:
    """Return the origin of an address, which may be text or any URL type."""
    parsed = url if isinstance(url, httpx.URL) else httpx.URL(str(url))
    return Origin(parsed.scheme, parsed.host, parsed.port or _DEFAULT_PORTS.get(parsed.scheme))


def resolve_link(base: httpx.URL, link: str) -> httpx.URL:
    """
    Resolve a link from a vendor's response against the address of that response.

    Raises:
        PayloadError: the link is unreadable, holds credentials, or leads to another origin.
    """
    try:
        target = base.join(link)
    except httpx.InvalidURL:
        raise PayloadError("an unreadable address") from None
    if origin_of(target) != origin_of(base) or target.userinfo:
        raise PayloadError("an address on another origin")
    return target
