"""Keys of an issuer: fetched, rotated, kept through an outage, and refused when they cannot be trusted."""

from __future__ import annotations

import asyncio
import base64
import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm

from student_graph.gateway.auth import IssuerKeys, InvalidTokenError
from tests.gateway.auth.token_factory import EC, RSA, public, standing, token

NEW = generate_private_key(SECP256R1())
SECRET = {**ECAlgorithm.to_jwk(EC, as_dict=True), "kid": "one"}
SHARED = {"kty": "oct", "kid": "two", "k": base64.urlsafe_b64encode(b"s" * 32).decode()}


@pytest.mark.row("J07")
@pytest.mark.parametrize("trouble", [
    {"status": 500},
    {"status": 302},
    {"body": b""},
    {"body": b"<html>login</html>"},
    {"body": b'{"keys": []}'},
    {"body": b'{"keys": {}}'},
    {"body": b"[" * 100_000},
    {"body": b'{"keys": [' + b" " * 300_000 + b"]}"},
    {"keys": [SECRET]},
    {"keys": [public(EC, "one"), SHARED]},
    {"keys": [public(EC, "one"), public(NEW, "one")]},
    {"keys": [public(generate_rsa(65537, 1024), "weak")]},  # noqa: S505 - that is what is wrong with it
    {"keys": [public(generate_private_key(SECP384R1()), "other")]},
    {"keys": [{"kty": "RSA", "kid": "x"}]},
    {"keys": [{**public(RSA, "rsa"), "alg": "none"}]},
    {"keys": [{**public(RSA, "rsa"), "alg": "HS256"}]},
    {"keys": [public(EC, "one"), "two"]},
])  # fmt: skip
async def test_what_is_no_set_of_public_keys_leaves_the_last_good_one(trouble: dict[str, object]) -> None:
    """For a day; then nobody is believed any more. Nothing is asked at the address of a redirect."""
    async with standing() as stand:
        await stand.verifier.viewer(token())
        for name, value in trouble.items():
            setattr(stand.endpoint, name, value)
        stand.clock.now += 7200
        await stand.verifier.viewer(token(jti="a"))
        await _settled(stand.keys)
        assert stand.endpoint.asked == 2
        await stand.verifier.viewer(token(jti="b"))
        stand.clock.now += 86_400
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token(jti="c"))
        assert stand.endpoint.elsewhere == 0


@pytest.mark.row("J07")
async def test_slow_keys_hold_nobody_up_but_who_needs_them() -> None:
    """A hundred who come meanwhile share one question; who has a key that is known goes on."""
    async with standing() as stand:
        await stand.verifier.viewer(token())
        stand.endpoint.keys.append(public(NEW, "new"))
        stand.endpoint.held = True
        stand.clock.now += 31
        sent = [token(NEW, headers={"kid": "new"}, jti=str(n)) for n in range(100)]
        waiting = asyncio.gather(*map(stand.verifier.viewer, sent))
        while stand.endpoint.asked < 2:  # noqa: ASYNC110 - the endpoint is another thread's
            await asyncio.sleep(0)
        await stand.verifier.viewer(token(jti="known"))
        assert not waiting.done()
        stand.endpoint.held = False
        assert len(await waiting) == 100
        assert stand.endpoint.asked == 2


@pytest.mark.row("J07")
@pytest.mark.parametrize("trouble", ["held", "dripping"])
async def test_keys_that_do_not_come_are_waited_for_no_longer_than_allowed(trouble: str) -> None:
    """As a whole: an answer that goes on without an end is late, though each of its bytes is in time."""
    async with standing(patience=0.2) as stand:
        setattr(stand.endpoint, trouble, True)
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token())
        setattr(stand.endpoint, trouble, False)
        stand.clock.now += 31
        await stand.verifier.viewer(token())
        assert stand.endpoint.asked == 2


@pytest.mark.row("J07")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:99999/", "http://[::1", "http://xn--/"])
async def test_an_address_that_cannot_be_asked_makes_nobodys_question_fail(url: str) -> None:
    """It has no keys, and that is all; neither has one that is asked no more."""
    keys = IssuerKeys(url, httpx.AsyncClient(trust_env=False))
    assert await keys.find("one") is None
    await keys.close()
    closed = IssuerKeys("http://127.0.0.1:1/", httpx.AsyncClient(trust_env=False))
    await closed.close()
    assert await closed.find("one") is None


@pytest.mark.row("J08")
async def test_a_new_key_counts_at_once_and_an_old_one_while_it_is_published() -> None:
    """One question for it; when the old one is withdrawn, its tokens end."""
    async with standing() as stand:
        old, new = token(), token(NEW, headers={"kid": "new"})
        await stand.verifier.viewer(old)
        stand.endpoint.keys = [public(EC, "one"), public(NEW, "new")]
        stand.clock.now += 31
        await asyncio.gather(*(stand.verifier.viewer(sent) for sent in (new, old) for _ in range(50)))
        assert stand.endpoint.asked == 2
        stand.endpoint.keys = [public(NEW, "new")]
        stand.clock.now += 3601
        await stand.verifier.viewer(new)
        await stand.verifier.viewer(old)
        await _settled(stand.keys)
        await stand.verifier.viewer(new)
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(old)


async def test_keys_for_other_uses_are_left_alone() -> None:
    """Such as those for encryption, and kinds that are not known."""
    async with standing() as stand:
        odd = [{**public(NEW, "enc"), "use": "enc"}, {"kty": "OKP", "crv": "Ed25519", "kid": "okp", "x": "AAAA"}]
        stand.endpoint.body = json.dumps({"keys": [*odd, public(EC, "one")]}).encode()
        await stand.verifier.viewer(token())
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token(NEW, headers={"kid": "enc"}))


async def _settled(keys: object) -> None:
    """Until what was asked behind is there."""
    while (task := keys._fetching) is not None:  # type: ignore[attr-defined]
        await task
