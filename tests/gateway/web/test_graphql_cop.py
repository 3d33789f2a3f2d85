"""The twelve checks of graphql-cop, as tests of our own: https://github.com/dolevf/graphql-cop."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from student_graph.gateway.config.sections import ServerConfig
from student_graph.gateway.server import Service
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import answering
from tests.gateway.small_district import Ledger, district

pytestmark = pytest.mark.row("M08")
HEADERS = {"Authorization": "Bearer head"}
QUERY = "query cop { __typename }"


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A gateway as `serve` has it: nothing is switched on that is not asked for."""
    with answering(Service([district(Ledger())], VIEWERS, introspection=False).app()) as client:
        client.headers.update(HEADERS)
        yield client


def refused(http: httpx.Client, query: str) -> bool:
    """Whether a query gets no data."""
    answer = http.post("/graphql", json={"query": query}).json()
    return "errors" in answer and "data" not in answer


def test_alias_overloading(http: httpx.Client) -> None:
    """A hundred and one aliases of one field."""
    assert refused(http, "query cop { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }")


def test_array_based_query_batching(http: httpx.Client) -> None:
    """Ten queries in one request."""
    assert http.post("/graphql", json=[{"query": QUERY}] * 10).status_code == 400


def test_directive_overloading(http: httpx.Client) -> None:
    """A field with ten directives of the same name, and one with a hundred."""
    assert refused(http, "query cop { __typename " + "@aa" * 10 + " }")
    assert refused(http, "query cop { __typename " + "@include(if: true) " * 100 + " }")


def test_circular_query_introspection(http: httpx.Client) -> None:
    """Types within fields within types."""
    inner = "types { fields { type { fields { type { fields { type { name } } } } } } }"
    assert refused(http, f"query cop {{ __schema {{ {inner} }} }}")


def test_field_duplication(http: httpx.Client) -> None:
    """Five hundred times the same field is one field to carry out, and more than bounds allow to read."""
    assert refused(http, "query cop { " + "__typename \n" * 500 + " }")


@pytest.mark.parametrize("query", [QUERY, "mutation cop { __typename }"])
def test_queries_and_mutations_by_get(http: httpx.Client, query: str) -> None:
    """Neither is carried out."""
    assert http.get("/graphql", params={"query": query}).status_code == 405


def test_introspection(http: httpx.Client) -> None:
    """Off unless asked for, also by `__type` and within a fragment."""
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        assert refused(http, f"query cop {query}")
    assert refused(http, "{ ...F } fragment F on Query { __schema { queryType { name } } }")
    told = http.post("/graphql", json={"query": "{ __schema { queryType { name } } }"}).json()["errors"][0]
    assert told["message"] == "Introspection is disabled here; the schema is published as schema.graphql."


@pytest.mark.parametrize("path", ["/graphql", "/graphiql", "/playground", "/console", "/graphql-explorer"])
def test_graphiql_and_playground(http: httpx.Client, path: str) -> None:
    """No page for a browser."""
    answer = http.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in {404, 405, 406}
    assert "graphiql" not in answer.text.lower()


def test_post_with_a_form(http: httpx.Client) -> None:
    """What a page elsewhere could send without asking is refused."""
    for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = http.post("/graphql", content=f"query={QUERY}", headers={"Content-Type": media})
        assert answer.status_code == 415


def test_trace_mode(http: httpx.Client) -> None:
    """No tracing in an answer, whoever asks for it."""
    answer = http.post("/graphql", json={"query": QUERY}, headers={"apollo-tracing": "1", "X-Apollo-Tracing": "1"})
    assert set(answer.json()["extensions"]) == {"sources"}


def test_unhandled_errors(http: httpx.Client) -> None:
    """A wrong document shows no exception and no stack."""
    answer = http.post("/graphql", json={"query": "qwerty cop { abc }"})
    assert answer.status_code < 500
    assert not [word for word in ("exception", "traceback", "stack", ".py") if word in answer.text.lower()]


def test_field_suggestions(http: httpx.Client) -> None:
    """No names that the client does not know."""
    answer = http.post("/graphql", json={"query": "query cop { viewr { role } }"})
    assert "did you mean" not in answer.text.lower()


@pytest.mark.row("M05")
def test_the_settings_of_serve_are_those() -> None:
    """Introspection and GraphiQL are off unless they are switched on."""
    server = ServerConfig()
    assert (server.introspection, server.graphiql, server.get_queries, server.defer) == (False,) * 4
