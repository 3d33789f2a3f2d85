"""A request that two readers would read in two ways is refused: what was checked must be what is carried out."""

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
    """An object as it is written: a name may stand twice."""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(TEXTS, inner), max_size=3).map(Members),
    max_leaves=12,
)


def written(value: Any) -> str:
    """JSON of a value, with each member as often as it stands there."""
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(name)}:{written(part)}" for name, part in value) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    return json.dumps(value)


def twice(value: Any) -> bool:
    """Whether an object in a value has a name twice."""
    if isinstance(value, Members):
        return len({name for name, _ in value}) < len(value) or any(twice(part) for _, part in value)
    return isinstance(value, list) and any(map(twice, value))


def refusal(body: str) -> str | None:
    """Why a body is refused; None when it is not."""
    try:
        parse_body(body.encode())
    except BadRequestError as refused:
        return refused.message
    return None


@pytest.mark.row("G20")
@given(VALUES)
@example(Members([("a", 1), ("a", 1)]))
@example(Members([('a":"', 1), ("a", ':"')]))
def test_an_object_that_names_a_member_twice_is_refused(value: Any) -> None:
    """Wherever it stands, however it is spelled, and nothing else is."""
    body = written(Members([("query", "{ a }"), ("variables", Members([("v", value)]))]))
    assert refusal(body) == (DUPLICATE_NAME_MESSAGE if twice(value) else None)


@pytest.mark.row("G20")
@pytest.mark.parametrize("body", [
    '{"query": "{ a }", "query": "{ b }"}',
    '{"query": "{ a }", "qu\\u0065ry": "{ b }"}',
    '{"query": "{ a }", "extensions": {}, "extensions": {}}',
])  # fmt: skip
def test_a_request_that_asks_two_things_is_refused(body: str) -> None:
    """Escapes do not hide that a name is the same."""
    assert refusal(body) == DUPLICATE_NAME_MESSAGE


@pytest.mark.row("G20")
@pytest.mark.parametrize(
    "query", ['{ a(b: "\\u0000") }', '{ a(b: "x\\u{0}") }', '{ a(b: "\\u{000}") }', "{ a }\0"]
)
def test_nul_is_refused_in_documents(query: str) -> None:
    """However GraphQL spells it."""
    assert refusal(json.dumps({"query": query})) == NUL_MESSAGE


@pytest.mark.row("G20")
def test_nul_is_refused_in_variables() -> None:
    """A name with NUL ends early in some vendor's system."""
    assert refusal(json.dumps({"query": "{ a }", "variables": {"name": "An\0a"}})) == NUL_MESSAGE
    assert refusal(json.dumps({"query": "{ a }", "variables": {"name": "u0000 \\ {0}"}})) is None


@pytest.mark.row("G20")
@pytest.mark.parametrize(("parameters", "why"), [
    ("query={a}&variables={%22b%22:1,%22b%22:2}", DUPLICATE_NAME_MESSAGE),
    ("query={a}&variables={%22b%22:%22%5Cu0000%22}", NUL_MESSAGE),
    ("query={a%00}", NUL_MESSAGE),
    ("query={a(b:%22%5Cu{0}%22)}", NUL_MESSAGE),
])  # fmt: skip
def test_an_address_is_read_in_one_way_too(parameters: str, why: str) -> None:
    """Where queries may come by GET."""
    with pytest.raises(BadRequestError) as caught:
        parse_query_string(parameters.encode())
    assert caught.value.message == why
