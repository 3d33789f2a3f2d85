"""
Sign-in of the viewers of a rehearsal: real OpenID Connect servers, in a process of their own.

The servers are those of the package `oidc-provider-mock`. `python -m student_graph.gateway.demo.rehearsal.sign_in`
prints their addresses as one line of JSON, and serves them until its standard input ends.
"""

from __future__ import annotations

import json
import sys
import threading
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from student_graph.adapters.registry import SettingsError

AUDIENCE = "student-graph-pages"
"""Id of the client that signs people in: the audience of their tokens."""
REDIRECT = "https://pages.example/signed-in"
PACKAGE = "oidc_provider_mock"


def require_package() -> None:
    """
    Check that the package with the OpenID Connect server is installed.

    Raises:
        SettingsError: it is not.
    """
    if find_spec(PACKAGE) is None:
        raise SettingsError("the sign-in server is missing: install student-graph[rehearsal]")


async def sign_in(client: httpx.AsyncClient, issuer: str, subject: str, claims: Mapping[str, Any]) -> str:
    """Sign a person in by the authorization code flow, and return the ID token."""
    (await client.put(f"{issuer}/users/{subject}", json=dict(claims))).raise_for_status()
    query = {
        "client_id": AUDIENCE,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid email",
        "state": "rehearsal",
    }
    reply = await client.post(f"{issuer}/oauth2/authorize", params=query, data={"sub": subject})
    [code] = parse_qs(urlsplit(reply.headers["location"]).query)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": AUDIENCE,
        "client_secret": "any",
        "redirect_uri": REDIRECT,
    }
    reply = await client.post(f"{issuer}/oauth2/token", data=form)
    reply.raise_for_status()
    token: str = reply.json()["id_token"]
    return token


def main() -> None:
    """Serve as many issuers as the first argument says, until the standard input ends."""
    warnings.simplefilter("ignore")  # the package for Python 3.11 imports a module that its own library deprecates
    from oidc_provider_mock import app  # noqa: PLC0415 - an extra
    from werkzeug.serving import make_server  # noqa: PLC0415 - comes with it

    servers = [make_server("127.0.0.1", 0, app(), threaded=True) for _ in range(int(sys.argv[1]))]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps([f"http://127.0.0.1:{server.server_port}" for server in servers]), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
