"""A request that two readers could understand in two ways is refused: what is checked must be what is executed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from graphql import GraphQLSyntaxError, StringValueNode, Visitor, parse, visit
from hypothesis import example, given
from hypothesis import strategies as st

from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.load_shedding import LoadShedder
from student_graph.gateway.web.request import (
    DUPLICATE_NAME_MESSAGE,
    NO_QUERY_MESSAGE,
    NUL_MESSAGE,
    BadRequestError,
    RequestHead,
    parse_body,
    parse_query_string,
    repeated_header,
)
from tests.subcases import subcases

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
    assert refusal(json.dumps({"query": "{ a }", "variables": {"An\0a": 1}})) == NUL_MESSAGE
    assert refusal(json.dumps({"query": "{ a }", "variables": {"a": [{"b": ["\0"]}]}})) == NUL_MESSAGE
    assert refusal(json.dumps({"query": "{ a }", "operationName": "\0"})) == NUL_MESSAGE


@pytest.mark.row("G20")
@subcases("text", ["u0000 \\ {0}", "\\u0000", "C:\\u0000.txt", "\\\\u{0}", "\\x00", "%00", "\u2400"])
def test_a_text_that_only_looks_like_nul_is_accepted(text: str) -> None:
    """JSON is decoded once: what is then a backslash, a letter and zeros is no NUL to anybody."""
    body = {"query": "{ a }", "variables": {text: [text]}, "operationName": text}
    assert refusal(json.dumps(body)) is None
    assert parse_body(json.dumps(body).encode()).variables == {text: [text]}


@pytest.mark.row("G20")
@subcases("escape", ["\\u005cu0000", "\\u005c\\u0075{0}", "\\\\u0000", "\\u005C\\u00750000", "\\\\u\\u007b00}"])
def test_nul_behind_the_escapes_of_json_is_refused(escape: str) -> None:
    """The document is what JSON decodes to, and there the escape is one of GraphQL."""
    assert refusal(f'{{"query": "{{ a(b: \\"{escape}\\") }}"}}') == NUL_MESSAGE


class _Strings(Visitor):
    """Collects the values of the strings in a document."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        """Collect a value."""
        self.values.append(node.value)


@pytest.mark.row("G20")
@given(
    st.lists(
        st.sampled_from(['"', '"""', "\\", "\\\\", '\\"', "u0000", "u{0}", "\\u0000", "#", "\n", "a", " "]),
        max_size=9,
    )
)
@example(['"""', "\\u0000", '"""'])
@example(["#", "\\u0000", "\n"])
def test_a_document_is_refused_if_and_only_if_one_of_its_strings_holds_nul(parts: list[str]) -> None:
    """The independent check is the parser's: what it reads as the value of a string. Comments may say anything."""
    document = f"{{ a(b: [ {''.join(parts)} ]) }}"
    try:
        parsed = parse(document)
    except GraphQLSyntaxError:
        return
    strings = _Strings()
    visit(parsed, strings)
    expected = NUL_MESSAGE if any("\0" in value for value in strings.values) else None
    assert refusal(json.dumps({"query": document})) == expected


@pytest.mark.parametrize("body", [
    '{"query": "{ a }", "variables": {"b": "\\ud800"}}',
    '{"query": "{ a }", "variables": {"\\udfff": 1}}',
    '{"query": "{ a }", "operationName": "\\ud83d"}',
])  # fmt: skip
def test_half_of_a_surrogate_pair_is_refused(body: str) -> None:
    """It is no character; no vendor and no log could store it."""
    assert refusal(body) == NO_QUERY_MESSAGE


@pytest.mark.parametrize(
    "name", ["Authorization", "Student-Graph-Break-Glass", "Student-Graph-Purpose", "Content-Type", "Host"]
)
@pytest.mark.parametrize("path", ["/graphql", "/break-glass", "/cache/purge"])
async def test_a_header_that_says_who_asks_is_sent_once(name: str, path: str) -> None:
    """With two tokens, one could be checked and another used; the first and the last of them are refused alike."""
    app = GatewayApp(_no_app, _no_app, ["*"], LoadShedder(), graphiql=False)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.example") as client:
        response = await client.post(path, headers=[(name, "a"), (name.lower(), "a")])
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith(f"Send the header {name} once")


async def _no_app(*_: Any) -> None:
    raise AssertionError("the request must not come this far")


def test_a_list_in_several_headers_is_one_list() -> None:
    """A client may send each part of `Accept` and `Cache-Control` in a header of its own."""
    headers = [(b"cache-control", b"max-age=60"), (b"accept", b"text/html"), (b"cache-control", b"no-cache")]
    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
    head = RequestHead.of(scope)
    assert (head.headers[b"cache-control"], head.headers[b"accept"]) == ("max-age=60, no-cache", "text/html")
    assert repeated_header(scope) is None


@pytest.mark.row("G20")
@subcases(("query_string", "message"), [
    ("query={a}&variables={%22b%22:1,%22b%22:2}", DUPLICATE_NAME_MESSAGE),
    ("query={a}&variables={%22b%22:%22%5Cu0000%22}", NUL_MESSAGE),
    ("query={a(b:%22%5Cu0000%22)}", NUL_MESSAGE),
    ("query={a%00}", NUL_MESSAGE),
    ("query={a(b:%22%5Cu{0}%22)}", NUL_MESSAGE),
])  # fmt: skip
def test_an_ambiguous_query_string_is_refused_too(query_string: str, message: str) -> None:
    """The same rules apply to queries by GET."""
    with pytest.raises(BadRequestError) as caught:
        parse_query_string(query_string.encode())
    assert caught.value.message == message
