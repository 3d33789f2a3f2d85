"""An issuer of tokens on this machine, whose keys and answers tests choose."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Issuer, IssuerKeys, TokenVerifier
from student_graph.gateway.auth.keys import PATIENCE
from student_graph.resolvers.context import ViewerRole
from tests.gateway.cache.small_cache import Clock
from tests.gateway.servers import client_for

NAME, AUDIENCE = "https://login.hill.example", "student-graph"
HILL, DALE = DistrictId("hill"), DistrictId("dale")
Signing = EllipticCurvePrivateKey | RSAPrivateKey
RSA = generate_rsa(65537, 2048)
EC = generate_private_key(SECP256R1())


def public(key: Signing, kid: str) -> dict[str, Any]:
    """A key as an issuer publishes it."""
    algorithm: Any = RSAAlgorithm if isinstance(key, RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; a change to None leaves a claim out."""
    now = int(time.time())
    good = {
        "iss": NAME,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now,
        "exp": now + 600,
        "role": "Teacher",
        "staff_id": "7",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(
    key: Any = EC, algorithm: str = "ES256", headers: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """A signed token."""
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": "one", **(headers or {})})


def by_hand(header: Mapping[str, Any], payload: Mapping[str, Any] | bytes) -> str:
    """A well signed token with whatever in it: libraries tidy up what they sign."""
    said = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    head = json.dumps({"alg": "ES256", "kid": "one", "typ": "JWT", **header}).encode()
    body = f"{_spelled(head)}.{_spelled(said)}"
    return f"{body}.{_spelled(ECAlgorithm(ECAlgorithm.SHA256).sign(body.encode(), EC))}"


def _spelled(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@dataclass
class Endpoint:
    """Where an issuer publishes its keys."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(EC, "one"), public(RSA, "rsa")])
    body: bytes | None = None
    """What it answers instead of its keys."""
    status: int = 200
    held: bool = False
    """Whether it lets everybody wait."""
    dripping: bool = False
    """Whether its answer goes on without an end, byte by byte."""
    asked: int = 0
    elsewhere: int = 0
    """Requests to any other address of the same server."""

    async def answer(self, _: Any) -> Response:
        self.asked += 1
        while self.held:  # noqa: ASYNC110 - tests let go from another thread
            await asyncio.sleep(0.005)
        if self.dripping:
            return StreamingResponse(_drops(), media_type="application/json")
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        return Response(body, self.status, {"Location": "/other"}, media_type="application/json")

    async def other(self, _: Any) -> Response:
        self.elsewhere += 1
        return Response(json.dumps({"keys": self.keys}), media_type="application/json")


async def _drops() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.02)


@dataclass
class Stand:
    """A verifier whose issuer answers on this machine."""

    endpoint: Endpoint
    keys: IssuerKeys
    verifier: TokenVerifier
    url: str
    clock: Clock


@contextlib.asynccontextmanager
async def standing(
    endpoint: Endpoint | None = None, *, patience: float = PATIENCE, **settings: Any
) -> AsyncIterator[Stand]:
    """An issuer of the district `hill` that answers until the block ends."""
    made, clock = endpoint or Endpoint(), Clock()
    routes = [Route("/keys", made.answer), Route("/{rest:path}", made.other)]
    with client_for(Starlette(routes=routes)) as client:
        url = str(client.base_url).rstrip("/")
        keys = IssuerKeys(f"{url}/keys", httpx.AsyncClient(trust_env=False), patience=patience, clock=clock)
        issuer = Issuer(NAME, keys, AUDIENCE, frozenset({HILL}), roles={"Teacher": ViewerRole.TEACHER}, **settings)
        yield Stand(made, keys, TokenVerifier({NAME: issuer}), url, clock)
        await keys.close()
