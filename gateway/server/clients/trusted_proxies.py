"""The client that a proxy sends a request for, so that limits for an address count clients and not the proxy."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from ipaddress import ip_network

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

log = logging.getLogger("student_graph.gateway")

FORWARDED_FOR = b"x-forwarded-for"


async def _no_application(*_: object) -> None:
    """Stand for an application: only the middleware's addresses are used."""


def on_every_socket(addresses: Iterable[str]) -> list[str]:
    """
    Addresses and networks, with those of IPv4 also as a socket for IPv6 shows them.

    Such as `::ffff:10.0.0.6` (RFC 4291, section 2.5.5.2): `server.host = "::"` takes connections of both families.
    """
    listed = list(addresses)
    networks = map(ip_network, listed)
    return [
        *listed,
        *(f"::ffff:{net.network_address}/{96 + net.prefixlen}" for net in networks if net.version == 4),
    ]


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` counts, by the rules with which uvicorn replaces a request's client."""

    def __init__(self, addresses: Collection[str] = ()) -> None:
        """Trust addresses and networks."""
        self._hosts = ProxyHeadersMiddleware(_no_application, on_every_socket(addresses)).trusted_hosts
        self._has_warned = False

    def __contains__(self, host: str) -> bool:
        """Whether a proxy with this address is trusted."""
        return host in self._hosts

    def client_of(self, host: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The address of the client for which `host` sends a request; None if it sends the request for itself."""
        values = [value for name, value in headers if name == FORWARDED_FOR]
        if not values:
            return None
        if host not in self:
            if not self._has_warned:
                self._has_warned = True  # not the address: it may be that of a person
                log.warning(
                    "X-Forwarded-For is ignored: its sender is not in server.trusted_proxies; "
                    "if that is your proxy, add it there (said once)"
                )
            return None
        return self._hosts.get_trusted_client_address(b", ".join(values).decode("latin1"))[0] or None
