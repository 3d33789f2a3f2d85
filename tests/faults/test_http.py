"""Section H: HTTP as browsers and attackers speak it. Nothing gets a 500, and no page elsewhere gets an answer."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator

import httpx
import pytest

from student_graph.gateway.server import Service
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district

TOKEN = {"Authorization": "Bearer head"}
GOOD = {"query": "{ districts { name } }"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A gateway as `serve` runs it by default."""
    head = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
    service = Service([district(Ledger(students=["s1"]))], {"head": head}, introspection=False)
    with client_for(service.app()) as client:
        yield client


def raw(http: httpx.Client, sent: bytes) -> bytes:
    """What the server says to bytes, until it closes or falls silent."""
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), timeout=3) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        told = b""
        try:
            while part := wire.recv(65_536):
                told += part
        except OSError:
            pass
        return told


@pytest.mark.row("H01")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_questions_come_by_post(http: httpx.Client, method: str) -> None:
    """An address carries variables into every log."""
    told = http.request(method, "/graphql", params=GOOD, headers=TOKEN)
    assert told.status_code == 405


@pytest.mark.row("H02", "H09", "H10")
@pytest.mark.parametrize(("media", "status"), [
    ("application/json", 200),
    ("APPLICATION/JSON; charset=utf-8", 200),
    ("text/plain", 415),
    ("text/plain;a=application/json", 415),
    ("application/jsonx", 415),
    ("application/x-www-form-urlencoded", 415),
    ("multipart/form-data; boundary=x", 415),
    ("", 415),
])  # fmt: skip
def test_only_json_is_read(http: httpx.Client, media: str, status: int) -> None:
    """What a page elsewhere can send without asking first is never read."""
    told = http.post("/graphql", content=json.dumps(GOOD), headers={**TOKEN, "Content-Type": media})
    assert told.status_code == status


@pytest.mark.row("H09")
def test_a_compressed_body_is_refused(http: httpx.Client) -> None:
    """It may unpack to anything."""
    told = http.post("/graphql", json=GOOD, headers={**TOKEN, "Content-Encoding": "gzip"})
    assert told.status_code == 415


@pytest.mark.row("H03")
def test_a_cookie_is_nobody(http: httpx.Client) -> None:
    """Only a bearer token says who asks."""
    for headers in (
        {"Cookie": "token=head"},
        {"Cookie": "Authorization=Bearer head"},
        {"Authorization": "Basic head"},
    ):
        assert http.post("/graphql", json=GOOD, headers=headers).status_code == 401
    assert "set-cookie" not in http.post("/graphql", json=GOOD, headers=TOKEN).headers


@pytest.mark.row("H04")
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_elsewhere_is_not_let_read(http: httpx.Client, origin: str) -> None:
    """No header allows it, and its question beforehand is refused."""
    told = http.post("/graphql", json=GOOD, headers={**TOKEN, "Origin": origin})
    asked = http.options("/graphql", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in {**told.headers, **asked.headers}
    assert asked.status_code in (403, 405)


@pytest.mark.row("H05")
@pytest.mark.parametrize("path", ["/graphql", "/graphiql", "/playground", "/graphql/assets/x.js", "/docs"])
def test_there_is_no_page_unless_asked_for(http: httpx.Client, path: str) -> None:
    """GraphiQL is off, and so is introspection."""
    told = http.get(path, headers={"Accept": "text/html"})
    assert told.status_code in (404, 405)
    assert b"<script" not in told.content
    asked = http.post("/graphql", json={"query": "{ __schema { types { name } } }"}, headers=TOKEN).json()
    assert asked["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.row("H06")
@pytest.mark.parametrize(
    ("path", "method"), [("/graphql", "POST"), ("/graphql", "GET"), ("/health/live", "GET"), ("/no", "GET")]
)
def test_every_answer_says_how_it_may_be_used(http: httpx.Client, path: str, method: str) -> None:
    """Not guessed, framed, kept or told of in a referrer; errors too."""
    told = http.request(method, path, json=GOOD if method == "POST" else None, headers=TOKEN)
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["content-security-policy"].startswith("default-src 'none'")
    assert told.headers["referrer-policy"] == "no-referrer"
    assert told.headers["cache-control"] == "private, no-store"


@pytest.mark.row("H08")
def test_forwarded_headers_change_nothing(http: httpx.Client) -> None:
    """Who sends them may write what they like."""
    spoofed = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-User": "root"}
    assert http.post("/graphql", json=GOOD, headers=spoofed).status_code == 401
    told = http.post("/graphql", json=GOOD, headers={**TOKEN, **spoofed, "Forwarded": "for=1.2.3.4;host=evil"})
    assert told.json()["data"] == {"districts": [{"name": "Hill"}]}


@pytest.mark.row("H11")
def test_a_thousand_handshakes_of_websockets_open_nothing(http: httpx.Client) -> None:
    """They are ordinary requests, and refused."""
    shake = (
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    told = {raw(http, shake).split(b" ")[1] for _ in range(1_000)}
    assert told == {b"405"}


@pytest.mark.row("H14")
@pytest.mark.parametrize("sent", [
    b"GET /graphql?x=" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
], ids=["address", "header", "headers"])  # fmt: skip
def test_a_head_beyond_measure_is_refused(http: httpx.Client, sent: bytes) -> None:
    """By the server or by us; never with a 500, and the next request is answered."""
    told = raw(http, sent)
    assert told == b"" or told.split(b" ")[1][:1] == b"4"
    assert http.post("/graphql", json=GOOD, headers=TOKEN).status_code == 200


@pytest.mark.row("H13")
def test_ten_thousand_broken_requests_are_never_our_fault(http: httpx.Client) -> None:
    """Bodies cut, flipped and mixed at random: every answer is a 4xx or a 200, in JSON."""
    rng = random.Random(20261125)  # noqa: S311 - a seed that says what was sent
    trusted = {"query": "{ districts { name } }", "extensions": {"persistedQuery": {"sha256Hash": "x"}}}
    named = {"query": "query ($a: Int) { __typename }", "variables": {"a": 1}, "operationName": "x"}
    seeds = [json.dumps(body).encode() for body in (GOOD, named, trusted, [], None, "x", {"query": 1})]
    seen: dict[int, int] = {}
    for _ in range(10_000):
        body = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(0, 4)):
            change = rng.randint(0, 2)
            place = rng.randrange(len(body) + 1)
            if change == 0:
                body[place:place] = bytes([rng.randrange(256)])
            elif change == 1 and body:
                body[min(place, len(body) - 1)] = rng.randrange(256)
            else:
                del body[place : place + rng.randint(1, 5)]
        told = http.post("/graphql", content=bytes(body), headers={**TOKEN, "Content-Type": "application/json"})
        seen[told.status_code] = seen.get(told.status_code, 0) + 1
        assert isinstance(told.json(), dict)
    assert set(seen) <= {200, 400, 415}, seen


@pytest.mark.row("H04")
def test_pages_of_the_origins_that_are_allowed_may_ask() -> None:
    """With a bearer token and no cookie; other pages are refused beforehand and cannot read."""
    head = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
    mine, other = "https://dashboards.example", "https://evil.example"
    with client_for(Service([district(Ledger())], {"head": head}, allowed_origins=(mine,)).app()) as http:
        asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        before = {each: http.options("/graphql", headers={"Origin": each, **asking}) for each in (mine, other)}
        told = {
            each: http.post("/graphql", json=GOOD, headers={**TOKEN, "Origin": each}) for each in (mine, other)
        }
    assert (before[mine].status_code, before[other].status_code) == (200, 400)
    assert told[mine].headers["access-control-allow-origin"] == mine
    assert "access-control-allow-credentials" not in {**before[mine].headers, **told[mine].headers}
    assert "access-control-allow-origin" not in {**before[other].headers, **told[other].headers}
