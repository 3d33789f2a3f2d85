"""The HTTP client of a source: one origin, no cookies, no redirects, responses of limited size."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from pydantic import AnyHttpUrl, SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from student_graph.adapters.auth import ClientCredentials, TokenSettings
from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.http import create_client
from student_graph.gateway.http.transport import Timeouts

LOOPBACK_NETWORKS = (ip_network("127.0.0.0/8"),)


class OddVendor(Sandbox):
    """A vendor that sends what vendors should not send."""

    kind = "odd"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/headers", self._headers),
            Route("/cookie", self._cookie),
            Route("/redirect", lambda _: RedirectResponse("/headers")),
            Route("/long/{size:int}", self._long),
            Route("/cut", lambda _: Response(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})),
        ]

    def settings(self) -> dict[str, Any]:
        return {"base_url": self.url}

    def known_keys(self, kind: str) -> list[str]:
        return []

    def throttled_response(self) -> Response:
        return Response(status_code=429)

    async def _headers(self, request: Request) -> Response:
        return JSONResponse(dict(request.headers))

    async def _cookie(self, _: Request) -> Response:
        response = JSONResponse({})
        response.set_cookie("session", "of-the-first-viewer")
        return response

    async def _long(self, request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(request.path_params["size"] // 1024):
                yield b"x" * 1024

        return StreamingResponse(body())


@pytest.fixture(scope="module")
def vendor() -> Iterator[OddVendor]:
    """A running vendor."""
    sandbox = OddVendor()
    with served(sandbox):
        yield sandbox


def client_of(vendor: Sandbox, calls: list[None] | None = None) -> httpx.AsyncClient:
    """A client of a vendor; each request that it sends is appended to `calls`."""
    settings = AdapterSettings(base_url=AnyHttpUrl(vendor.url), networks=LOOPBACK_NETWORKS)
    return create_client(settings, lambda: None if calls is None else calls.append(None))


async def test_a_request_names_the_client_and_the_encodings_it_accepts(vendor: OddVendor) -> None:
    """Vendors may compress responses with gzip only."""
    async with client_of(vendor) as http:
        headers = (await http.get("/headers")).json()

    assert headers["user-agent"].startswith("student-graph/")
    assert headers["accept-encoding"] == "gzip"


@pytest.mark.row("A24")
async def test_no_cookie_is_stored(vendor: OddVendor) -> None:
    """A cookie in the response for one viewer is not sent with the request for the next one."""
    async with client_of(vendor) as http:
        await http.get("/cookie")
        headers = (await http.get("/headers")).json()

    assert "cookie" not in headers


@pytest.mark.row("A25")
async def test_no_redirect_is_followed(vendor: OddVendor) -> None:
    """The adapter gets the redirect as the response."""
    async with client_of(vendor) as http:
        response = await http.get("/redirect")

    assert response.status_code == 307


@pytest.mark.row("C04")
async def test_no_request_goes_to_another_origin(vendor: OddVendor) -> None:
    """A request to another origin is refused before anything is sent."""
    other = OddVendor()
    with served(other):
        async with client_of(vendor) as http:
            with pytest.raises(PayloadError):
                await http.get(f"{other.url}/headers", headers={"X-Api-Key": "secret"})

    assert other.requests == []


class TokenVendor(Sandbox):
    """A token endpoint on an origin of its own."""

    kind = "tokens"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/{path:path}", lambda _: JSONResponse({"access_token": "t"}), methods=["GET", "POST"])]

    def settings(self) -> dict[str, Any]:
        return {}

    def known_keys(self, kind: str) -> list[str]:
        return []

    def throttled_response(self) -> Response:
        return Response(status_code=429)


@pytest.mark.row("C04")
async def test_only_requests_for_tokens_go_to_the_token_endpoint_of_the_settings(vendor: OddVendor) -> None:
    """`token_url` may be on another origin: it gets the client's secret; the token goes to the vendor only."""
    tokens = TokenVendor()
    with served(tokens):
        settings = TokenSettings(
            base_url=AnyHttpUrl(vendor.url),
            token_url=AnyHttpUrl(f"{tokens.url}/oauth2/token"),
            networks=LOOPBACK_NETWORKS,
        )
        async with create_client(settings, lambda: None) as http:
            http.auth = ClientCredentials(
                "id", SecretStr("secret"), token_url=str(settings.token_url), origin=settings.base_url
            )
            headers = (await http.get("/headers")).json()
            http.auth = None
            for method, path in (("GET", "/oauth2/token"), ("POST", "/oauth2/token?x=1"), ("POST", "/other")):
                with pytest.raises(PayloadError, match="another origin"):
                    await http.request(method, tokens.url + path)

    assert headers["authorization"] == "Bearer t"
    assert tokens.requests == ["POST /oauth2/token"]


def test_a_token_endpoint_must_be_as_safe_as_the_api() -> None:
    """No secret goes over plain HTTP for an API over HTTPS, nor to a private address that `networks` lacks."""
    base_url = AnyHttpUrl("https://sis.example")
    with pytest.raises(ValueError, match="token_url: use https"):
        TokenSettings(base_url=base_url, token_url=AnyHttpUrl("http://login.example/token"))
    settings = TokenSettings(base_url=base_url, token_url=AnyHttpUrl("https://127.0.0.1/token"))
    with pytest.raises(ValueError, match=r"token_url: .*networks"):
        create_client(settings, lambda: None)


async def test_a_response_of_the_maximum_size_is_accepted(vendor: OddVendor) -> None:
    """The limit is inclusive."""
    async with client_of(vendor) as http:
        response = await http.get(f"/long/{MAX_BODY_BYTES}")

    assert len(response.content) == MAX_BODY_BYTES


async def test_a_larger_response_is_refused(vendor: OddVendor) -> None:
    """Also without a `Content-Length`: reading stops at the limit."""
    async with client_of(vendor) as http:
        with pytest.raises(PayloadError):
            await http.get(f"/long/{MAX_BODY_BYTES + 1024}")


async def test_a_response_that_cannot_be_decompressed_is_refused(vendor: OddVendor) -> None:
    """The compressed body ends early."""
    async with client_of(vendor) as http:
        with pytest.raises(PayloadError):
            await http.get("/cut")


async def test_every_request_that_is_sent_is_counted(vendor: OddVendor) -> None:
    """A request that is refused is not sent and not counted."""
    calls: list[None] = []
    async with client_of(vendor, calls) as http:
        await http.get("/headers")
        await http.get("/headers")
        with pytest.raises(PayloadError):
            await http.get("http://127.0.0.1:1/")

    assert len(calls) == 2


@pytest.mark.row("C08")
async def test_a_proxy_in_the_environment_is_ignored(vendor: OddVendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would see every record."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with client_of(vendor) as http:
        response = await http.get("/headers")

    assert response.status_code == 200


RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def closing_vendor(closed_connections: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """
    Run a vendor that closes its first connections instead of sending a response.

    Yields its address and the list of the requests that it receives.
    """
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        if len(requests) > closed_connections:
            writer.write(RESPONSE)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", requests


@pytest.mark.row("A06")
async def test_a_get_request_on_a_connection_that_closes_is_sent_again() -> None:
    """A vendor may close an idle connection at the moment in which it is used again."""
    calls: list[None] = []
    async with closing_vendor(1) as (url, requests):
        settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=LOOPBACK_NETWORKS)
        async with create_client(settings, lambda: calls.append(None)) as http:
            assert (await http.get("/students")).json() == {}

    assert (len(requests), len(calls)) == (2, 2)


async def test_a_vendor_that_closes_every_connection_gets_two_get_requests() -> None:
    """A POST request is not sent again, unless its sender says that it only reads."""
    async with closing_vendor(9) as (url, requests):
        settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=LOOPBACK_NETWORKS)
        async with create_client(settings, lambda: None) as http:
            with pytest.raises(httpx.ReadError):
                await http.get("/students")
            assert len(requests) == 2
            with pytest.raises(httpx.ReadError):
                await http.post("/token", content=b"x")
            assert len(requests) == 3
            with pytest.raises(httpx.ReadError):
                await http.post("/questions", content=b"x", extensions={"repeatable": True})
            assert len(requests) == 5


def test_a_slow_source_gets_more_time_for_every_request() -> None:
    """The limits of an attempt grow with the setting `timeout`; they are never shorter than the usual ones."""
    limits = [Timeouts.for_batches_of(seconds) for seconds in (1.0, 10.0, 60.0)]

    assert limits == [Timeouts(1.0, 3.0, 5.0), Timeouts(1.0, 3.0, 5.0), Timeouts(6.0, 18.0, 30.0)]
