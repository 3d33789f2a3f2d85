"""Signed tokens, and an issuer on this machine whose published keys and faults a test chooses."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Issuer, IssuerKeys, TokenVerifier
from student_graph.resolvers.context import ViewerRole
from tests.clients import async_client
from tests.gateway.cache.small_cache import Clock
from tests.gateway.servers import client_for
from tests.patience import SOURCE_SECONDS

ISSUER_NAME, AUDIENCE = "https://login.hill.example", "student-graph"
HILL, DALE = DistrictId("hill"), DistrictId("dale")
SigningKey = EllipticCurvePrivateKey | RSAPrivateKey
RSA_KEY = generate_rsa_key(65537, 2048)
EC_KEY = generate_private_key(SECP256R1())


def public_jwk(key: SigningKey, key_id: str) -> dict[str, Any]:
    """The public part of a key as an issuer publishes it."""
    algorithm: Any = RSAAlgorithm if isinstance(key, RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}


def valid_claims(**changes: Any) -> dict[str, Any]:
    """The claims of a valid token, issued now for ten minutes; a change to None removes a claim."""
    now = int(time.time())
    claims = {
        "iss": ISSUER_NAME,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now,
        "exp": now + 600,
        "role": "Teacher",
        "staff_id": "7",
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def signed_token(
    key: Any = EC_KEY, algorithm: str = "ES256", headers: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """A signed token with valid claims and some changes."""
    return jwt.encode(valid_claims(**changes), key, algorithm, headers={"kid": "one", **(headers or {})})


def sign_unchecked(header: Mapping[str, Any], payload: Mapping[str, Any] | bytes) -> str:
    """A token with a valid signature of `EC_KEY` and any content; PyJWT would correct or refuse some content."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    head = json.dumps({"alg": "ES256", "kid": "one", "typ": "JWT", **header}).encode()
    signed = f"{encode_part(head)}.{encode_part(content)}"
    return f"{signed}.{encode_part(ECAlgorithm(ECAlgorithm.SHA256).sign(signed.encode(), EC_KEY))}"


def encode_part(part: bytes) -> str:
    """A part of a token: base64 for URLs without padding."""
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@dataclass
class KeyEndpoint:
    """The address at which an issuer publishes its keys."""

    keys: list[dict[str, Any]] = field(
        default_factory=lambda: [public_jwk(EC_KEY, "one"), public_jwk(RSA_KEY, "rsa")]
    )
    body: bytes | None = None
    """The response's body; None for the keys."""
    status: int = 200
    stalled: bool = False
    """Whether responses wait until this is False again."""
    endless: bool = False
    """Whether a response goes on without an end, byte by byte."""
    requests: int = 0
    other_requests: int = 0
    """Requests to any other address of the same server."""

    async def respond(self, _: Any) -> Response:
        self.requests += 1
        while self.stalled:  # noqa: ASYNC110 - a test changes it in another thread
            await asyncio.sleep(0.005)
        if self.endless:
            return StreamingResponse(_endless_spaces(), media_type="application/json")
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        return Response(body, self.status, {"Location": "/other"}, media_type="application/json")

    async def respond_elsewhere(self, _: Any) -> Response:
        self.other_requests += 1
        return Response(json.dumps({"keys": self.keys}), media_type="application/json")


async def _endless_spaces() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.02)


@dataclass
class RunningIssuer:
    """An issuer that serves its keys on this machine, and a verifier that accepts its tokens."""

    issuer: Issuer
    endpoint: KeyEndpoint
    verifier: TokenVerifier
    url: str
    clock: Clock
    """The clock by which keys get old."""

    async def wait_for_background_fetch(self) -> None:
        """Wait until a running fetch of keys has finished: an unknown key id joins it."""
        await self.issuer.keys.find("unknown")


def offline_verifier(**settings: Any) -> TokenVerifier:
    """A verifier that accepts the tokens of the issuer with `EC_KEY` and needs no server for its keys."""
    keys = IssuerKeys(static_keys={"one": jwt.PyJWK(public_jwk(EC_KEY, "one"))})
    roles = {"Teacher": ViewerRole.TEACHER}
    return TokenVerifier(
        {ISSUER_NAME: Issuer(ISSUER_NAME, keys, AUDIENCE, frozenset({HILL}), roles=roles, **settings)}
    )


@contextlib.asynccontextmanager
async def running_issuer(
    *, timeout_seconds: float = SOURCE_SECONDS, **settings: Any
) -> AsyncIterator[RunningIssuer]:
    """Run the issuer of the district `hill` until the block ends."""
    endpoint, clock = KeyEndpoint(), Clock()
    routes = [Route("/keys", endpoint.respond), Route("/{rest:path}", endpoint.respond_elsewhere)]
    with client_for(Starlette(routes=routes)) as client:
        url = str(client.base_url).rstrip("/")
        http = async_client()
        keys = IssuerKeys(f"{url}/keys", http, timeout_seconds=timeout_seconds, clock=clock)
        roles = {"Teacher": ViewerRole.TEACHER}
        issuer = Issuer(ISSUER_NAME, keys, AUDIENCE, frozenset({HILL}), roles=roles, **settings)
        try:
            yield RunningIssuer(issuer, endpoint, TokenVerifier({ISSUER_NAME: issuer}), url, clock)
        finally:
            endpoint.stalled = endpoint.endless = False
            await keys.close()
