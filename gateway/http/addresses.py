"""
Which network addresses a source may connect to.

The gateway resolves a vendor's name itself and connects to an address that it has checked. A name that resolves
differently between the check and the connection (DNS rebinding) gains nothing. A source reaches private networks
only where its settings allow them. No source reaches the addresses that hand out a machine's own credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.http.names import AddressInfo, SystemResolver

RESOLVE_TIMEOUT_SECONDS = 1.0

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ResolveName: TypeAlias = Callable[[str, int, socket.AddressFamily], Awaitable[Sequence[AddressInfo]]]
"""Returns the addresses of a host name, for a port and an address family."""

FORBIDDEN_NETWORKS: Sequence[Network] = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128")
]
"""Link-local networks and the metadata addresses of clouds, which give a caller the rights of the machine."""
_NAT64_NETWORK = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses behind a NAT64 translator (RFC 6052)."""


class ForbiddenAddressError(OSError):
    """A name or address that the source may not connect to; nothing was sent."""


def check_address(address: str, networks: Sequence[Network]) -> None:
    """
    Accept an address that is public or in one of the networks.

    Raises:
        ForbiddenAddressError: it is neither, or it is in `FORBIDDEN_NETWORKS`.
    """
    target = _embedded_ipv4(ipaddress.ip_address(address.partition("%")[0]))
    if any(target in network for network in FORBIDDEN_NETWORKS):
        raise ForbiddenAddressError("an address that is never allowed")
    if not (target.is_global or any(target in network for network in networks)):
        raise ForbiddenAddressError("an address of a private network that the source's settings do not allow")


def _embedded_ipv4(address: Address) -> Address:
    """The IPv4 address that an IPv6 address (mapped, 6to4, Teredo or NAT64) contains; else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64_NETWORK:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address


def is_address(host: str) -> bool:
    """Whether a host is an IP address and not a name; an IPv6 address may have brackets."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


class CheckedResolver(AbstractResolver):
    """Resolves names to addresses that a source may connect to, within `RESOLVE_TIMEOUT_SECONDS`."""

    def __init__(self, networks: Sequence[Network], resolve_name: ResolveName | None = None) -> None:
        self._networks = networks
        self._resolve_name = resolve_name or SystemResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """
        The addresses of a name, all of them checked.

        Raises:
            OSError: there are none, the resolver was too slow, or the source may not connect to one of them.
        """
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_SECONDS):
                infos = await self._resolve_name(host, port, family)
        except TimeoutError:
            raise OSError(None, "the resolver did not answer") from None
        for *_, address in infos:
            check_address(str(address[0]), self._networks)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=address_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for address_family, _, protocol, _, address in infos
        ]

    async def close(self) -> None:
        """Do nothing: the resolver holds no resources."""


def forbidden_address_error() -> UnavailableError:
    """The error of a source whose name resolves to an address that its settings do not allow."""
    return UnavailableError("the vendor's name resolves to an address that the source's settings do not allow")
