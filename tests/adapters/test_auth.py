"""Authentication flows, against a vendor that checks them over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from student_graph.adapters.auth import ApiKey, Bearer, ClientCredentials, TokenUrl
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.guarded_vendor import Guarded

SECRET = SecretStr("s3cret")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def vendor() -> Iterator[Guarded]:
    """The vendor, served."""
    sandbox = Guarded()
    with served(sandbox):
        yield sandbox


@pytest.fixture
def clock() -> Clock:
    """The clock by which tokens age."""
    return Clock()


@pytest.fixture
async def http(vendor: Guarded, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client that authenticates by client credentials."""
    auth = client_credentials(vendor, clock)
    async with httpx.AsyncClient(base_url=vendor.url, auth=auth, trust_env=False) as client:
        yield client


def client_credentials(
    vendor: Guarded,
    clock: Callable[[], float] = time.monotonic,
    secret: SecretStr = SECRET,
    token_url: TokenUrl | None = None,
    scope: str | None = None,
) -> ClientCredentials:
    """The flow under test."""
    url = token_url or f"{vendor.url}/token"
    return ClientCredentials("client", secret, token_url=url, origin=vendor.url, scope=scope, clock=clock)


@pytest.mark.row("A14")
async def test_fifty_tasks_share_one_token_request(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """However many requests begin at once, one token is asked for."""
    answers = await asyncio.gather(*(http.get("/thing") for _ in range(50)))

    assert {200} == {answer.status_code for answer in answers}
    assert len(vendor.forms) == 1


async def test_fifty_tasks_share_one_refusal(vendor: Guarded) -> None:
    """Wrong credentials are tried once, not fifty times, lest the vendor lock the account."""
    auth = client_credentials(vendor, secret=SecretStr("wrong"))
    async with httpx.AsyncClient(base_url=vendor.url, auth=auth, trust_env=False) as http:
        told = await asyncio.gather(*(http.get("/thing") for _ in range(50)), return_exceptions=True)

    assert {RefusedError} == {type(each) for each in told}
    assert (len(vendor.forms), vendor.seen) == (1, [])


@pytest.mark.row("A15")
async def test_after_a_refusal_a_token_is_asked_for_again_in_a_while(
    vendor: Guarded, http: httpx.AsyncClient, clock: Clock
) -> None:
    """Credentials that are put right at the vendor work without a restart; until then three tries a minute."""
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
@pytest.mark.parametrize(("lifetime", "good_for"), [(1800, 1680), (100, 50), (None, 60)])
async def test_a_token_is_renewed_before_it_ends(
    lifetime: int | None, good_for: int, vendor: Guarded, http: httpx.AsyncClient, clock: Clock
) -> None:
    """Two minutes early, or after half of a short life."""
    vendor.expires_in = lifetime
    counts: list[int] = []
    for moved in (0, good_for - 1, 2):
        clock.now += moved
        await http.get("/thing")
        counts.append(vendor.tokens)

    assert counts == [1, 1, 2]


@pytest.mark.row("A27")
async def test_an_instant_given_as_lifetime_is_read_as_an_instant(
    vendor: Guarded, http: httpx.AsyncClient, clock: Clock
) -> None:
    """`expires_in: 1790000000` does not mean a token for 56 years."""
    vendor.expires_in = int(time.time()) + 1000
    await http.get("/thing")
    clock.now += 1000
    await http.get("/thing")

    assert vendor.tokens == 2


async def test_a_refused_token_is_renewed_once(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """A token that the vendor forgot is renewed, and the request sent once more."""
    await http.get("/thing")
    vendor.revoked = 1

    assert (await http.get("/thing")).status_code == 200
    assert vendor.seen == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.row("A15")
async def test_a_request_is_sent_twice_at_most(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """A vendor that refuses good tokens is not asked forever."""
    vendor.revoked = 10**6

    assert (await http.get("/thing")).status_code == 401
    assert (len(vendor.seen), len(vendor.forms)) == (2, 2)


@pytest.mark.row("A14")
async def test_tasks_refused_together_renew_together(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """When a token dies under many requests, one new token is asked for."""
    await http.get("/thing")
    vendor.revoked = 1
    await asyncio.gather(*(http.get("/thing") for _ in range(20)))

    assert vendor.tokens == 2


async def test_a_scope_is_asked_for(vendor: Guarded) -> None:
    """The form says what the token is for."""
    auth = client_credentials(vendor, scope="roster.read")
    async with httpx.AsyncClient(base_url=vendor.url, auth=auth, trust_env=False) as http:
        await http.get("/thing")

    assert vendor.forms == [{"grant_type": "client_credentials", "scope": "roster.read"}]


async def test_the_token_address_may_be_discovered(vendor: Guarded) -> None:
    """It is discovered when the first token is needed, once for all who wait."""
    asked = []

    async def discover() -> str:
        asked.append("discovery")
        return f"{vendor.url}/token"

    auth = client_credentials(vendor, token_url=discover)
    async with httpx.AsyncClient(base_url=vendor.url, auth=auth, trust_env=False) as http:
        await asyncio.gather(*(http.get("/thing") for _ in range(5)))

    assert asked == ["discovery"]


async def test_credentials_are_not_sent_to_a_discovered_stranger(vendor: Guarded) -> None:
    """A discovery document that points elsewhere is an error, for all who wait."""

    async def discover() -> str:
        return "http://evil.example/token"

    auth = client_credentials(vendor, token_url=discover)
    async with httpx.AsyncClient(base_url=vendor.url, auth=auth, trust_env=False) as http:
        with pytest.raises(PayloadError, match="another origin"):
            await http.get("/thing")

    assert vendor.requests == []


async def test_a_request_that_gives_up_leaves_the_way_free(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """A task cancelled while it asks for the token does not hold up the others."""
    first = asyncio.create_task(http.get("/thing"))
    await asyncio.to_thread(vendor.asked.wait)
    first.cancel()

    assert (await http.get("/thing")).status_code == 200
    assert first.cancelled()


FIXED = [
    (lambda origin: Bearer(SECRET, origin=origin), "authorization", "Bearer s3cret"),
    (lambda origin: ApiKey("X-Api-Key", SECRET, origin=origin), "x-api-key", "s3cret"),
]


@pytest.mark.parametrize(("make", "header", "expected"), FIXED)
def test_fixed_credentials_stand_in_their_header(
    make: Callable[[str], httpx.Auth], header: str, expected: str
) -> None:
    """A bearer token and an API key are put where vendors look for them."""
    request = httpx.Request("GET", "https://vendor.example/thing")

    assert expected == next(make("https://vendor.example/api").auth_flow(request)).headers[header]


EVERY_KIND = [
    *(make for make, _, _ in FIXED),
    lambda origin: OAuth1("key", SECRET, origin=origin),
    lambda origin: ClientCredentials("client", SECRET, token_url=f"{origin}/token", origin=origin),
]


@pytest.mark.parametrize("make", EVERY_KIND)
@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:1/", "https://vendor.example/", "http://localhost/"])
async def test_credentials_stay_at_their_origin(make: Callable[[str], httpx.Auth], elsewhere: str) -> None:
    """A request to another scheme, host or port is refused before anything is sent."""
    async with httpx.AsyncClient(auth=make("http://127.0.0.1"), trust_env=False) as http:
        with pytest.raises(PayloadError, match="another origin"):
            await http.get(elsewhere)


@pytest.mark.parametrize("make", EVERY_KIND)
def test_credentials_do_not_print_their_secret(make: Callable[[str], httpx.Auth]) -> None:
    """Neither the flow nor what it holds shows the secret when printed."""
    auth = make("http://127.0.0.1")

    assert "s3cret" not in f"{auth!r} {vars(auth)!r}"


@pytest.mark.row("C03")
def test_a_secret_that_no_header_can_hold_is_refused() -> None:
    """A line break in a token is said at once, without the token."""
    with pytest.raises(ValueError, match=r"^a secret with a character that no header can hold$"):
        Bearer(SecretStr("s3c\nret"), origin="https://vendor.example")


async def test_a_token_answer_without_a_token_is_an_error(vendor: Guarded, http: httpx.AsyncClient) -> None:
    """What is no token answer fails as the vendor's error, and says nothing of what came."""
    vendor.expires_in = "not a number"
    with pytest.raises(ValueError, match="expires_in") as caught:
        await http.get("/thing")

    assert not isinstance(caught.value, AdapterError)
    assert "token-1" not in str(caught.value)
