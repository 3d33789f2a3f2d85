"""Sections A and C: where a vendor's name may lead, and whose certificates are accepted."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import warnings
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import AnyHttpUrl

from student_graph.adapters.contract import AdapterSettings
from student_graph.gateway.http import NetworkOptions, create_client
from student_graph.gateway.http.addresses import CheckedResolver, ForbiddenAddressError, check_address
from tests.faults.vendor import Call, codes, district, vendor

row = pytest.mark.row
DOWN = "SOURCE_UNAVAILABLE"


def leading_to(*addresses: str) -> NetworkOptions:
    """A wire on which every name leads to these addresses."""

    async def lookup(_: str, port: int, __: socket.AddressFamily) -> Any:
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(kinds[ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return NetworkOptions(lookup)


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
            check_address(address, [ip_network("0.0.0.0/0"), ip_network("::/0")])
    check_address("10.0.0.1", [ip_network("10.0.0.0/8")])
    check_address("93.184.215.14", [])


@row("C04")
@pytest.mark.parametrize(
    "host", ["10.0.0.1", "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_an_address_of_a_private_network_is_refused_at_start(host: str) -> None:
    """However it is written; the message says which setting allows it."""
    with pytest.raises(ValueError, match=r"base_url: .*networks"):
        create_client(AdapterSettings(base_url=AnyHttpUrl(f"http://{host}/")), lambda: None)


@row("A02")
async def test_a_resolver_that_hangs_is_given_a_second() -> None:
    """Then the name is one that did not resolve."""

    async def hang(*_: Any) -> Any:
        await asyncio.sleep(30)

    async with asyncio.timeout(2):
        with pytest.raises(OSError, match="did not answer"):
            await CheckedResolver([], hang).resolve("vendor.example", 80)


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
        wire = NetworkOptions(leading_to("127.0.0.1").resolve_name, ours if accepted else True)
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
        wire = NetworkOptions(leading_to("127.0.0.1").resolve_name, ours)
        async with district(f"https://vendor.example:{made.port}", wire) as hill:
            assert codes(await hill.ask("s1")) == {DOWN}
        assert made.calls == []
