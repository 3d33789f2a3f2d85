"""Methods, media types, trusted and malformed requests, and clients that go away."""

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

from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import StructExecutor
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.resolvers.schema import core_schema
from tests.gateway.graph import ADMISSION, TOKEN, VIEW, VIEWERS, Query, begin
from tests.gateway.servers import answering

GRAPHQL = {"Accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of the view."""
    with answering(VIEW) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "status"), [("{ role }", 200), ("{ bus }", 200), ("{", 400), ("{ rolle }", 400)]
)
def test_graphqls_own_media_type_has_statuses(http: httpx.Client, query: str, status: int) -> None:
    """A request error is a 400 without data; a failed field is not."""
    answer = http.post("/graphql", json={"query": query}, headers={**TOKEN, **GRAPHQL})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert ("data" in answer.json()) is (status == 200)


def test_a_client_that_wants_neither_media_type_is_told_which_there_are(http: httpx.Client) -> None:
    """406, in words."""
    answer = http.post("/graphql", json={"query": "{ role }"}, headers={**TOKEN, "Accept": "text/html"})

    assert answer.status_code == 406
    assert "application/graphql-response+json" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(http: httpx.Client, method: str) -> None:
    """Variables in an address would stand in every log on the way."""
    answer = http.request(method, "/graphql", params={"query": "{ role }"}, headers=TOKEN)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_queries_by_get_are_answered_where_allowed() -> None:
    """Queries with variables; never a mutation, and parameters that are none are told by name."""
    view = GraphQLView(strawberry.Schema(Query), Admission(VIEWERS, get=True), begin)
    query = "query R($s: String) { role bus(student: $s) }"
    with answering(view) as client:
        told = client.get("/graphql", params={"query": query, "variables": '{"s": "1"}'}, headers=TOKEN)
        assert told.json()["data"] == {"role": "teacher", "bus": None}
        changed = client.get("/graphql", params={"query": "mutation { role }"}, headers={**TOKEN, **GRAPHQL})
        assert (changed.status_code, "data" in changed.json()) == (400, False)
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


def test_a_trusted_document_is_asked_for_by_its_hash() -> None:
    """As the specification's draft names it, and as Apollo's clients do; an unknown one is told by code."""
    schema = strawberry.Schema(Query)
    key = hashlib.sha256(b"{ role }").hexdigest()
    view = GraphQLView(schema, ADMISSION, begin, DocumentStore(core_schema(schema), {key: "{ role }"}, trusted_only=True))
    with answering(view) as client:
        for body in (
            {"documentId": f"sha256:{key}"},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": key}}},
            {"query": "{ role }"},
        ):
            told = client.post("/graphql", json=body, headers=TOKEN).json()
            assert told["data"] == {"role": "teacher"}
        refused = client.post("/graphql", json={"query": "{ bus }"}, headers=TOKEN).json()
        assert refused["errors"][0]["extensions"]["code"] == "UNKNOWN_DOCUMENT"


def test_malformed_requests_are_never_our_fault(http: httpx.Client) -> None:
    """A thousand ways to be no request: each is refused by a status of its own, none is a 500."""
    random = Random(13)  # noqa: S311 - the same requests each time
    body = b'{"query":"query ($a: String) { bus(student: $a) }","variables":{"a":"1"},"operationName":null}'
    statuses: Counter[int] = Counter()
    for _ in range(1000):
        spoilt = bytearray(body)
        for _ in range(random.randrange(1, 6)):
            place = random.randrange(len(spoilt))
            match random.randrange(3):
                case 0:
                    spoilt[place] = random.randrange(256)
                case 1:
                    del spoilt[place : place + random.randrange(1, 9)]
                case _:
                    spoilt[place:place] = bytes(random.choices(b'{}[]",:\\0\xff', k=3))
        answer = http.post(
            "/graphql", content=bytes(spoilt), headers={**TOKEN, **GRAPHQL, "Content-Type": "application/json"}
        )
        statuses[answer.status_code] += 1
        assert answer.json()["errors"] or answer.json()["data"]

    assert set(statuses) <= {200, 400}
    assert statuses[400] > 500


def test_a_client_that_goes_away_takes_its_questions_along() -> None:
    """What was asked for it is cancelled."""
    cancelled = threading.Event()
    asked = threading.Event()

    @strawberry.type
    class Slow:
        @strawberry.field
        async def never(self) -> str | None:
            """A vendor that does not answer."""
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return None

    view = GraphQLView(strawberry.Schema(Slow, execution_context_class=StructExecutor), ADMISSION, begin)
    with answering(view) as client:
        host, port = client.base_url.host, client.base_url.port
        with socket.create_connection((host, port)) as plain:
            body = b'{"query":"{ never }"}'
            head = (
                f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: {len(body)}\r\n"
            )
            plain.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            assert asked.wait(5)
        assert cancelled.wait(5)
