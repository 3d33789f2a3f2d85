"""Media types: which one a response gets, and which ones a request may have."""

from __future__ import annotations

from student_graph.gateway.web.media_types import GRAPHQL, JSON, is_json, negotiate, prefers_events
from tests.subcases import subcases


@subcases(("accept", "media_type"), [
    ("", JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    (JSON, JSON),
    (GRAPHQL, GRAPHQL),
    (f"{GRAPHQL}, {JSON}", GRAPHQL),
    (f"{JSON}, {GRAPHQL}", GRAPHQL),
    (f"{GRAPHQL};q=0.5, {JSON}", JSON),
    (f"{GRAPHQL};q=0.9, */*;q=0.1", GRAPHQL),
    (f"{JSON};q=0, */*", GRAPHQL),
    (f" {GRAPHQL} ; Q=1 ;charset=utf-8", GRAPHQL),
    ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
    ("text/html", None),
    (f"{JSON};q=0", None),
    (f"{JSON};q=much", None),
    (",,;q=1", None),
])  # fmt: skip
def test_a_response_has_the_media_type_that_the_client_prefers(accept: str, media_type: str | None) -> None:
    """The weight decides, then whether the type is named; a type of weight 0 is never sent (RFC 9110, 12.5.1)."""
    assert negotiate(accept) == media_type


@subcases(("accept", "expected"), [
    ("text/event-stream", True),
    ("Text/Event-Stream;q=0.5", True),
    ("text/event-stream, multipart/mixed", True),
    (f"text/event-stream, {JSON};q=0.9", True),
    (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", False),
    (f"text/event-stream, {JSON}", False),
    ("text/event-stream;q=0", False),
    ("text/*", False),
    ("*/*", False),
    ("", False),
])  # fmt: skip
def test_a_client_gets_events_if_it_prefers_them_to_all_other_types(accept: str, *, expected: bool) -> None:
    """A client that would also take one response, as urql and Apollo say for each query, gets that."""
    assert prefers_events(accept) is expected


@subcases(("content_type", "expected"), [
    ("application/json", True),
    ("Application/JSON; Charset=UTF-8", True),
    ('application/json;charset="utf-8"', True),
    ("application/json; charset=utf-16", False),
    ("application/jsonx", False),
    ("text/plain; a=application/json", False),
    ("", False),
])  # fmt: skip
def test_a_body_is_json_in_utf8(content_type: str, *, expected: bool) -> None:
    """Case and other parameters of the header do not matter."""
    assert is_json(content_type) is expected
