"""Whose address a request has: the connection's, or what a proxy that the operator trusts says."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.disclosures.report import report
from student_graph.gateway.config import settings_file
from student_graph.gateway.disclosure.address import note_address, noted_address
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.clients.trusted_proxies import TrustedProxies
from student_graph.gateway.server.process import server_config
from tests.gateway.disclosure.child import CONFIG
from tests.gateway.disclosure.logs import HILL, KEYS, entry, write
from tests.gateway.servers import client_for
from tests.subcases import subcases

HERE = "127.0.0.1"


async def address_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the address that the record of disclosures would get."""
    if scope["type"] == "http":
        note_address(scope)
        await Response(noted_address())(scope, receive, send)


@subcases(
    ("proxies", "forwarded", "address"),
    [
        ((), "192.0.2.7", HERE),
        (("10.0.0.0/8",), "192.0.2.7", HERE),
        ((HERE,), "192.0.2.7", "192.0.2.7"),
        (("127.0.0.0/8",), "192.0.2.7", "192.0.2.7"),
        ((HERE,), "203.0.113.66, 192.0.2.7", "192.0.2.7"),
        ((HERE, "10.0.0.0/8"), "203.0.113.66, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ((HERE,), "2001:db8::7", "2001:db8::7"),
        ((HERE,), "", HERE),
        ((HERE,), "unknown", None),
        ((HERE,), "192.0.2.7\t<script>", None),
        ((HERE,), '","students":["x', None),
    ],
)
@pytest.mark.row("H08")
def test_only_a_trusted_proxy_states_the_address(
    proxies: tuple[str, ...], forwarded: str, address: str | None
) -> None:
    """It is the last address before the trusted ones: what a client writes in front counts for nothing."""
    with client_for(address_app, proxies) as client:
        response = client.get("/", headers={"X-Forwarded-For": forwarded})
    assert response.json() == address


async def test_addresses_are_known_on_a_socket_for_both_families() -> None:
    """A socket for IPv6 that takes IPv4 too, such as that of `host = "::"`, shows an IPv4 address within IPv6."""
    config = server_config(address_app, ConnectionTable(), ["10.0.0.0/24", "192.0.2.1"])
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=("::ffff:10.0.0.6", 443))
    async with httpx.AsyncClient(transport=transport, base_url="http://graph") as proxy:
        by_proxy = await proxy.get("/", headers={"X-Forwarded-For": "192.0.2.7"})
    transport = httpx.ASGITransport(config.loaded_app, client=("::ffff:192.0.2.9", 443))
    async with httpx.AsyncClient(transport=transport, base_url="http://graph") as client:
        by_itself = await client.get("/", headers={"X-Forwarded-For": "192.0.2.7"})

    assert (by_proxy.json(), by_itself.json()) == ("192.0.2.7", "192.0.2.9")
    assert "::ffff:192.0.2.1" in TrustedProxies(["10.0.0.0/24", "192.0.2.1"])


async def test_the_record_has_the_address_of_requests(tmp_path: Path) -> None:
    """Beside the request's id, also on the short line of a response that is sent again."""
    log = DisclosureLog(tmp_path, KEYS)
    disclosure = entry("s1")
    for address in ("192.0.2.7", "2001:db8::1"):
        note_address({"client": (address, 443)})
        write(log, disclosure)
    note_address({"client": None})
    write(log, disclosure)
    await log.close()
    student = KEYS.pseudonym(HILL, "s1")
    seen = report(disclosures_of(tmp_path, student), student, HILL, KEYS)
    assert [disclosure.address for disclosure in seen] == ["192.0.2.7", "2001:db8::1", None]


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        ("proxy.example", "an address such as 10.0.0.6, or a network such as 10.0.0.0/24"),
        ("*", "an address such as 10.0.0.6, or a network such as 10.0.0.0/24"),
        ("10.0.0.1/8", "an address such as 10.0.0.6, or a network such as 10.0.0.0/24"),
        ("0.0.0.0/0", "everybody could state another address"),
        ("::/0", "everybody could state another address"),
    ],
)
def test_a_proxy_is_an_address_or_a_small_network(network: str, problem: str, tmp_path: Path) -> None:
    """A wrong one is refused with an example."""
    path = tmp_path / "gateway.toml"
    path.write_text(f"[server]\ntrusted_proxies = {json.dumps([network])}\n{CONFIG}")
    with pytest.raises(SettingsError) as error:
        settings_file.load(path)
    assert "trusted_proxies" in str(error.value)
    assert problem in str(error.value)
