"""A client of the OneRoster sandbox over a socket, with a token or a signature."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from student_graph.adapters.oauth1 import OAuth1, SignatureMethod
from student_graph.adapters.oneroster.sandbox import (
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.clients import sync_client

SCOPES_12 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
SCOPES_11 = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
_GRADEBOOK = {"categories", "lineItems", "results", "assessmentLineItems", "assessmentResults"}

Rows = list[dict[str, Any]]


DISTRICT = make_district(60)
"""A district that no test changes."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running sandbox with a client for it."""

    sandbox: OneRosterSandbox
    client: httpx.Client

    def get(self, path: str, **params: str | int) -> httpx.Response:
        """The response to a request for a path below its service."""
        return self.client.get(service_path(self.sandbox, path) + path, params=params)

    def rows(self, path: str, **params: str | int) -> Rows:
        """The rows of one page under any key."""
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return next(value for name, value in response.json().items() if not name.startswith("_"))  # type: ignore[no-any-return]

    def all_rows(self, path: str, **params: str | int) -> Rows:
        """The rows of all pages."""
        rows: Rows = []
        while page := self.rows(path, offset=len(rows), **params):
            rows += page
        return rows


def sandbox_with(quirks: Quirks = PUBLISHED_12, **changes: Any) -> OneRosterSandbox:
    """A sandbox of the district with the quirks and changes, in the version of the quirks."""
    version: Literal["1.1", "1.2"] = "1.1" if quirks in {PUBLISHED_11, LEGACY_11} else "1.2"
    return OneRosterSandbox(DISTRICT, version=version, quirks=replace(quirks, **changes))


def service_path(sandbox: OneRosterSandbox, path: str) -> str:
    """The path of the service that has a route."""
    if sandbox.version == "1.1":
        return "/ims/oneroster/v1p1"
    parts = path.split("/")
    name = "gradebook" if {parts[1], parts[-1]} & _GRADEBOOK else "rostering"
    return f"/ims/oneroster/{name}/v1p2"


def request_token(client: httpx.Client, sandbox: OneRosterSandbox, scope: str | None = None) -> httpx.Response:
    """The response to a token request; a scope of None is not sent."""
    settings = sandbox.settings()
    form = {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})
    return client.post("/oauth/token", data=form, auth=(settings["client_id"], settings["client_secret"]))


def signature_auth(sandbox: OneRosterSandbox, method: SignatureMethod = "HMAC-SHA1", **options: Any) -> OAuth1:
    """Authentication that signs requests as the sandbox's own client."""
    settings = sandbox.settings()
    secret = SecretStr(settings["client_secret"])
    return OAuth1(settings["client_id"], secret, origin=sandbox.url, method=method, **options)


@contextlib.contextmanager
def running(sandbox: OneRosterSandbox, scope: str | None = None) -> Iterator[Server]:
    """Serve the sandbox; yields it with a client that has all scopes, or those in `scope`."""
    with served(sandbox), sync_client(base_url=sandbox.url) as client:
        settings = sandbox.settings()
        if settings["auth"] == "oauth1":
            client.auth = signature_auth(sandbox, settings["signature"])
        else:
            token_body = request_token(
                client, sandbox, " ".join(settings["scopes"]) if scope is None else scope
            ).json()
            client.headers["Authorization"] = f"Bearer {token_body['access_token']}"
        yield Server(sandbox, client)
