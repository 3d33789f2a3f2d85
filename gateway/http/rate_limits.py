"""The rate-limit headers of vendors."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS

UP_FRONT_COST_UNITS = 50.0
"""Units that Canvas takes for each running request until its cost is known (`request_throttle.up_front_cost`)."""
DEFAULT_COST_UNITS = 0.5
"""Units that a request to Canvas costs, unless the response says it (`X-Request-Cost`)."""
COST_REPORT_SECONDS = 1.0
"""How long a report of Canvas's bucket is used: the bucket refills by 10 units a second."""
LOW_REQUEST_SHARE = 0.2
"""Remaining share of a number of requests below which we slow down."""
_MIN_TIMESTAMP = 1_000_000_000
"""A reset above this is a Unix timestamp, below it a number of seconds: vendors send both."""
_PARAMETER = re.compile(r"\b([rtq])=(\d{1,9})\b")
_NUMBER = re.compile(r"\s*(-?\d{1,12}(?:\.\d{1,30})?(?:e[+-]?\d{1,2})?)\s*")
"""A number of at most 12 digits before the point. Ruby writes as many decimals as a float has, or an exponent."""


class RateLimit(NamedTuple):
    """What a vendor's rate limit leaves."""

    share: float
    """The share of our usual concurrency: 1 if much of the limit is left, 0 if nothing is left."""
    pause_seconds: float
    """Seconds until the limit resets, if nothing is left; else 0."""
    calls: float
    """Calls that the vendor still allows until the reset; below 0 if more were sent."""
    reset_seconds: float
    """Seconds for which `calls` holds."""
    quota: float = 0.0
    """Calls that the vendor allows between two resets; 0 if unknown."""
    more_at_once: float = math.inf
    """How many more requests than now may run at once; infinite if the vendor does not limit it."""


def parse_rate_limit(headers: httpx.Headers, wall_clock: Callable[[], float] = time.time) -> RateLimit | None:
    """
    The rate limit that a response's headers report; None if they report none that can be parsed.

    Understands Canvas' `X-Rate-Limit-Remaining` (cost units), `RateLimit` and `RateLimit-*` (draft-ietf-httpapi-
    ratelimit-headers) and the older `X-RateLimit-*`.
    """
    if b"rate" not in b" ".join([name for name, _ in headers.raw]).lower():
        return None
    units = _parse_number(headers.get("x-rate-limit-remaining"))
    if units is not None:
        return _cost_limit(units, _parse_number(headers.get("x-request-cost")))
    limits = {name: float(text) for name, text in _PARAMETER.findall(headers.get("ratelimit", ""))}
    left = limits.get("r", _number_header(headers, "remaining"))
    if left is None:
        return None
    policy = dict(_PARAMETER.findall(headers.get("ratelimit-policy", "")))
    quota = _number_header(headers, "limit") or (float(policy["q"]) if "q" in policy else None)
    reset = limits.get("t", _number_header(headers, "reset")) or 0.0
    reset = reset - wall_clock() if reset > _MIN_TIMESTAMP else reset
    reset = min(max(reset, 1.0), MAX_RETRY_AFTER_SECONDS)
    share = min(left / (quota * LOW_REQUEST_SHARE), 1.0) if quota else float(left > 0)
    return RateLimit(share, reset if left <= 0 else 0.0, left, reset, quota or 0.0)


def is_throttled(response: httpx.Response) -> bool:
    """Whether a vendor refused a request because there are too many: 429, or 403 with Canvas's bucket empty."""
    if response.status_code == 403:
        units = _parse_number(response.headers.get("x-rate-limit-remaining"))
        return units is not None and units <= 0
    return response.status_code == 429


def _cost_limit(units: float, cost: float | None) -> RateLimit:
    """
    The limit of Canvas's bucket with so many units left, after a request of this cost.

    What is left does not include the units that other running requests have reserved.
    https://github.com/instructure/canvas-lms/blob/master/app/middleware/request_throttle.rb
    """
    more_at_once = float(max(math.floor(units / UP_FRONT_COST_UNITS), 0))
    calls = units / max(cost or 0.0, DEFAULT_COST_UNITS)
    return RateLimit(
        1.0, COST_REPORT_SECONDS if units <= 0 else 0.0, calls, COST_REPORT_SECONDS, 0.0, more_at_once
    )


def _number_header(headers: httpx.Headers, name: str) -> float | None:
    """The number of `RateLimit-NAME` or `X-RateLimit-NAME`, without parameters; None if there is none."""
    text = headers.get(f"ratelimit-{name}") or headers.get(f"x-ratelimit-{name}")
    return _parse_number((text or "").partition(",")[0].partition(";")[0])


def _parse_number(text: str | None) -> float | None:
    """The number in a header; None for anything else."""
    match = _NUMBER.fullmatch(text or "")
    return float(match[1]) if match else None
