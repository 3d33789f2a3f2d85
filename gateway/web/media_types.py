"""Media types of GraphQL over HTTP: which one a request body has, and which one its response gets."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
MULTIPART = "multipart/mixed"
EVENT_STREAM = "text/event-stream"
RESPONSE_TYPES = (GRAPHQL, JSON)
"""Media types of a response in one part, the preferred one first."""


class PartsFormat(Enum):
    """A format of a response in several parts; the value is the parameter of `multipart/mixed` that names it."""

    NEWEST = ""
    """The newest, for clients that name none."""
    V0_2 = "incrementalSpec=v0.2"
    """Parts refer to what is `pending` by an id; graphql-js 17 and graphql-core 3.3 send it. It is the newest."""
    V2022 = "deferSpec=20220824"
    """Parts have the path and the label of their fragment; Apollo's clients know it."""

    @property
    def content_type(self) -> str:
        """The `Content-Type` of a response in this format."""
        return f'{MULTIPART}; boundary="-"' + (f"; {self.value}" if self.value else "")


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
        return JSON if parts_format(accept) is not None else None
    named = {range_.name for range_ in ranges if range_.weight > 0}
    preferred = [media_type for media_type in RESPONSE_TYPES if quality[media_type] == best]
    return next((media_type for media_type in preferred if media_type in named), preferred[-1])


@lru_cache(maxsize=256)
def prefers_events(accept: str) -> bool:
    """Whether an `Accept` header names a stream of events, and prefers it to every response in one part."""
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    weight = max((range_.weight for range_ in ranges if range_.name == EVENT_STREAM), default=0.0)
    return weight > max(_quality(media_type, ranges) for media_type in RESPONSE_TYPES)


@lru_cache(maxsize=256)
def parts_format(accept: str) -> PartsFormat | None:
    """
    Choose the format of a response in several parts by an `Accept` header; None if the client accepts none.

    A range with a parameter matches only the format that the parameter names (RFC 9110 §12.5.1).
    """
    ranges = [range_ for range_ in map(_media_range, accept.split(",")) if range_.name == MULTIPART]
    weights = {
        known: max((range_.weight for range_ in ranges if range_.parameter == known.value.lower()), default=0.0)
        for known in PartsFormat
    }
    best = max(PartsFormat, key=lambda known: weights[known])
    return best if weights[best] > 0 else None


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


class _MediaRange(NamedTuple):
    """One range of an `Accept` header, in lower case."""

    name: str
    weight: float
    """From 0 to 1; an unreadable weight counts as 0."""
    parameter: str
    """Its parameters without weight and boundary, such as `deferspec=20220824`; empty if it has none."""


def _media_range(text: str) -> _MediaRange:
    """Parse a media range."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    others = [part.replace('"', "") for part in parameters if not part.startswith(("q=", "boundary="))]
    try:
        number = min(max(float(weight), 0.0), 1.0)
    except ValueError:
        number = 0.0
    return _MediaRange(name, number, ";".join(filter(None, others)))


def _quality(media_type: str, ranges: list[_MediaRange]) -> float:
    """Return the weight of the most specific range that matches a media type; 0 if none does."""
    for pattern in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if weights := [range_.weight for range_ in ranges if range_.name == pattern]:
            return max(weights)
    return 0.0
