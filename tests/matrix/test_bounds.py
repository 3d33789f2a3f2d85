"""Section A: where we may go, how often we ask, and when we leave a vendor alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import warnings
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyHttpUrl

from adapters.contract import AdapterSettings
from adapters.errors import RefusedError, UnavailableError
from gateway.http import Wire, client
from gateway.http.addresses import ForbiddenAddressError, Resolver, check
from gateway.http.breaker import GOOD_PROBES, IN_A_ROW, Breaker, Ticket
from gateway.http.gate import QUEUE, Gate
from gateway.http.limits import allowance
from gateway.http.retrying import FLOOR, SHARE, Budget
from tests.gateway.cache.keeping import Clock
from tests.matrix.vendor import Call, body, codes, district, http, vendor

row = pytest.mark.row
DOWN = "SOURCE_UNAVAILABLE"


def leading_to(*addresses: str) -> Wire:
    """A wire on which every name leads to these addresses."""

    async def lookup(_: str, port: int, __: socket.AddressFamily) -> Any:
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(kinds[ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return Wire(lookup)


PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1",
           "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.1", "100.100.100.200", "fe80::1"]  # fmt: skip


@row("A03", "C04")
@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_into_a_private_network_is_not_followed(address: str) -> None:
    """Nothing is sent there, whatever the name said before."""
    async with vendor(Call.well) as made:
        url = f"http://vendor.example:{made.port}"
        async with district(url, leading_to(address), networks=()) as hill:
            assert codes(await hill.ask("s1")) == {DOWN}
        assert made.connections == 0


@row("A03")
async def test_one_private_address_among_public_ones_spoils_a_name() -> None:
    """Which of them would be used is not ours to say."""
    async with district("http://vendor.example", leading_to("93.184.215.14", "127.0.0.1"), networks=()) as hill:
        assert codes(await hill.ask("s1")) == {DOWN}


@row("A03")
async def test_a_network_that_the_operator_allows_is_reached_by_name() -> None:
    """And the connection goes to the address that was checked."""
    async with vendor(Call.well) as made:
        url = f"http://vendor.example:{made.port}"
        async with district(url, leading_to("127.0.0.1")) as hill:
            assert codes(await hill.ask("s1")) == set()
        assert b"host: vendor.example" in made.calls[0].head.lower()


@row("A03", "C04")
def test_metadata_addresses_are_never_allowed() -> None:
    """Not even where the settings allow their network."""
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"):
        with pytest.raises(ForbiddenAddressError):
            check(address, [ip_network("0.0.0.0/0"), ip_network("::/0")])
    check("10.0.0.1", [ip_network("10.0.0.0/8")])
    check("93.184.215.14", [])


@row("C04")
@pytest.mark.parametrize(
    "host", ["10.0.0.1", "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_an_address_of_a_private_network_is_refused_at_start(host: str) -> None:
    """However it is written; the message says which setting allows it."""
    with pytest.raises(ValueError, match=r"base_url: .*networks"):
        client(AdapterSettings(base_url=AnyHttpUrl(f"http://{host}/")), lambda: None)


@row("A02")
async def test_a_resolver_that_hangs_is_given_a_second() -> None:
    """Then the name is one that did not resolve."""

    async def hang(*_: Any) -> Any:
        await asyncio.sleep(30)

    async with asyncio.timeout(2):
        with pytest.raises(OSError, match="did not answer"):
            await Resolver([], hang).resolve("vendor.example", 80)


def certificate(folder: Path, host: str, days: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own making, and a client's that accepts the maker."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@row("A04")
@pytest.mark.parametrize(
    ("host", "days", "accepted", "good"),
    [
        ("vendor.example", 30, True, True),
        ("vendor.example", 30, False, False),
        ("vendor.example", -1, True, False),
        ("elsewhere.example", 30, True, False),
    ],
    ids=["good", "made-by-itself", "expired", "of-another-host"],
)
async def test_a_certificate_that_is_not_good_gets_no_credentials(
    tmp_path: Path, host: str, days: int, accepted: bool, good: bool
) -> None:
    """Nothing is sent, and it is not tried again."""
    server, ours = certificate(tmp_path, host, days)
    async with vendor(Call.well, server) as made:
        wire = Wire(leading_to("127.0.0.1").lookup, ours if accepted else True)
        async with district(f"https://vendor.example:{made.port}", wire) as hill:
            assert codes(await hill.ask("s1")) == (set() if good else {DOWN})
            assert (len(made.calls), len(hill.calls)) == (int(good), 1)


@row("A04")
async def test_an_old_tls_is_not_spoken(tmp_path: Path) -> None:
    """Version 1.1 is refused."""
    server, ours = certificate(tmp_path, "vendor.example", 30)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        server.minimum_version, server.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    server.set_ciphers("ALL:@SECLEVEL=0")
    async with vendor(Call.well, server) as made:
        wire = Wire(leading_to("127.0.0.1").lookup, ours)
        async with district(f"https://vendor.example:{made.port}", wire) as hill:
            assert codes(await hill.ask("s1")) == {DOWN}
        assert made.calls == []


@row("A12")
async def test_while_a_vendor_wants_to_be_left_alone_nobody_asks_it() -> None:
    """One caller is told to wait for two seconds: all others wait as well, and are answered then."""

    async def limit(call: Call) -> None:
        if call.number == 0:
            return await call.send(http("429 Too Many", b"", "Retry-After: 1"))
        return await call.well()

    async with vendor(limit) as made, district(made) as hill:
        pages = [asyncio.create_task(hill.ask(f"s{n}")) for n in range(1)]
        await asyncio.sleep(0.2)
        pages += [asyncio.create_task(hill.ask(f"s{n}")) for n in range(1, 20)]
        await asyncio.sleep(0.5)
        assert len(made.calls) == 1
        answers = await asyncio.gather(*pages)
    assert set().union(*map(codes, answers)) == set()


@row("A12")
async def test_who_has_not_the_time_to_wait_is_told_when_to_come_back() -> None:
    """The error carries the seconds, and the vendor is not asked."""
    async with (
        vendor(lambda call: call.send(http("429 Too Many", b"", "Retry-After: 60"))) as made,
        district(made) as hill,
    ):
        for _ in range(5):
            answer = await hill.ask("s1")
            extensions = answer["errors"][0]["extensions"]
            assert (extensions["code"], 58 <= extensions["retryAfter"] <= 60) == ("RATE_LIMITED", True)
        assert len(made.calls) == 1


@row("A15")
async def test_a_vendor_that_refuses_our_credentials_is_left_alone_for_a_minute() -> None:
    """One call, however many ask: more would lock the account."""
    async with vendor(lambda call: call.send(http("401 Unauthorized", b""))) as made, district(made) as hill:
        for number in range(10):
            assert codes(await hill.ask(f"s{number}")) == {"SOURCE_AUTH"}
        assert len(made.calls) == 1


@row("A29", "A01")
async def test_a_vendor_that_fails_is_left_alone_and_asked_by_one_at_a_time() -> None:
    """Five failures in a row; then a hundred questions at once make one call, and three good ones end it."""
    well = False

    async def flapping(call: Call) -> None:
        await asyncio.sleep(0.02)
        await (call.well() if well else call.send(http("500 Oops", b"")))

    async with vendor(flapping) as made, district(made, rest=0.3) as hill:
        for number in range(20):
            await hill.ask(f"s{number}")
        assert len(made.calls) == IN_A_ROW
        async with asyncio.timeout(1):
            assert codes(await hill.ask("s30")) == {DOWN}
        await asyncio.sleep(0.35)
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(100)))
        assert set().union(*map(codes, answers)) == {DOWN}
        assert len(made.calls) == IN_A_ROW + 1
        well = True
        await asyncio.sleep(0.7)
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(100)))
        assert set().union(*map(codes, answers)) == set()
        assert hill.http.gate.breaker.closed


@row("A29")
def test_a_vendor_that_fails_half_the_time_is_left_alone_within_ten_seconds() -> None:
    """Twenty questions suffice, although never five in a row fail; each failed probe doubles the time."""
    clock = Clock()
    breaker = Breaker(30.0, clock)
    for number in range(20):
        assert breaker.enter() is Ticket.USUAL
        breaker.leave(Ticket.USUAL, good=number % 2 == 0)
        clock.now += 0.4
    waits = []
    for _ in range(6):
        assert breaker.enter() is None
        waits.append(round(breaker.waits))
        clock.now += breaker.waits
        assert [breaker.enter() for _ in range(3)] == [Ticket.PROBE, None, None]
        breaker.leave(Ticket.PROBE, good=False)
    assert waits == [30, 60, 120, 240, 300, 300]
    clock.now += 300
    for _ in range(GOOD_PROBES):
        assert breaker.enter() is Ticket.PROBE
        breaker.leave(Ticket.USUAL, good=False)  # asked before it opened: says nothing of now
        breaker.leave(Ticket.PROBE, good=True)
    assert breaker.closed


@row("A30")
def test_an_asker_that_goes_away_says_nothing_of_the_source() -> None:
    """Not even when it was the probe: the next one is."""
    clock = Clock()
    breaker = Breaker(30.0, clock)
    for _ in range(100):
        breaker.leave(Ticket.USUAL, good=None)
    assert breaker.closed
    for _ in range(IN_A_ROW):
        breaker.leave(Ticket.USUAL, good=False)
    clock.now += 31
    for _ in range(3):
        assert breaker.enter() is Ticket.PROBE
        breaker.leave(Ticket.PROBE, good=None)


@row("A11")
@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=300))
def test_no_more_than_a_tenth_is_asked_again(pauses: list[float]) -> None:
    """However the questions come, and all of them fail; three may be in any case."""
    clock, again = Clock(), 0
    budget = Budget(clock)
    for pause in pauses:
        clock.now += pause
        budget.ask()
        again += budget.take()
    assert again <= max(FLOOR * (1 + sum(pauses) // 100), SHARE * len(pauses) + FLOOR)


@row("A11")
async def test_under_total_failure_the_load_is_hardly_more_than_what_is_asked() -> None:
    """A thousand questions to a vendor that answers 503: the breaker lets a handful through."""
    async with vendor(lambda call: call.send(http("503 Down", b""))) as made, district(made) as hill:
        for number in range(200):
            await hill.ask(f"s{number}")
        assert len(made.calls) <= 10


async def test_a_queue_that_is_full_says_so() -> None:
    """Whoever comes then is refused at once, and told to come back."""
    gate = Gate(1)
    await gate.enter()
    waiting = [asyncio.create_task(gate.enter()) for _ in range(QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="too many"):
        await gate.enter()
    waiting[0].cancel()
    await asyncio.sleep(0)
    gate.leave(Ticket.USUAL, good=True)
    assert await waiting[1] is Ticket.USUAL
    for task in waiting[2:]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_locked_gate_lets_nobody_in_until_its_time_is_over() -> None:
    """A minute after our credentials were refused somebody may try."""
    clock = Clock()
    gate = Gate(2, clock=clock)
    gate.lock()
    with pytest.raises(RefusedError):
        await gate.enter()
    clock.now += 61
    assert await gate.enter() is Ticket.USUAL


LIMITS = [
    ({"X-Rate-Limit-Remaining": "699.5"}, (1.0, 0.0)),
    ({"X-Rate-Limit-Remaining": "25"}, (0.25, 0.0)),
    ({"X-Rate-Limit-Remaining": "-3.2"}, (-0.032, 1.0)),
    ({"RateLimit-Limit": "100", "RateLimit-Remaining": "5", "RateLimit-Reset": "30"}, (0.25, 0.0)),
    ({"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, (0.0, 30.0)),
    ({"RateLimit": '"default";r=0;t=12', "RateLimit-Policy": '"default";q=100;w=60'}, (0.0, 12.0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000010"}, (0.0, 10.0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}, (0.0, 300.0)),
    ({"X-RateLimit-Remaining": "nonsense"}, None),
    ({"Content-Type": "application/json"}, None),
]


@pytest.mark.parametrize(("headers", "left"), LIMITS)
def test_what_vendors_say_of_their_limits_is_understood(headers: dict[str, str], left: Any) -> None:
    """Canvas' cost bucket, the draft standard in both of its forms, and what was there before it."""
    told = allowance(httpx.Headers(headers), lambda: 1_700_000_000.0)
    assert told is None if left is None else told == pytest.approx(left)


@given(st.dictionaries(st.sampled_from([name for headers, _ in LIMITS for name in headers]), st.text(max_size=20)))
def test_whatever_a_limit_says_is_a_short_pause_or_none(headers: dict[str, str]) -> None:
    """Never an exception, never more than five minutes."""
    told = allowance(httpx.Headers([(n.encode(), t.encode()) for n, t in headers.items()]))
    assert told is None or 0 <= told.pause <= 300


async def test_near_its_limit_a_vendor_is_asked_by_fewer_at_once() -> None:
    """With a tenth of the bucket left, one call at a time instead of eight."""
    under_way, most, low = 0, 0, False

    async def measured(call: Call) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        left = "10" if low else "700"
        await call.send(http("200 OK", body(call.path.rpartition("/")[2]), f"X-Rate-Limit-Remaining: {left}"))

    async with vendor(measured) as made, district(made) as hill:
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(16)))
        plenty, most, low = most, 0, True
        await hill.ask("s50")
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(60, 76)))
    assert (plenty, most) == (8, 1)
