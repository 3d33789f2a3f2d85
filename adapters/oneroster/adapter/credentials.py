"""The authentication of requests: OAuth 2.0, OAuth 1.0a, or a fixed token, and what a profile adds to it."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from pydantic import SecretStr

from student_graph.adapters.auth import Bearer, ClientCredentials
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.api.resources import Part, part_of

VENDOR_HEADER = "x-vendor-authorization"
"""Header with `key:secret` of Infinite Campus's partner program."""
GRADEBOOK_COLLECTIONS = frozenset(
    {"categories", "lineItems", "results", "assessmentLineItems", "assessmentResults"}
)
"""The collections that the adapter reads and that are not of rostering, by the name in the path."""


def credentials(settings: OneRosterSettings) -> httpx.Auth:
    """
    The authentication that the settings say.

    Raises:
        ValueError: A fixed token has a character that is not allowed in a header.
    """
    if settings.auth == "bearer":
        assert settings.access_token is not None
        return Bearer(settings.access_token, origin=settings.base_url)
    assert settings.client_id is not None
    assert settings.client_secret is not None
    if settings.auth == "oauth1":
        return OAuth1(
            settings.client_id, settings.client_secret, origin=settings.base_url, method=settings.signature
        )
    return VendorCredentials(settings, settings.client_id, settings.client_secret)


class VendorCredentials(ClientCredentials):
    """
    OAuth 2.0 client credentials, and the header of the vendor's partner program for the parts that need it.

    Requests to other parts, and for tokens, do not have the header.
    """

    def __init__(self, settings: OneRosterSettings, client_id: str, client_secret: SecretStr) -> None:
        super().__init__(
            client_id,
            client_secret,
            token_url=token_url(settings),
            origin=settings.base_url,
            scope=settings.requested_scopes or None,
        )
        self._parts = settings.differences.vendor_authorization if settings.differences else ()
        self._key, self._secret = settings.vendor_key, settings.vendor_secret

    def more_headers(self, request: httpx.Request) -> Mapping[str, str]:
        """The key and secret of the partner program, if the request is to a part that needs them."""
        if self._key is None or self._secret is None or requested_part(request.url.path) not in self._parts:
            return {}
        return {VENDOR_HEADER: f"{self._key}:{self._secret.get_secret_value()}"}


def requested_part(path: str) -> Part:
    """
    The part of the standard that an address belongs to: the last collection in its path says it.

    A path has a service and its version, or the version alone, and then collections and ids in turn.
    """
    service, *segments = path.partition("/ims/oneroster/")[2].split("/")
    collections = segments[0 if service == "v1p1" else 1 :: 2]
    name = collections[-1] if collections else ""
    return part_of("gradebook", name) if name in GRADEBOOK_COLLECTIONS else "rostering"


def token_url(settings: OneRosterSettings) -> str:
    """The address of the token endpoint: the configured one, the profile's, or the usual one."""
    if settings.token_url is not None:
        return str(settings.token_url)
    if settings.differences and settings.differences.token_path:
        return str(httpx.URL(str(settings.base_url)).copy_with(path=settings.differences.token_path, query=None))
    return f"{str(settings.base_url).rstrip('/')}/oauth/token"
