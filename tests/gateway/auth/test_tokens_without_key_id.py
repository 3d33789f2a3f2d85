"""Tokens that name no key: accepted if the issuer has exactly one key that they can be signed with."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from hmac import digest
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from student_graph.gateway.auth import InvalidTokenError
from student_graph.gateway.auth.keys import MIN_FETCH_INTERVAL_SECONDS
from student_graph.gateway.auth.refused_tokens import RefusalReason
from tests.gateway.auth.token_factory import (
    EC_KEY,
    RSA_KEY,
    RunningIssuer,
    encode_part,
    public_jwk,
    running_issuer,
    valid_claims,
)

NEW_KEY = generate_private_key(SECP256R1())
NEW_RSA_KEY = generate_rsa_key(65537, 2048)


def token(key: Any = EC_KEY, algorithm: str = "ES256", **claims: Any) -> str:
    """A signed token whose header names no key."""
    return jwt.encode(valid_claims(**claims), key, algorithm)


def without_id(key: Any) -> dict[str, Any]:
    """The public part of a key, published without an id, as RFC 7517 allows."""
    return {name: value for name, value in public_jwk(key, "").items() if name != "kid"}


async def refusal(running: RunningIssuer, sent: str) -> RefusalReason:
    """Why a token is refused."""
    with pytest.raises(InvalidTokenError) as caught:
        await running.verifier.viewer(sent)
    return caught.value.reason


@pytest.mark.row("J02")
async def test_a_token_without_key_id_is_valid_if_one_key_fits_its_algorithm() -> None:
    """The issuer has one RSA key and one elliptic curve: the algorithm decides, and verifies by that key only."""
    async with running_issuer() as running:
        for sent in (token(), token(RSA_KEY, "RS256")):
            assert (await running.verifier.viewer(sent)).subject == "ada"
        assert await refusal(running, token(NEW_KEY)) == RefusalReason.SIGNATURE
        assert await refusal(running, token(NEW_RSA_KEY, "RS256")) == RefusalReason.SIGNATURE
        assert running.endpoint.requests == 1


@pytest.mark.row("J02")
async def test_a_key_that_is_published_without_an_id_verifies_tokens_without_one() -> None:
    """Two keys without ids are two keys. A token that names a key is never verified by another one."""
    async with running_issuer() as running:
        running.endpoint.keys = [without_id(EC_KEY), without_id(RSA_KEY)]
        await running.verifier.viewer(token())
        await running.verifier.viewer(token(RSA_KEY, "RS256"))
        named = jwt.encode(valid_claims(), EC_KEY, "ES256", headers={"kid": "one"})
        assert await refusal(running, named) == RefusalReason.KEY
        unnamed = jwt.encode(valid_claims(), EC_KEY, "ES256", headers={"kid": ""})
        assert await refusal(running, unnamed) == RefusalReason.KEY


@pytest.mark.row("J02")
async def test_a_token_without_key_id_is_refused_if_several_keys_fit() -> None:
    """Also one that the first of them has signed: which key is meant is the issuer's to say."""
    async with running_issuer() as running:
        running.endpoint.keys = [public_jwk(EC_KEY, "one"), public_jwk(NEW_KEY, "two"), public_jwk(RSA_KEY, "rsa")]
        for key in (EC_KEY, NEW_KEY):
            assert await refusal(running, token(key)) == RefusalReason.SEVERAL_KEYS
        await running.verifier.viewer(token(RSA_KEY, "RS256"))


@pytest.mark.row("J01")
@pytest.mark.parametrize("keys", [[EC_KEY], [RSA_KEY], [EC_KEY, RSA_KEY]], ids=["EC", "RSA", "both"])
async def test_a_token_without_key_id_cannot_choose_how_it_is_verified(keys: list[Any]) -> None:
    """
    No signature, and the public keys as secrets of HMAC, whatever algorithm the header names.

    So is a signature of one algorithm under the name of another.
    """
    secrets = [key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in keys]
    async with running_issuer() as running:
        running.endpoint.keys = [public_jwk(key, str(number)) for number, key in enumerate(keys)]
        for algorithm in ("none", "HS256", "RS256", "ES256", "RS512", "PS256", "", None, 5, ["ES256"]):
            header = {"alg": algorithm, "typ": "JWT"}
            content = ".".join(encode_part(json.dumps(part).encode()) for part in (header, valid_claims()))
            for signature in (b"", *(digest(secret, content.encode(), sha256) for secret in secrets)):
                await refusal(running, f"{content}.{encode_part(signature)}")
            _, claims, signature_of_other = token(RSA_KEY, "RS256").split(".")
            if algorithm != "RS256":
                await refusal(running, f"{content.partition('.')[0]}.{claims}.{signature_of_other}")
        assert running.endpoint.requests == 1


@pytest.mark.row("J08")
async def test_a_rotated_key_verifies_the_next_token_without_key_id() -> None:
    """No id says that the key is new: a wrong signature asks for the keys again, twice a minute at most."""
    async with running_issuer() as running:
        running.endpoint.keys = [public_jwk(EC_KEY, "one")]
        old_token = token()
        await running.verifier.viewer(old_token)
        running.endpoint.keys = [public_jwk(NEW_KEY, "new")]
        assert await refusal(running, token(NEW_KEY)) == RefusalReason.SIGNATURE
        running.clock.now += MIN_FETCH_INTERVAL_SECONDS + 1
        new_tokens = [token(NEW_KEY, jti=str(number)) for number in range(20)]
        await asyncio.gather(*map(running.verifier.viewer, new_tokens))
        assert running.endpoint.requests == 2
        assert await refusal(running, old_token) == RefusalReason.SIGNATURE


@pytest.mark.row("J08")
async def test_while_two_keys_are_published_new_tokens_need_a_key_id() -> None:
    """One that was verified before is valid while its key is published; then the other one is the only key."""
    async with running_issuer() as running:
        running.endpoint.keys = [public_jwk(EC_KEY, "one")]
        in_use = token()
        await running.verifier.viewer(in_use)
        running.endpoint.keys = [public_jwk(EC_KEY, "one"), public_jwk(NEW_KEY, "new")]
        running.clock.now += MIN_FETCH_INTERVAL_SECONDS + 1
        await running.wait_for_background_fetch()
        await running.verifier.viewer(in_use)
        assert await refusal(running, token(NEW_KEY)) == RefusalReason.SEVERAL_KEYS
        running.endpoint.keys = [public_jwk(NEW_KEY, "new")]
        running.clock.now += MIN_FETCH_INTERVAL_SECONDS + 1
        await running.verifier.viewer(token(NEW_KEY))
        assert await refusal(running, in_use) == RefusalReason.SIGNATURE
