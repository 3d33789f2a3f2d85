"""The rate-limit headers of vendors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS

LOW_COST_UNITS = 100.0
"""Remaining units of a cost bucket below which we slow down (Canvas: holds 700, refills by 10 a second)."""
LOW_REQUEST_SHARE = 0.2
"""Remaining share of a number of requests below which we slow down."""
_MIN_TIMESTAMP = 1_000_000_000
"""A reset above this is a Unix timestamp, below it a number of seconds: vendors send both."""
_PARAMETER = re.compile(r"\b([rtq])=(\d{1,9})\b")


class RateLimit(NamedTuple):
    """What a vendor's rate limit leaves."""

    share: float
    """The share of our usual concurrency: 1 if much of the limit is left, 0 if nothing is left."""
    pause_seconds: float
    """Seconds until the limit resets, if nothing is left; else 0."""


def parse_rate_limit(headers: httpx.Headers, wall_clock: Callable[[], float] = time.time) -> RateLimit | None:
    """
    The rate limit that a response's headers report; None if they report none that can be parsed.

    Understands Canvas' `X-Rate-Limit-Remaining` (cost units), `RateLimit` and `RateLimit-*` (draft-ietf-httpapi-
    ratelimit-headers) and the older `X-RateLimit-*`.
    """
    if b"rate" not in b" ".join([name for name, _ in headers.raw]).lower():
        return None
    cost = _parse_number(headers.get("x-rate-limit-remaining"))
    if cost is not None:
        return RateLimit(min(cost / LOW_COST_UNITS, 1.0), 1.0 if cost <= 0 else 0.0)
    limits = {name: float(text) for name, text in _PARAMETER.findall(headers.get("ratelimit", ""))}
    left = limits.get("r", _number_header(headers, "remaining"))
    if left is None:
        return None
    policy = dict(_PARAMETER.findall(headers.get("ratelimit-policy", "")))
    quota = _number_header(headers, "limit") or (float(policy["q"]) if "q" in policy else None)
    reset = limits.get("t", _number_header(headers, "reset")) or 0.0
    reset = reset - wall_clock() if reset > _MIN_TIMESTAMP else reset
    share = min(left / (quota * LOW_REQUEST_SHARE), 1.0) if quota else float(left > 0)
    return RateLimit(share, min(max(reset, 1.0), MAX_RETRY_AFTER_SECONDS) if left <= 0 else 0.0)


def _number_header(headers: httpx.Headers, name: str) -> float | None:
    """The number of `RateLimit-NAME` or `X-RateLimit-NAME`, without parameters; None if there is none."""
    text = headers.get(f"ratelimit-{name}") or headers.get(f"x-ratelimit-{name}")
    return _parse_number((text or "").partition(",")[0].partition(";")[0])


def _parse_number(text: str | None) -> float | None:
    """A number of at most 12 digits; None for anything else."""
    match = re.fullmatch(r"\s*(-?\d{1,12}(?:\.\d{1,9})?)\s*", text or "")
    return float(match[1]) if match else None
