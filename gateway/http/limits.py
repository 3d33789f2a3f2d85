"""What vendors say in headers of how much they will still answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS

BUCKET = 100.0
"""Units left of a cost bucket (Canvas' holds 700 and runs empty at 10 a second) below which we slow down."""
LOW = 0.2
"""Share of a number of requests below which we slow down."""
_EPOCH = 1_000_000_000
"""A reset that is larger is an instant, not a number of seconds: vendors write both."""
_PART = re.compile(r"\b([rtq])=(\d{1,9})\b")


class Allowance(NamedTuple):
    """What is left."""

    share: float
    """Of what we usually do at once: 1 when there is plenty, 0 when there is nothing."""
    pause: float
    """Seconds until there is more, when there is nothing."""


def allowance(headers: httpx.Headers, wall: Callable[[], float] = time.time) -> Allowance | None:
    """
    What an answer's headers say is left; None when they say nothing that can be understood.

    Read are Canvas' `X-Rate-Limit-Remaining` (cost units), `RateLimit` and `RateLimit-*` (draft-ietf-httpapi-
    ratelimit-headers) and the older `X-RateLimit-*`.
    """
    if b"rate" not in b" ".join([name for name, _ in headers.raw]).lower():
        return None
    cost = _number(headers.get("x-rate-limit-remaining"))
    if cost is not None:
        return Allowance(min(cost / BUCKET, 1.0), 1.0 if cost <= 0 else 0.0)
    parts = {name: float(text) for name, text in _PART.findall(headers.get("ratelimit", ""))}
    left = parts.get("r", _of(headers, "remaining"))
    if left is None:
        return None
    policy = dict(_PART.findall(headers.get("ratelimit-policy", "")))
    most = _of(headers, "limit") or (float(policy["q"]) if "q" in policy else None)
    reset = parts.get("t", _of(headers, "reset")) or 0.0
    reset = reset - wall() if reset > _EPOCH else reset
    share = min(left / (most * LOW), 1.0) if most else float(left > 0)
    return Allowance(share, min(max(reset, 1.0), MAX_RETRY_AFTER_SECONDS) if left <= 0 else 0.0)


def _of(headers: httpx.Headers, name: str) -> float | None:
    found = headers.get(f"ratelimit-{name}") or headers.get(f"x-ratelimit-{name}")
    return _number((found or "").partition(",")[0].partition(";")[0])


def _number(text: str | None) -> float | None:
    """A number of at most 12 digits; None for anything else."""
    found = re.fullmatch(r"\s*(-?\d{1,12}(?:\.\d{1,9})?)\s*", text or "")
    return float(found[1]) if found else None
