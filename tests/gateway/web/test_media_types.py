"""Media types: what a client sends, and which of ours it wants."""

from __future__ import annotations

import pytest

from student_graph.gateway.web.media_types import GRAPHQL, JSON, is_json, negotiate


@pytest.mark.parametrize(("accept", "media"), [
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
def test_the_better_liked_media_type_is_sent(accept: str, media: str | None) -> None:
    """By weight, then by what is named; a type that weighs nothing is not sent (RFC 9110, 12.5.1)."""
    assert negotiate(accept) == media


@pytest.mark.parametrize(("content_type", "is_one"), [
    ("application/json", True),
    ("Application/JSON; Charset=UTF-8", True),
    ('application/json;charset="utf-8"', True),
    ("application/json; charset=utf-16", False),
    ("application/jsonx", False),
    ("text/plain; a=application/json", False),
    ("", False),
])  # fmt: skip
def test_a_body_is_json_in_utf8(content_type: str, *, is_one: bool) -> None:
    """Whatever else the header says."""
    assert is_json(content_type) is is_one
