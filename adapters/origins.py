"""Where an address points: the scheme, host and port that credentials may be sent to, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from student_graph.adapters.errors import PayloadError

_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port of an address; a default port counts as given."""

    scheme: str
    host: str
    port: int | None


def origin_of(url: object) -> Origin:
    """The origin of an address, given as text or as any URL type."""
    parsed = url if isinstance(url, httpx.URL) else httpx.URL(str(url))
    return Origin(parsed.scheme, parsed.host, parsed.port or _PORTS.get(parsed.scheme))


def resolve_link(home: httpx.URL, link: str) -> httpx.URL:
    """
    An address that a vendor handed us, resolved against the one it came from.

    Raises:
        PayloadError: it is unreadable, holds credentials or leads to another origin; nothing was sent there.
    """
    try:
        target = home.join(link)
    except httpx.InvalidURL:
        raise PayloadError("an address that cannot be read") from None
    if origin_of(target) != origin_of(home) or target.userinfo:
        raise PayloadError("an address on another origin")
    return target
