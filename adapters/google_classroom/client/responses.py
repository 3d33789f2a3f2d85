"""What the status and the error body of a response mean in Google Classroom."""

from __future__ import annotations

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from student_graph.adapters.errors import RefusedError, rate_limited
from student_graph.adapters.reading import content_of

FORBIDDEN_CODE = "SOURCE_FORBIDDEN"
QUOTA_REASONS = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"}
)
"""Reasons of a 403 that says that there are too many requests, and not that something is forbidden."""
MAX_ERROR_BODY_BYTES = 16 * 1024
"""A larger body is not searched for a reason: Google's error objects are small."""


class _Reason(BaseModel):
    """A reason in an error, in the older or the newer form."""

    model_config = ConfigDict(hide_input_in_errors=True)

    reason: str | None = None


class _Error(BaseModel):
    """An error of Google's APIs."""

    model_config = ConfigDict(hide_input_in_errors=True)

    status: str | None = None
    errors: list[_Reason] = []
    details: list[_Reason] = []


class _ErrorBody(BaseModel):
    """The body of an error response."""

    model_config = ConfigDict(hide_input_in_errors=True)

    error: _Error


def check_status(response: httpx.Response) -> httpx.Response:
    """
    The response itself, unless it is a 403.

    Raises:
        UnavailableError: a 403 for too many requests.
        RefusedError: the administrator may not see it, or a scope is not granted.
    """
    if response.status_code != httpx.codes.FORBIDDEN:
        return response
    if is_over_quota(response):
        raise rate_limited(response)
    raise RefusedError("access refused (403)", code=FORBIDDEN_CODE)


def is_over_quota(response: httpx.Response) -> bool:
    """Whether the error of a response says that there are too many requests."""
    if len(response.content) > MAX_ERROR_BODY_BYTES:
        return False
    try:
        error = _ErrorBody.model_validate_json(content_of(response)).error
    except ValidationError:
        return False
    reasons = {entry.reason for entry in (*error.errors, *error.details)}
    return error.status == "RESOURCE_EXHAUSTED" or not QUOTA_REASONS.isdisjoint(reasons)
