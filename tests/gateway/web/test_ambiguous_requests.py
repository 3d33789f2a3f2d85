"""A request that two readers could understand in two ways is refused: what is checked must be what is executed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from student_graph.gateway.web.request import (
    DUPLICATE_NAME_MESSAGE,
    NUL_MESSAGE,
    BadRequestError,
    parse_body,
    parse_query_string,
)

TEXTS = st.text(alphabet='ab:"\\{},é', max_size=4)
Pairs = list[tuple[str, Any]]


class Members(Pairs):
    """The members of a JSON object as they are sent: two may have the same name."""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(TEXTS, inner), max_size=3).map(Members),
    max_leaves=12,
)


def to_json(value: Any) -> str:
    """Return a value as JSON, with all members of its objects."""
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(name)}:{to_json(member)}" for name, member in value) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(to_json, value))}]"
    return json.dumps(value)


def has_duplicate_name(value: Any) -> bool:
    """Whether an object in a value has two members of the same name."""
    if isinstance(value, Members):
        names = {name for name, _ in value}
        return len(names) < len(value) or any(has_duplicate_name(member) for _, member in value)
    return isinstance(value, list) and any(map(has_duplicate_name, value))


def refusal(body: str) -> str | None:
    """Return why a body is refused; None if it is accepted."""
    try:
        parse_body(body.encode())
    except BadRequestError as error:
        return error.message
    return None


@pytest.mark.row("G20")
@given(VALUES)
@example(Members([("a", 1), ("a", 1)]))
@example(Members([('a":"', 1), ("a", ':"')]))
def test_an_object_with_two_members_of_one_name_is_refused(value: Any) -> None:
    """This holds at every depth and for every spelling of the name; all other values are accepted."""
    body = to_json(Members([("query", "{ a }"), ("variables", Members([("v", value)]))]))
    assert refusal(body) == (DUPLICATE_NAME_MESSAGE if has_duplicate_name(value) else None)


@pytest.mark.row("G20")
@pytest.mark.parametrize("body", [
    '{"query": "{ a }", "query": "{ b }"}',
    '{"query": "{ a }", "qu\\u0065ry": "{ b }"}',
    '{"query": "{ a }", "extensions": {}, "extensions": {}}',
])  # fmt: skip
def test_a_request_with_two_queries_is_refused(body: str) -> None:
    """Escapes do not hide that two names are the same."""
    assert refusal(body) == DUPLICATE_NAME_MESSAGE


@pytest.mark.row("G20")
@pytest.mark.parametrize(
    "query", ['{ a(b: "\\u0000") }', '{ a(b: "x\\u{0}") }', '{ a(b: "\\u{000}") }', "{ a }\0"]
)
def test_nul_is_refused_in_documents(query: str) -> None:
    """Every spelling that GraphQL has for NUL is refused."""
    assert refusal(json.dumps({"query": query})) == NUL_MESSAGE


@pytest.mark.row("G20")
def test_nul_is_refused_in_variables() -> None:
    """In some vendors' systems a text ends at NUL, so that they would read another name."""
    assert refusal(json.dumps({"query": "{ a }", "variables": {"name": "An\0a"}})) == NUL_MESSAGE
    assert refusal(json.dumps({"query": "{ a }", "variables": {"name": "u0000 \\ {0}"}})) is None


@pytest.mark.row("G20")
@pytest.mark.parametrize(("query_string", "message"), [
    ("query={a}&variables={%22b%22:1,%22b%22:2}", DUPLICATE_NAME_MESSAGE),
    ("query={a}&variables={%22b%22:%22%5Cu0000%22}", NUL_MESSAGE),
    ("query={a%00}", NUL_MESSAGE),
    ("query={a(b:%22%5Cu{0}%22)}", NUL_MESSAGE),
])  # fmt: skip
def test_an_ambiguous_query_string_is_refused_too(query_string: str, message: str) -> None:
    """The same rules apply to queries by GET."""
    with pytest.raises(BadRequestError) as caught:
        parse_query_string(query_string.encode())
    assert caught.value.message == message
