"""Media types of GraphQL over HTTP: what a client sends, and which of ours it wants back."""

from __future__ import annotations

from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
OURS = (GRAPHQL, JSON)
"""What answers can be, the better one first."""


@lru_cache(maxsize=256)
def wanted(accept: str) -> str | None:
    """
    Which of our media types an `Accept` header prefers; None when it wants neither.

    Without a preference it is `application/json`, which clients of all ages read.
    """
    if not accept.strip():
        return JSON
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    quality = {media: _quality(media, ranges) for media in OURS}
    best = max(quality.values())
    if best <= 0:
        return JSON if takes_parts(accept) else None
    named = {name for name, weight in ranges if weight > 0}
    liked = [media for media in OURS if quality[media] == best]
    return next((media for media in liked if media in named), liked[-1])


def takes_parts(accept: str) -> bool:
    """Whether an `Accept` header allows an answer in several parts."""
    return any(name == "multipart/mixed" and weight > 0 for name, weight in map(_range, accept.split(",")))


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


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight; one that cannot be read weighs nothing."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return name, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return name, 0.0


def _quality(media: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the range that fits a media type best."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if found := [weight for name, weight in ranges if name == pattern]:
            return max(found)
    return 0.0
