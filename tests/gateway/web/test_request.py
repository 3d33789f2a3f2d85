"""Methods, media types, trusted documents, malformed requests, and clients that disconnect."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from random import Random

import httpx
import pytest
import strawberry
from starlette.applications import Starlette

from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.load_shedding import LoadShedder
from student_graph.resolvers.schema import core_schema
from tests.gateway.graph import ADMISSION, AUTHENTICATOR, TOKEN, VIEW, Query, start_operation
from tests.gateway.servers import client_for

GRAPHQL = {"Accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of the GraphQL view."""
    with client_for(VIEW) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "status"), [("{ role }", 200), ("{ bus }", 200), ("{", 400), ("{ rolle }", 400)]
)
def test_the_status_says_if_an_operation_was_executed(http: httpx.Client, query: str, status: int) -> None:
    """With GraphQL's own media type, a request error is a 400 without data; a failed field is a 200."""
    response = http.post("/graphql", json={"query": query}, headers={**TOKEN, **GRAPHQL})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert ("data" in response.json()) is (status == 200)


def test_a_client_that_accepts_no_offered_media_type_is_refused(http: httpx.Client) -> None:
    """The status is 406, and the message names the offered media types."""
    response = http.post("/graphql", json={"query": "{ role }"}, headers={**TOKEN, "Accept": "text/html"})

    assert response.status_code == 406
    assert "application/graphql-response+json" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(http: httpx.Client, method: str) -> None:
    """By GET, variables would be part of the URL, which every server on the way may log."""
    response = http.request(method, "/graphql", params={"query": "{ role }"}, headers=TOKEN)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_queries_by_get_are_answered_where_allowed() -> None:
    """GET may send queries with variables, never a mutation; an error names the wrong parameter."""
    view = GraphQLView(strawberry.Schema(Query), Admission(AUTHENTICATOR, get=True), start_operation)
    query = "query R($s: String) { role bus(student: $s) }"
    with client_for(view) as client:
        response = client.get("/graphql", params={"query": query, "variables": '{"s": "1"}'}, headers=TOKEN)
        assert response.json()["data"] == {"role": "teacher", "bus": None}
        mutation = client.get("/graphql", params={"query": "mutation { role }"}, headers={**TOKEN, **GRAPHQL})
        assert (mutation.status_code, "data" in mutation.json()) == (400, False)
        for parameters, problem in (
            ({"query": query, "variables": "{"}, "variables"),
            ({"query": query, "variables": "[]"}, "variables"),
            ({"query": query, "extensions": "7"}, "extensions"),
            ({}, "query"),
        ):
            wrong = client.get("/graphql", params=parameters, headers=TOKEN)
            assert wrong.status_code == 400
            assert problem in wrong.json()["errors"][0]["message"]
        assert client.get("/graphql?query=%FF", headers=TOKEN).status_code == 400


def test_a_trusted_document_is_sent_by_its_hash() -> None:
    """The hash is in `documentId` or where Apollo's clients send it; any other document is refused."""
    schema = strawberry.Schema(Query)
    digest = hashlib.sha256(b"{ role }").hexdigest()
    documents = DocumentStore(core_schema(schema), {digest: "{ role }"}, trusted_only=True)
    view = GraphQLView(schema, ADMISSION, start_operation, documents)
    with client_for(view) as client:
        for body in (
            {"documentId": f"sha256:{digest}"},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}},
            {"query": "{ role }"},
        ):
            response = client.post("/graphql", json=body, headers=TOKEN).json()
            assert response["data"] == {"role": "teacher"}
        refused = client.post("/graphql", json={"query": "{ bus }"}, headers=TOKEN).json()
        assert refused["errors"][0]["extensions"]["code"] == "UNKNOWN_DOCUMENT"


def test_malformed_requests_are_never_a_500(http: httpx.Client) -> None:
    """A thousand bodies with random changes are answered, or refused with a status of 400."""
    random = Random(13)  # noqa: S311 - the same requests each time
    body = b'{"query":"query ($a: String) { bus(student: $a) }","variables":{"a":"1"},"operationName":null}'
    statuses: Counter[int] = Counter()
    for _ in range(1000):
        changed = bytearray(body)
        for _ in range(random.randrange(1, 6)):
            index = random.randrange(len(changed))
            match random.randrange(3):
                case 0:
                    changed[index] = random.randrange(256)
                case 1:
                    del changed[index : index + random.randrange(1, 9)]
                case _:
                    changed[index:index] = bytes(random.choices(b'{}[]",:\\0\xff', k=3))
        response = http.post(
            "/graphql", content=bytes(changed), headers={**TOKEN, **GRAPHQL, "Content-Type": "application/json"}
        )
        statuses[response.status_code] += 1
        assert response.json()["errors"] or response.json()["data"]

    assert set(statuses) <= {200, 400}
    assert statuses[400] > 500


class Waiting:
    """A view of a schema with a field that waits for ever."""

    def __init__(self, answer_seconds: float | None = None) -> None:
        started, cancelled = threading.Event(), threading.Event()

        @strawberry.type
        class Slow:
            @strawberry.field
            async def never(self) -> str | None:
                """A vendor that does not answer."""
                started.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()
                return None

        schema = strawberry.Schema(Slow, execution_context_class=EncodingExecutor)
        self.started, self.cancelled = started, cancelled
        self.view = GraphQLView(schema, ADMISSION, start_operation, answer_seconds=answer_seconds)


def test_an_operation_is_cancelled_when_its_client_disconnects() -> None:
    """A resolver that still waits for a vendor is cancelled."""
    waiting = Waiting()
    with client_for(waiting.view) as client:
        host, port = client.base_url.host, client.base_url.port
        with socket.create_connection((host, port)) as plain:
            body = b'{"query":"{ never }"}'
            head = (
                f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: {len(body)}\r\n"
            )
            plain.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            assert waiting.started.wait(60)
        assert waiting.cancelled.wait(60)


def test_an_operation_that_takes_too_long_is_refused() -> None:
    """A machine without processor time says so while somebody waits, and the work ends."""
    waiting = Waiting(answer_seconds=0.05)
    app = GatewayApp(waiting.view, Starlette(), {"*"}, LoadShedder(), graphiql=False)
    with client_for(app) as client:
        response = client.post("/graphql", json={"query": "{ never }"}, headers=TOKEN)

    assert (response.status_code, "retry-after" in response.headers) == (503, True)
    assert response.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
    assert waiting.cancelled.wait(60)
