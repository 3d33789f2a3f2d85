"""Section H: HTTP requests of browsers and attackers. None gets a 500, and pages of other origins get no data."""

from __future__ import annotations

import json
import random
import socket
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from student_graph.gateway.server.service import Service
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district
from tests.long_runs import size

AUTHORIZATION = {"Authorization": "Bearer head"}
VALID_QUERY = {"query": "{ districts { name } }"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a gateway with the default settings of `serve`."""
    head = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
    service = Service([district(Ledger(students=["s1"]))], {"head": head}, introspection=False)
    with client_for(service.app()) as client:
        yield client


def raw_response(http: httpx.Client, request: bytes) -> bytes:
    """Everything that the server sends in response to these bytes until it closes the connection."""
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), timeout=30) as connection:
        response = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except TimeoutError:
            raise
        except OSError:
            pass  # it is refused before its end
        try:
            while part := connection.recv(65_536):
                response += part
        except ConnectionError:
            pass
        return response


@pytest.mark.row("H01")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_only_post_is_allowed(http: httpx.Client, method: str) -> None:
    """With GET, the URL would write the variables into every log."""
    response = http.request(method, "/graphql", params=VALID_QUERY, headers=AUTHORIZATION)
    assert response.status_code == 405


@pytest.mark.row("H02", "H09", "H10")
@pytest.mark.parametrize(("media_type", "status"), [
    ("application/json", 200),
    ("APPLICATION/JSON; charset=utf-8", 200),
    ("text/plain", 415),
    ("text/plain;a=application/json", 415),
    ("application/jsonx", 415),
    ("application/x-www-form-urlencoded", 415),
    ("multipart/form-data; boundary=x", 415),
    ("", 415),
])  # fmt: skip
def test_only_json_is_read(http: httpx.Client, media_type: str, status: int) -> None:
    """Media types that a page of another origin may send without a CORS preflight are refused."""
    response = http.post(
        "/graphql", content=json.dumps(VALID_QUERY), headers={**AUTHORIZATION, "Content-Type": media_type}
    )
    assert response.status_code == status


@pytest.mark.row("H09")
def test_a_compressed_body_is_refused(http: httpx.Client) -> None:
    """It could be a decompression bomb."""
    response = http.post("/graphql", json=VALID_QUERY, headers={**AUTHORIZATION, "Content-Encoding": "gzip"})
    assert response.status_code == 415


@pytest.mark.row("H03")
def test_cookies_authenticate_nobody(http: httpx.Client) -> None:
    """Only a bearer token authenticates a viewer, and no cookie is set."""
    for headers in (
        {"Cookie": "token=head"},
        {"Cookie": "Authorization=Bearer head"},
        {"Authorization": "Basic head"},
    ):
        assert http.post("/graphql", json=VALID_QUERY, headers=headers).status_code == 401
    assert "set-cookie" not in http.post("/graphql", json=VALID_QUERY, headers=AUTHORIZATION).headers


@pytest.mark.row("H04")
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_origin_cannot_read_responses(http: httpx.Client, origin: str) -> None:
    """No CORS header allows it, and its preflight request is refused."""
    response = http.post("/graphql", json=VALID_QUERY, headers={**AUTHORIZATION, "Origin": origin})
    preflight = http.options("/graphql", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in {**response.headers, **preflight.headers}
    assert preflight.status_code in (403, 405)


@pytest.mark.row("H05")
@pytest.mark.parametrize("path", ["/graphql", "/graphiql", "/playground", "/graphql/assets/x.js", "/docs"])
def test_no_page_is_served_by_default(http: httpx.Client, path: str) -> None:
    """GraphiQL and introspection are off."""
    response = http.get(path, headers={"Accept": "text/html"})
    assert response.status_code in (404, 405)
    assert b"<script" not in response.content
    introspection = http.post(
        "/graphql", json={"query": "{ __schema { types { name } } }"}, headers=AUTHORIZATION
    ).json()
    assert introspection["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.row("H06")
@pytest.mark.parametrize(
    ("path", "method"), [("/graphql", "POST"), ("/graphql", "GET"), ("/health/live", "GET"), ("/no", "GET")]
)
def test_every_response_has_the_security_headers(http: httpx.Client, path: str, method: str) -> None:
    """Errors have them too: no MIME sniffing, no frames, no referrer, no storage."""
    response = http.request(method, path, json=VALID_QUERY if method == "POST" else None, headers=AUTHORIZATION)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "private, no-store"


@pytest.mark.row("H08")
def test_forwarded_headers_change_nothing(http: httpx.Client) -> None:
    """A client can write anything into them."""
    spoofed = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-User": "root"}
    assert http.post("/graphql", json=VALID_QUERY, headers=spoofed).status_code == 401
    response = http.post(
        "/graphql", json=VALID_QUERY, headers={**AUTHORIZATION, **spoofed, "Forwarded": "for=1.2.3.4;host=evil"}
    )
    assert response.json()["data"] == {"districts": [{"name": "Hill"}]}


@pytest.mark.long_run
@pytest.mark.row("H11")
def test_every_websocket_handshake_is_refused(http: httpx.Client) -> None:
    """The gateway treats them as ordinary GET requests: status 405."""
    handshake = (
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    statuses = {raw_response(http, handshake).split(b" ")[1] for _ in range(size(100, 1_000))}
    assert statuses == {b"405"}


POST = b"POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.row("H07")
@pytest.mark.parametrize("head", [
    CHUNKED + b"Content-Length: 5\r\n",
    b"Content-Length: 5\r\n" + CHUNKED,
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 5 5\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length : 5\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    CHUNKED + CHUNKED + b"Content-Length: 5\r\n",
    b"X: a\x00b\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\n Content-Length: 6\r\n",
    b" Content-Length: 5\r\n",
    b"X: a\rContent-Length: 5\r\n",
])  # fmt: skip
def test_a_request_that_two_readers_frame_differently_is_refused(http: httpx.Client, head: bytes) -> None:
    """One status 400, and the connection is closed: what is behind the head is not taken for another request."""
    response = raw_response(http, POST + head + b"\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert response.count(b"HTTP/1.1 ") == 1
    assert response.startswith(b"HTTP/1.1 400 ")


@pytest.mark.row("H07")
@pytest.mark.parametrize("body", [
    b"5;a\r\nhello\r\n0\r\n\r\n", b"x\r\n", b"-1\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n", b"5\rhello",
])  # fmt: skip
def test_a_body_in_broken_chunks_is_refused(http: httpx.Client, body: bytes) -> None:
    """One response, whichever chunk sizes, ends of lines and extensions it has, and no other request."""
    authorization = b"Authorization: Bearer head\r\n"
    response = raw_response(http, POST + authorization + CHUNKED + b"\r\n" + body)
    assert response.count(b"HTTP/1.1 ") == 1
    assert response.startswith(b"HTTP/1.1 400 ")


@pytest.mark.row("H14")
@pytest.mark.parametrize("request_bytes", [
    b"GET /graphql?x=" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
], ids=["url", "header", "headers"])  # fmt: skip
def test_a_request_with_huge_headers_is_refused(http: httpx.Client, request_bytes: bytes) -> None:
    """The server closes the connection or responds with a 4xx status; the next request succeeds."""
    response = raw_response(http, request_bytes)
    assert response == b"" or response.split(b" ")[1][:1] == b"4"
    assert http.post("/graphql", json=VALID_QUERY, headers=AUTHORIZATION).status_code == 200


@pytest.mark.long_run
@pytest.mark.row("H13")
def test_a_randomly_broken_body_is_never_an_internal_error(http: httpx.Client) -> None:
    """
    Bytes are inserted, changed and deleted at random: the status is 4xx or 200, and the body is JSON.

    A long run changes each position of each body about a dozen times, and of the short ones more often.
    """
    rng = random.Random(20261125)  # noqa: S311 - a fixed seed
    persisted = {"query": "{ districts { name } }", "extensions": {"persistedQuery": {"sha256Hash": "x"}}}
    named = {"query": "query ($a: Int) { __typename }", "variables": {"a": 1}, "operationName": "x"}
    seeds = [json.dumps(body).encode() for body in (VALID_QUERY, named, persisted, [], None, "x", {"query": 1})]
    statuses: Counter[int] = Counter()
    for _ in range(size(200, 4_000)):
        body = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(0, 4)):
            change = rng.randint(0, 2)
            position = rng.randrange(len(body) + 1)
            if change == 0:
                body[position:position] = bytes([rng.randrange(256)])
            elif change == 1 and body:
                body[min(position, len(body) - 1)] = rng.randrange(256)
            else:
                del body[position : position + rng.randint(1, 5)]
        response = http.post(
            "/graphql", content=bytes(body), headers={**AUTHORIZATION, "Content-Type": "application/json"}
        )
        statuses[response.status_code] += 1
        assert isinstance(response.json(), dict)
    assert set(statuses) <= {200, 400, 415}, statuses


@pytest.mark.row("H04")
def test_pages_of_allowed_origins_can_read_responses() -> None:
    """With a bearer token and no cookie; the preflight request of another origin is refused."""
    head = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
    allowed, other = "https://dashboards.example", "https://evil.example"
    with client_for(Service([district(Ledger())], {"head": head}, allowed_origins=(allowed,)).app()) as http:
        cors_headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        origins = (allowed, other)
        preflights = {
            origin: http.options("/graphql", headers={"Origin": origin, **cors_headers}) for origin in origins
        }
        responses = {
            origin: http.post("/graphql", json=VALID_QUERY, headers={**AUTHORIZATION, "Origin": origin})
            for origin in origins
        }
    assert (preflights[allowed].status_code, preflights[other].status_code) == (200, 400)
    assert responses[allowed].headers["access-control-allow-origin"] == allowed
    assert "access-control-allow-credentials" not in {**preflights[allowed].headers, **responses[allowed].headers}
    assert "access-control-allow-origin" not in {**preflights[other].headers, **responses[other].headers}
