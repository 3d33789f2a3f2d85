"""Sections A and C: which addresses a vendor's name may resolve to, and which certificates are accepted."""

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
from student_graph.gateway.http.addresses import (
    RESOLVE_TIMEOUT_SECONDS,
    CheckedResolver,
    ForbiddenAddressError,
    check_address,
)
from tests.faults.vendor import Request, district, error_codes, vendor

row = pytest.mark.row
UNAVAILABLE = "SOURCE_UNAVAILABLE"


def resolving_to(*addresses: str) -> NetworkOptions:
    """A network in which every name resolves to these addresses."""

    async def lookup(_: str, port: int, __: socket.AddressFamily) -> Any:
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (families[ip_address(address).version], socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return NetworkOptions(lookup)


PRIVATE_ADDRESSES = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.1", "100.100.100.200", "fe80::1",
]  # fmt: skip


@row("A03", "C04")
@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
async def test_no_connection_is_opened_to_a_name_that_resolves_to_a_private_address(address: str) -> None:
    """The source is unavailable, and the private address gets no connection."""
    async with vendor(Request.answer) as server:
        url = f"http://vendor.example:{server.port}"
        async with district(url, resolving_to(address), networks=()) as hill:
            assert error_codes(await hill.ask("s1")) == {UNAVAILABLE}
        assert server.connections == 0


@row("A03")
async def test_a_name_with_one_private_address_is_refused() -> None:
    """Public addresses of the same name do not help: the client might connect to the private one."""
    async with district("http://vendor.example", resolving_to("93.184.215.14", "127.0.0.1"), networks=()) as hill:
        assert error_codes(await hill.ask("s1")) == {UNAVAILABLE}


@row("A03")
async def test_a_name_in_an_allowed_network_is_reached() -> None:
    """The connection goes to the address that was checked; the Host header has the name."""
    async with vendor(Request.answer) as server:
        url = f"http://vendor.example:{server.port}"
        async with district(url, resolving_to("127.0.0.1")) as hill:
            assert error_codes(await hill.ask("s1")) == set()
        assert b"host: vendor.example" in server.requests[0].head.lower()


@row("A03", "C04")
def test_metadata_addresses_are_never_allowed() -> None:
    """Not even if the settings allow their network."""
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
    """Every notation of the address is refused, and the message names the setting that allows it."""
    with pytest.raises(ValueError, match=r"base_url: .*networks"):
        create_client(AdapterSettings(base_url=AnyHttpUrl(f"http://{host}/")), lambda: None)


@row("A02")
async def test_a_name_lookup_that_hangs_fails_after_a_second() -> None:
    """`RESOLVE_TIMEOUT_SECONDS` is 1; after it the name counts as not resolved."""

    async def hang(*_: Any) -> Any:
        await asyncio.Event().wait()

    assert RESOLVE_TIMEOUT_SECONDS == 1.0
    async with asyncio.timeout(60):
        with pytest.raises(OSError, match="did not answer"):
            await CheckedResolver([], hang).resolve("vendor.example", 80)


def certificates(folder: Path, host: str, days: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts: a server with a self-signed certificate, valid for `days`, and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    signed = (
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
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@row("A04")
@pytest.mark.parametrize(
    ("host", "days", "trusted", "valid"),
    [
        ("vendor.example", 30, True, True),
        ("vendor.example", 30, False, False),
        ("vendor.example", -1, True, False),
        ("elsewhere.example", 30, True, False),
    ],
    ids=["valid", "self-signed", "expired", "for-another-host"],
)
async def test_no_request_is_sent_to_a_server_with_an_invalid_certificate(
    tmp_path: Path, host: str, days: int, trusted: bool, valid: bool
) -> None:
    """The handshake fails, no request is sent, and there is no retry."""
    server_context, client_context = certificates(tmp_path, host, days)
    async with vendor(Request.answer, server_context) as server:
        network = NetworkOptions(resolving_to("127.0.0.1").resolve_name, client_context if trusted else True)
        async with district(f"https://vendor.example:{server.port}", network) as hill:
            assert error_codes(await hill.ask("s1")) == (set() if valid else {UNAVAILABLE})
            assert (len(server.requests), len(hill.sent_requests)) == (int(valid), 1)


@row("A04")
async def test_a_server_with_only_old_tls_is_refused(tmp_path: Path) -> None:
    """The client does not speak TLS 1.0 or 1.1."""
    server_context, client_context = certificates(tmp_path, "vendor.example", 30)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        server_context.minimum_version, server_context.maximum_version = (
            ssl.TLSVersion.TLSv1,
            ssl.TLSVersion.TLSv1_1,
        )
    server_context.set_ciphers("ALL:@SECLEVEL=0")
    async with vendor(Request.answer, server_context) as server:
        network = NetworkOptions(resolving_to("127.0.0.1").resolve_name, client_context)
        async with district(f"https://vendor.example:{server.port}", network) as hill:
            assert error_codes(await hill.ask("s1")) == {UNAVAILABLE}
        assert server.requests == []
