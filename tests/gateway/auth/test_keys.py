"""The keys of an issuer: fetched, rotated, kept through an outage, and refused when they are invalid."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm

from student_graph.gateway.auth import InvalidTokenError, IssuerKeys
from tests.clients import async_client
from tests.gateway.auth.token_factory import EC_KEY, RSA_KEY, public_jwk, running_issuer, signed_token
from tests.patience import SOURCE_SECONDS

NEW_KEY = generate_private_key(SECP256R1())
PRIVATE_JWK = {**ECAlgorithm.to_jwk(EC_KEY, as_dict=True), "kid": "one"}
SECRET_JWK = {"kty": "oct", "kid": "two", "k": base64.urlsafe_b64encode(b"s" * 32).decode()}


@pytest.mark.row("J07")
@pytest.mark.parametrize("fault", [
    {"status": 500},
    {"status": 302},
    {"body": b""},
    {"body": b"<html>login</html>"},
    {"body": b'{"keys": []}'},
    {"body": b'{"keys": {}}'},
    {"body": b"[" * 100_000},
    {"body": b'{"keys": [' + b" " * 300_000 + b"]}"},
    {"keys": [PRIVATE_JWK]},
    {"keys": [public_jwk(EC_KEY, "one"), SECRET_JWK]},
    {"keys": [public_jwk(EC_KEY, "one"), public_jwk(NEW_KEY, "one")]},
    {"keys": [public_jwk(generate_rsa_key(65537, 1024), "weak")]},  # noqa: S505 - weak on purpose
    {"keys": [public_jwk(generate_private_key(SECP384R1()), "other")]},
    {"keys": [{"kty": "RSA", "kid": "x"}]},
    {"keys": [{**public_jwk(RSA_KEY, "rsa"), "alg": "none"}]},
    {"keys": [{**public_jwk(RSA_KEY, "rsa"), "alg": "HS256"}]},
    {"keys": [public_jwk(EC_KEY, "one"), "two"]},
])  # fmt: skip
async def test_an_invalid_key_set_leaves_the_last_valid_one_in_use(fault: dict[str, object]) -> None:
    """After a day without a valid set all tokens are invalid. A redirect is not followed."""
    async with running_issuer() as running:
        await running.verifier.viewer(signed_token())
        for name, value in fault.items():
            setattr(running.endpoint, name, value)
        running.clock.now += 7200
        await running.verifier.viewer(signed_token(jti="a"))
        await running.wait_for_background_fetch()
        assert running.endpoint.requests == 2
        await running.verifier.viewer(signed_token(jti="b"))
        running.clock.now += 86_400
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(signed_token(jti="c"))
        assert running.endpoint.other_requests == 0


@pytest.mark.row("J07")
async def test_a_slow_fetch_of_keys_delays_only_tokens_with_a_new_key() -> None:
    """A hundred tokens with the new key share one fetch; a token with a known key is verified meanwhile."""
    async with running_issuer() as running, asyncio.timeout(60):
        await running.verifier.viewer(signed_token())
        running.endpoint.keys.append(public_jwk(NEW_KEY, "new"))
        running.endpoint.stalled = True
        running.clock.now += 31
        tokens = [signed_token(NEW_KEY, headers={"kid": "new"}, jti=str(n)) for n in range(100)]
        waiting = asyncio.gather(*map(running.verifier.viewer, tokens))
        while running.endpoint.requests < 2:  # noqa: ASYNC110 - the endpoint runs in another thread
            await asyncio.sleep(0)
        await running.verifier.viewer(signed_token(jti="known"))
        assert not waiting.done()
        running.endpoint.stalled = False
        assert len(await waiting) == 100
        assert running.endpoint.requests == 2


@pytest.mark.row("J07")
@pytest.mark.parametrize("fault", ["stalled", "endless"])
async def test_a_fetch_of_keys_has_a_timeout(fault: str) -> None:
    """The timeout bounds the complete response; each byte of an endless one is in time."""
    async with running_issuer(timeout_seconds=1.0) as running:
        setattr(running.endpoint, fault, True)
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(signed_token())
        setattr(running.endpoint, fault, False)
        running.issuer.keys._timeout_seconds = SOURCE_SECONDS
        running.clock.now += 31
        await running.verifier.viewer(signed_token())
        assert running.endpoint.requests == 2


@pytest.mark.row("J07")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:99999/", "http://[::1", "http://xn--/"])
async def test_an_issuer_that_cannot_be_reached_has_no_keys(url: str) -> None:
    """Nothing is raised."""
    keys = IssuerKeys(url, async_client())
    assert await keys.find("one") is None
    await keys.close()


async def test_after_close_no_key_is_fetched() -> None:
    """A late request finds no key; nothing is raised."""
    keys = IssuerKeys("http://127.0.0.1:1/", async_client())
    await keys.close()
    assert await keys.find("one") is None


@pytest.mark.row("J08")
async def test_a_new_key_is_accepted_at_once_and_an_old_one_until_it_is_withdrawn() -> None:
    """One fetch finds the new key. When the old key is withdrawn, its tokens become invalid."""
    async with running_issuer() as running:
        old_token, new_token = signed_token(), signed_token(NEW_KEY, headers={"kid": "new"})
        await running.verifier.viewer(old_token)
        running.endpoint.keys = [public_jwk(EC_KEY, "one"), public_jwk(NEW_KEY, "new")]
        running.clock.now += 31
        tokens = [new_token, old_token] * 50
        await asyncio.gather(*map(running.verifier.viewer, tokens))
        assert running.endpoint.requests == 2
        running.endpoint.keys = [public_jwk(NEW_KEY, "new")]
        running.clock.now += 3601
        await running.verifier.viewer(new_token)
        await running.verifier.viewer(old_token)
        await running.wait_for_background_fetch()
        await running.verifier.viewer(new_token)
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(old_token)


async def test_keys_for_other_uses_are_ignored() -> None:
    """Tested: an encryption key, and a key of an unknown type."""
    encryption_key = {**public_jwk(NEW_KEY, "enc"), "use": "enc"}
    unknown_key = {"kty": "OKP", "crv": "Ed25519", "kid": "okp", "x": "AAAA"}
    keys = [encryption_key, unknown_key, public_jwk(EC_KEY, "one")]
    async with running_issuer() as running:
        running.endpoint.body = json.dumps({"keys": keys}).encode()
        await running.verifier.viewer(signed_token())
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(signed_token(NEW_KEY, headers={"kid": "enc"}))
