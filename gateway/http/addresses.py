"""
Where a vendor's name may lead.

Names are resolved by us and the connection goes to an address that was checked, so that a name which changes its
mind between the check and the connection gains nothing. Private networks are open to a source only where its
operator says so, and addresses that hand out a machine's own credentials to nobody.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from student_graph.adapters.errors import UnavailableError

RESOLVING = 1.0
"""Seconds that the resolver may take."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

Resolved: TypeAlias = tuple[Any, Any, int, str, tuple[Any, ...]]
"""Family, kind, protocol, canonical name and address, as `getaddrinfo` tells them."""
Lookup: TypeAlias = Callable[[str, int, socket.AddressFamily], Awaitable[Sequence[Resolved]]]

NEVER: Sequence[Network] = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128")
]
"""Link-local networks and the clouds' metadata addresses: whoever reaches these has the machine's own rights."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of version 4 behind a translator."""


class ForbiddenAddressError(OSError):
    """A name led to where its source may not go; nothing was sent there."""


def check(address: str, networks: Sequence[Network]) -> None:
    """
    Let an address pass that is public, or in one of the networks.

    Raises:
        ForbiddenAddressError: it is neither, or one that nobody may reach.
    """
    found = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if any(found in network for network in NEVER):
        raise ForbiddenAddressError("an address that is never allowed")
    if not (found.is_global or any(found in network for network in networks)):
        raise ForbiddenAddressError("an address of a private network that the source's settings do not allow")


def _plain(address: Address) -> Address:
    """The address of version 4 that one of version 6 stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address


def is_address(host: str) -> bool:
    """Whether a host is written as an address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


async def machines_addresses(host: str, port: int, family: socket.AddressFamily) -> Sequence[Resolved]:
    """A name's addresses, by the machine's resolver."""
    loop = asyncio.get_running_loop()
    return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)


class Resolver(AbstractResolver):
    """Resolves names, within a time, to addresses that a source may go to."""

    def __init__(self, networks: Sequence[Network], lookup: Lookup = machines_addresses) -> None:
        self._networks = networks
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """
        The addresses of a name, all of which were checked.

        Raises:
            OSError: there are none, or one of them is not the source's to go to.
        """
        try:
            async with asyncio.timeout(RESOLVING):
                told = await self._lookup(host, port, family)
        except TimeoutError:
            raise OSError(None, "the resolver did not answer") from None
        for *_, address in told:
            check(str(address[0]), self._networks)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in told
        ]

    async def close(self) -> None:
        """Nothing is held."""


def forbidden() -> UnavailableError:
    """The error of a source whose name leads where it may not go."""
    return UnavailableError("the vendor's name leads to an address that the source's settings do not allow")
