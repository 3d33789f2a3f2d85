"""What clients' libraries read in errors of a request: codes, suggestions, and the words of persisted queries."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import Any

import httpx
import pytest
import strawberry

from student_graph.gateway.documents.limits import LimitChecker
from student_graph.gateway.documents.store import MAX_VALIDATION_ERRORS, DocumentStore
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.runner import MAX_VARIABLE_ERRORS
from student_graph.resolvers.schema import core_schema
from tests.gateway.graph import ADMISSION, TOKEN, start_operation
from tests.gateway.servers import client_for
from tests.subcases import subcases


@strawberry.enum
class Level(Enum):
    """A grade level."""

    NINTH = "ninth"


@strawberry.input
class Filter:
    """Conditions."""

    name: str | None = None
    level: Level | None = None


@strawberry.type
class Query:
    """The query type."""

    @strawberry.field
    def student(self, filter: Filter | None = None) -> str:
        """A student's name."""
        return "Ada"


CORE = core_schema(strawberry.Schema(Query))
TRUSTED_TEXT = "{ trusted: student }"
DOCUMENT = "{ student }"


def ask(query: str | None = None, *, store: DocumentStore | None = None, **members: Any) -> httpx.Response:
    """Send a request to a view over some documents."""
    view = GraphQLView(strawberry.Schema(Query), ADMISSION, start_operation, store)
    body = {"query": query, **members} if query is not None else members
    with client_for(view) as client:
        return client.post("/graphql", json=body, headers=TOKEN)


def error_of(response: httpx.Response) -> tuple[str, str]:
    """Message and code of the first error of a response without data."""
    content = response.json()
    assert content.get("data") is None
    return content["errors"][0]["message"], content["errors"][0]["extensions"]["code"]


@subcases(
    ("query", "members", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nobody }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { student } query B { student }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("query A { student }", {"operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ("mutation { student }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("query($f: Filter) { student(filter: $f) }", {"variables": {"f": 7}}, "BAD_INPUT"),
        ("query($f: Filter!) { student(filter: $f) }", {}, "BAD_INPUT"),
        ("{ student }", {"variables": []}, "BAD_REQUEST"),
    ],
)
def test_every_mistake_of_a_client_has_a_code(query: str, members: dict[str, Any], code: str) -> None:
    """The codes of documents are those of Apollo's servers, which clients' libraries know."""
    assert error_of(ask(query, **members))[1] == code


def persisted(text: str) -> dict[str, Any]:
    """The members of the first request of a client of automatic persisted queries."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}}


@pytest.mark.parametrize(
    ("trusted", "only", "error"),
    [
        ({}, False, ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")),
        (
            {sha256(TRUSTED_TEXT.encode()).hexdigest(): TRUSTED_TEXT},
            False,
            ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"),
        ),
    ],
)
def test_a_client_of_persisted_queries_learns_to_send_the_text(
    trusted: dict[str, str], only: bool, error: tuple[str, str]
) -> None:
    """Apollo's clients and urql know the message and the code, and send hash and text in the second request."""
    store = DocumentStore(CORE, trusted, trusted_only=only)
    first, second = ask(store=store, **persisted(DOCUMENT)), ask(DOCUMENT, store=store, **persisted(DOCUMENT))

    assert (first.status_code, error_of(first)) == (200, error)
    assert second.json()["data"] == {"student": "Ada"}
    for text in trusted.values():
        assert ask(store=store, **persisted(text)).json()["data"] == {"trusted": "Ada"}


def test_where_only_trusted_documents_count_the_error_names_the_operator() -> None:
    """The client's text would be refused too, so the error says what to do about it."""
    store = DocumentStore(CORE, {}, trusted_only=True)

    assert error_of(ask(store=store, **persisted(DOCUMENT)))[1] == "UNKNOWN_DOCUMENT"
    assert error_of(ask(store=store, documentId="0" * 64))[1] == "UNKNOWN_DOCUMENT"
    assert error_of(ask(store=DocumentStore(CORE), documentId="0" * 64))[1] == "UNKNOWN_DOCUMENT"


@subcases(
    ("query", "variables", "name"),
    [
        ("{ studend }", {}, "'student'"),
        ("{ student(filtre: null) }", {}, "'filter'"),
        ("query($f: Filtre) { student(filter: $f) }", {}, "'Filter'"),
        ("{ student(filter: {nam: 7}) }", {}, "'name'"),
        ("query($f: Filter) { student(filter: $f) }", {"f": {"nam": "x"}}, "'name'"),
        ("query($f: Filter) { student(filter: $f) }", {"f": {"level": "NINTHS"}}, "'NINTH'"),
    ],
)
def test_similar_names_are_suggested_only_where_introspection_is_on(
    query: str, variables: dict[str, Any], name: str
) -> None:
    """A suggestion reveals names of the schema; with introspection, anyone can read them anyway."""
    open_, closed = (DocumentStore(CORE, limits=LimitChecker(introspection=on)) for on in (True, False))
    suggested, hidden = (error_of(ask(query, store=store, variables=variables))[0] for store in (open_, closed))

    assert "Did you mean" in suggested
    assert name in suggested.partition("Did you mean")[2]
    assert "Did you mean" not in hidden


def test_after_a_handful_of_mistakes_no_more_are_looked_for() -> None:
    """Hundreds of unknown fields, in a document or in a variable: the response names a few of them."""
    fields = "{" + " ".join(f"unknown{n}" for n in range(800)) + "}"
    literal = "{ student(filter: {" + " ".join(f"f{n}: 1" for n in range(400)) + "}) }"
    for text in (fields, literal):
        assert len(ask(text).json()["errors"]) <= MAX_VALIDATION_ERRORS + 1
    many = {"f": {f"unknown{n}": 1 for n in range(800)}}
    response = ask("query($f: Filter) { student(filter: $f) }", variables=many)

    assert len(response.json()["errors"]) <= MAX_VARIABLE_ERRORS + 1
    assert len(response.content) < 4_000


def test_an_operation_may_have_a_description() -> None:
    """GraphQL of September 2025: descriptions of operations, variables and fragments."""
    query = (
        '"""The name."""\nquery A("Which" $f: Filter) { ...F } "Parts" fragment F on Query { student(filter: $f) }'
    )

    assert ask(query).json()["data"] == {"student": "Ada"}
