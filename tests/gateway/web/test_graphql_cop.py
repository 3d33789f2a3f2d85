"""The twelve checks of graphql-cop (https://github.com/dolevf/graphql-cop), each as a test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from student_graph.gateway.config.sections import ServerConfig
from student_graph.gateway.server.service import Service
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import client_for
from tests.gateway.small_district import Ledger, district

pytestmark = pytest.mark.row("M08")
HEADERS = {"Authorization": "Bearer head"}
QUERY = "query cop { __typename }"


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a gateway with the defaults of `serve`: no introspection and no GraphiQL."""
    with client_for(Service([district(Ledger())], VIEWERS, introspection=False).app()) as client:
        client.headers.update(HEADERS)
        yield client


def refused(http: httpx.Client, query: str) -> bool:
    """Whether the response to a query has errors and no data."""
    response = http.post("/graphql", json={"query": query}).json()
    return "errors" in response and "data" not in response


def test_alias_overloading(http: httpx.Client) -> None:
    """101 aliases of one field are refused."""
    assert refused(http, "query cop { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }")


def test_array_based_query_batching(http: httpx.Client) -> None:
    """Ten queries in one request are refused."""
    assert http.post("/graphql", json=[{"query": QUERY}] * 10).status_code == 400


def test_directive_overloading(http: httpx.Client) -> None:
    """A field with ten directives of an unknown name is refused, and one with a hundred of a known name."""
    assert refused(http, "query cop { __typename " + "@aa" * 10 + " }")
    assert refused(http, "query cop { __typename " + "@include(if: true) " * 100 + " }")


def test_circular_query_introspection(http: httpx.Client) -> None:
    """A query for types within fields within types is refused."""
    inner = "types { fields { type { fields { type { fields { type { name } } } } } } }"
    assert refused(http, f"query cop {{ __schema {{ {inner} }} }}")


def test_field_duplication(http: httpx.Client) -> None:
    """The same field 500 times would be executed once, but the document is over the limits."""
    assert refused(http, "query cop { " + "__typename \n" * 500 + " }")


@pytest.mark.parametrize("query", [QUERY, "mutation cop { __typename }"])
def test_queries_and_mutations_by_get(http: httpx.Client, query: str) -> None:
    """Neither a query nor a mutation by GET is executed."""
    assert http.get("/graphql", params={"query": query}).status_code == 405


def test_introspection(http: httpx.Client) -> None:
    """Introspection is off, also by `__type` and within a fragment."""
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        assert refused(http, f"query cop {query}")
    assert refused(http, "{ ...F } fragment F on Query { __schema { queryType { name } } }")
    error = http.post("/graphql", json={"query": "{ __schema { queryType { name } } }"}).json()["errors"][0]
    assert error["message"].startswith(
        "Introspection is disabled here; the schema is published as schema.graphql,"
    )


@pytest.mark.parametrize("path", ["/graphql", "/graphiql", "/playground", "/console", "/graphql-explorer"])
def test_graphiql_and_playground(http: httpx.Client, path: str) -> None:
    """A browser gets no page."""
    response = http.get(path, headers={"Accept": "text/html"})
    assert response.status_code in {404, 405, 406}
    assert "graphiql" not in response.text.lower()


def test_post_with_a_form(http: httpx.Client) -> None:
    """The media types that a page of another site can send without permission (CORS) are refused."""
    for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        response = http.post("/graphql", content=f"query={QUERY}", headers={"Content-Type": media})
        assert response.status_code == 415


def test_trace_mode(http: httpx.Client) -> None:
    """A response contains no tracing, also if the client requests it."""
    headers = {"apollo-tracing": "1", "X-Apollo-Tracing": "1"}
    response = http.post("/graphql", json={"query": QUERY}, headers=headers)
    assert set(response.json()["extensions"]) == {"sources"}


def test_unhandled_errors(http: httpx.Client) -> None:
    """The response to a wrong document shows no exception and no traceback."""
    response = http.post("/graphql", json={"query": "qwerty cop { abc }"})
    assert response.status_code < 500
    assert not [word for word in ("exception", "traceback", "stack", ".py") if word in response.text.lower()]


def test_field_suggestions(http: httpx.Client) -> None:
    """An error suggests no names of the schema."""
    response = http.post("/graphql", json={"query": "query cop { viewr { role } }"})
    assert "did you mean" not in response.text.lower()


@pytest.mark.row("M05")
def test_serve_has_these_defaults() -> None:
    """Introspection, GraphiQL, queries by GET, `@defer` and federation are off unless settings switch them on."""
    server = ServerConfig()
    assert (server.introspection, server.graphiql, server.get_queries, server.defer) == (False,) * 4
    assert not server.federation
