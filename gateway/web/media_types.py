"""Media types of GraphQL over HTTP: which one a request body has, and which one its response gets."""

from __future__ import annotations

from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
MULTIPART = "multipart/mixed"
RESPONSE_TYPES = (GRAPHQL, JSON)
"""Media types of a response in one part, the preferred one first."""


@lru_cache(maxsize=256)
def negotiate(accept: str) -> str | None:
    """
    Choose a response's media type by the request's `Accept` header; None if the client accepts none of them.

    Without a preference it is `application/json`, which every client can read.
    """
    if not accept.strip():
        return JSON
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    quality = {media_type: _quality(media_type, ranges) for media_type in RESPONSE_TYPES}
    best = max(quality.values())
    if best <= 0:
        return JSON if accepts_multipart(accept) else None
    named = {name for name, weight in ranges if weight > 0}
    preferred = [media_type for media_type in RESPONSE_TYPES if quality[media_type] == best]
    return next((media_type for media_type in preferred if media_type in named), preferred[-1])


def accepts_multipart(accept: str) -> bool:
    """Whether an `Accept` header allows a response in several parts."""
    return any(name == MULTIPART and weight > 0 for name, weight in map(_media_range, accept.split(",")))


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a `Content-Type` header says that the body is JSON in UTF-8."""
    name, _, parameters = content_type.partition(";")
    charset = next(
        (
            value
            for part in parameters.split(";")
            for key, _, value in [part.partition("=")]
            if key.strip().lower() == "charset"
        ),
        "utf-8",
    )
    return name.strip().lower() == JSON and charset.strip().strip('"').lower() in {"utf-8", "utf8"}


def _media_range(text: str) -> tuple[str, float]:
    """Parse a media range into its name and weight, from 0 to 1; an unreadable weight counts as 0."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return name, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return name, 0.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that matches a media type; 0 if none does."""
    for pattern in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if weights := [weight for name, weight in ranges if name == pattern]:
            return max(weights)
    return 0.0
