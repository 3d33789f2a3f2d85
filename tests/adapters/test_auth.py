"""Tests of authentication flows with a vendor that checks them over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from student_graph.adapters.auth import ApiKey, Bearer, ClientCredentials, TokenUrl
from student_graph.adapters.errors import PayloadError, RefusedError
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.guarded_vendor import EVENT_TIMEOUT_SECONDS, GuardedVendor
from tests.clients import async_client

SECRET = SecretStr("s3cret")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def vendor() -> Iterator[GuardedVendor]:
    """The vendor, served."""
    sandbox = GuardedVendor()
    with served(sandbox):
        yield sandbox


@pytest.fixture
def clock() -> Clock:
    """The clock of the authentication flow."""
    return Clock()


@pytest.fixture
async def http(vendor: GuardedVendor, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client with client credentials."""
    auth = client_credentials(vendor, clock)
    async with async_client(base_url=vendor.url, auth=auth) as client:
        yield client


def client_credentials(
    vendor: GuardedVendor,
    clock: Callable[[], float] = time.monotonic,
    secret: SecretStr = SECRET,
    token_url: TokenUrl | None = None,
    scope: str | None = None,
) -> ClientCredentials:
    """The flow under test."""
    url = token_url or f"{vendor.url}/token"
    return ClientCredentials("client", secret, token_url=url, origin=vendor.url, scope=scope, clock=clock)


@pytest.mark.row("A14")
async def test_fifty_tasks_share_one_token_request(vendor: GuardedVendor, http: httpx.AsyncClient) -> None:
    """Many requests that start together share one token request."""
    responses = await asyncio.gather(*(http.get("/thing") for _ in range(50)))

    assert {200} == {response.status_code for response in responses}
    assert len(vendor.forms) == 1


async def test_fifty_tasks_share_one_refusal(vendor: GuardedVendor) -> None:
    """Wrong credentials are tried once and not fifty times, so that the vendor does not lock the account."""
    auth = client_credentials(vendor, secret=SecretStr("wrong"))
    async with async_client(base_url=vendor.url, auth=auth) as http:
        errors = await asyncio.gather(*(http.get("/thing") for _ in range(50)), return_exceptions=True)

    assert {RefusedError} == {type(error) for error in errors}
    assert (len(vendor.forms), vendor.credentials) == (1, [])


@pytest.mark.row("A15")
async def test_a_token_is_requested_again_after_a_pause(
    vendor: GuardedVendor, http: httpx.AsyncClient, clock: Clock
) -> None:
    """After a refusal there are three attempts a minute, so that corrected credentials work without a restart."""
    vendor.token_status = 400
    for _ in range(6):
        for _ in range(5):
            with pytest.raises(RefusedError):
                await http.get("/thing")
        clock.now += 10
    assert len(vendor.forms) == 3
    vendor.token_status = 200

    assert (await http.get("/thing")).status_code == 200


@pytest.mark.row("A27")
@pytest.mark.parametrize(
    ("lifetime", "renewed_after"), [(1800, 1680), (2_592_000, 2_591_880), (100, 50), (None, 60)]
)
async def test_a_token_is_renewed_before_it_expires(
    lifetime: int | None, renewed_after: int, vendor: GuardedVendor, http: httpx.AsyncClient, clock: Clock
) -> None:
    """A token is renewed two minutes before it expires, or after half of a short lifetime."""
    vendor.expires_in = lifetime
    counts: list[int] = []
    for seconds in (0, renewed_after - 1, 2):
        clock.now += seconds
        await http.get("/thing")
        counts.append(vendor.tokens)

    assert counts == [1, 1, 2]


@pytest.mark.row("A27")
async def test_a_time_of_expiry_instead_of_a_lifetime_is_understood(
    vendor: GuardedVendor, http: httpx.AsyncClient, clock: Clock
) -> None:
    """A large `expires_in`, such as 1790000000, is read as the time of expiry in seconds since 1970."""
    vendor.expires_in = int(time.time()) + 1000
    await http.get("/thing")
    clock.now += 1000
    await http.get("/thing")

    assert vendor.tokens == 2


async def test_a_refused_token_is_renewed_once(vendor: GuardedVendor, http: httpx.AsyncClient) -> None:
    """A token that the vendor revoked is renewed, and the request is sent a second time."""
    await http.get("/thing")
    vendor.revoked = 1

    assert (await http.get("/thing")).status_code == 200
    assert vendor.credentials == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.row("A15")
async def test_a_request_is_sent_twice_at_most(vendor: GuardedVendor, http: httpx.AsyncClient) -> None:
    """If the vendor refuses the new token too, the request is not sent again."""
    vendor.revoked = 10**6

    assert (await http.get("/thing")).status_code == 401
    assert (len(vendor.credentials), len(vendor.forms)) == (2, 2)


@pytest.mark.row("A14")
async def test_tasks_refused_together_renew_together(vendor: GuardedVendor, http: httpx.AsyncClient) -> None:
    """If a token is revoked during many requests, one new token is requested."""
    await http.get("/thing")
    vendor.revoked = 1
    await asyncio.gather(*(http.get("/thing") for _ in range(20)))

    assert vendor.tokens == 2


async def test_a_scope_is_requested(vendor: GuardedVendor) -> None:
    """The token request names the configured scope."""
    auth = client_credentials(vendor, scope="roster.read")
    async with async_client(base_url=vendor.url, auth=auth) as http:
        await http.get("/thing")

    assert vendor.forms == [{"grant_type": "client_credentials", "scope": "roster.read"}]


async def test_the_token_address_can_be_discovered(vendor: GuardedVendor) -> None:
    """The address is discovered once, when the first token is needed."""
    discoveries = []

    async def discover() -> str:
        discoveries.append("discovery")
        return f"{vendor.url}/token"

    auth = client_credentials(vendor, token_url=discover)
    async with async_client(base_url=vendor.url, auth=auth) as http:
        await asyncio.gather(*(http.get("/thing") for _ in range(5)))

    assert discoveries == ["discovery"]


async def test_credentials_are_not_sent_to_a_discovered_foreign_address(vendor: GuardedVendor) -> None:
    """A discovered address on another origin is an error, and nothing is sent to it."""

    async def discover() -> str:
        return "http://evil.example/token"

    auth = client_credentials(vendor, token_url=discover)
    async with async_client(base_url=vendor.url, auth=auth) as http:
        with pytest.raises(PayloadError, match="another origin"):
            await http.get("/thing")

    assert vendor.requests == []


async def test_a_cancelled_token_request_blocks_no_other_task(
    vendor: GuardedVendor, http: httpx.AsyncClient
) -> None:
    """After a task is cancelled while it requests a token, another task requests one."""
    vendor.token_released.clear()
    first = asyncio.create_task(http.get("/thing"))
    assert await asyncio.to_thread(vendor.token_requested.wait, EVENT_TIMEOUT_SECONDS)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    vendor.token_released.set()

    assert (await http.get("/thing")).status_code == 200


FIXED = [
    (lambda origin: Bearer(SECRET, origin=origin), "authorization", "Bearer s3cret"),
    (lambda origin: ApiKey("X-Api-Key", SECRET, origin=origin), "x-api-key", "s3cret"),
]


@pytest.mark.parametrize(("make", "header", "expected"), FIXED)
def test_fixed_credentials_are_in_their_header(
    make: Callable[[str], httpx.Auth], header: str, expected: str
) -> None:
    """A bearer token and an API key are sent in the header of their kind."""
    request = httpx.Request("GET", "https://vendor.example/thing")

    assert expected == next(make("https://vendor.example/api").auth_flow(request)).headers[header]


EVERY_KIND = [
    *(make for make, _, _ in FIXED),
    lambda origin: OAuth1("key", SECRET, origin=origin),
    lambda origin: ClientCredentials("client", SECRET, token_url=f"{origin}/token", origin=origin),
]


@pytest.mark.parametrize("make", EVERY_KIND)
@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:1/", "https://vendor.example/", "http://localhost/"])
async def test_credentials_are_sent_to_their_origin_only(
    make: Callable[[str], httpx.Auth], elsewhere: str
) -> None:
    """A request to another scheme, host or port is refused before anything is sent."""
    async with async_client(auth=make("http://127.0.0.1")) as http:
        with pytest.raises(PayloadError, match="another origin"):
            await http.get(elsewhere)


@pytest.mark.parametrize("make", EVERY_KIND)
def test_credentials_do_not_print_their_secret(make: Callable[[str], httpx.Auth]) -> None:
    """The text of the flow and of its attributes does not hold the secret."""
    auth = make("http://127.0.0.1")

    assert "s3cret" not in f"{auth!r} {vars(auth)!r}"


@pytest.mark.row("C03")
def test_a_secret_with_a_line_break_is_refused() -> None:
    """A secret that is not allowed in a header is refused at the start, without showing it."""
    with pytest.raises(ValueError, match=r"^the secret holds a character that is not allowed in a header$"):
        Bearer(SecretStr("s3c\nret"), origin="https://vendor.example")


async def test_a_lifetime_that_cannot_be_read_counts_as_absent(
    vendor: GuardedVendor, http: httpx.AsyncClient
) -> None:
    """The token is used, and renewed as one whose lifetime the endpoint does not say."""
    vendor.expires_in = "not a number"

    assert (await http.get("/thing")).status_code == 200


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error": "invalid_scope"}', "SOURCE_SETTINGS"),
        (400, b'{"error": "unauthorized_client"}', "SOURCE_SETTINGS"),
        (400, b'{"error": "unsupported_grant_type"}', "SOURCE_SETTINGS"),
        (400, b'{"error": "invalid_client"}', "SOURCE_AUTH"),
        (401, b"", "SOURCE_AUTH"),
        (400, b'{"error": ["invalid_scope"]}', "SOURCE_AUTH"),
        (400, b'{"error": "a secret of the vendor"}', "SOURCE_AUTH"),
    ],
)
async def test_a_refusal_of_a_token_says_whether_the_credentials_are_wrong(
    status: int, body: bytes, code: str
) -> None:
    """A scope that the vendor does not grant is a matter of the settings; no text of the vendor is repeated."""
    auth = ClientCredentials("key", SECRET, token_url="https://sis.example/token", origin="https://sis.example")

    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    async with httpx.AsyncClient(transport=transport, auth=auth) as client:
        with pytest.raises(RefusedError) as caught:
            await client.get("https://sis.example/students")

    assert caught.value.code == code
    assert ("scopes" in caught.value.reason) == (b'"invalid_scope"}' in body)
    assert "secret of the vendor" not in caught.value.reason
