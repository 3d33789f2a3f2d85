"""Verification of tokens: valid ones, and the known attacks."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from hashlib import sha256
from hmac import digest
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from student_graph.adapters.model import StaffId
from student_graph.gateway.auth import InvalidTokenError, Issuer, IssuerKeys, TokenVerifier
from student_graph.gateway.auth.jwt import CLOCK_LEEWAY_SECONDS
from student_graph.gateway.auth.refused_tokens import RefusalReason
from student_graph.resolvers.context import ViewerRole
from tests.gateway.auth.token_factory import (
    AUDIENCE,
    DALE,
    HILL,
    ISSUER_NAME,
    RSA_KEY,
    encode_part,
    public_jwk,
    running_issuer,
    sign_unchecked,
    signed_token,
    valid_claims,
)

OTHER_KEY = generate_private_key(SECP256R1())


def unsigned_token(algorithm: str) -> str:
    """A token with an empty signature, whose header names this algorithm."""
    parts = [{"alg": algorithm, "kid": "one", "typ": "JWT"}, valid_claims()]
    return ".".join(encode_part(json.dumps(part).encode()) for part in parts) + "."


def token_signed_with_the_public_key() -> str:
    """A token whose HMAC secret is the issuer's public RSA key, which everybody knows."""
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = unsigned_token("HS256").rstrip(".")
    return f"{content}.{encode_part(digest(pem, content.encode(), sha256))}"


async def test_a_valid_token_identifies_the_viewer() -> None:
    """Tokens signed with an elliptic curve or an RSA key are valid; all share one fetch of the keys."""
    tokens = [
        signed_token(),
        signed_token(RSA_KEY, "RS256", {"kid": "rsa"}),
        signed_token(headers={"typ": "at+jwt"}),
    ]
    async with running_issuer() as running:
        for token in tokens:
            viewer = await running.verifier.viewer(token)
            assert (viewer.subject, viewer.issuer, viewer.role) == ("ada", ISSUER_NAME, ViewerRole.TEACHER)
            assert (viewer.districts, viewer.staff_id) == ({HILL}, StaffId("7"))
        assert running.endpoint.requests == 1


@pytest.mark.row("J01")
@pytest.mark.parametrize(("create", "reason"), [
    (lambda: unsigned_token("none"), RefusalReason.ALGORITHM),
    (lambda: unsigned_token("NoNe"), RefusalReason.ALGORITHM),
    (token_signed_with_the_public_key, RefusalReason.ALGORITHM),
    (lambda: signed_token(OTHER_KEY), RefusalReason.SIGNATURE),
], ids=["none", "NoNe", "public key as secret", "another key"])  # fmt: skip
async def test_a_token_that_the_issuer_did_not_sign_is_invalid(
    create: Callable[[], str], reason: RefusalReason
) -> None:
    """Tested: no signature, the public key as a shared secret, and another private key."""
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError) as caught:
            await running.verifier.viewer(create())
    assert caught.value.reason == reason


@pytest.mark.row("J02", "J10")
@pytest.mark.parametrize(("changes", "reason"), [
    ({"exp": -120}, RefusalReason.EXPIRED),
    ({"nbf": 600}, RefusalReason.TOO_EARLY),
    ({"iat": 600, "exp": 1200}, RefusalReason.TOO_EARLY),
    ({"exp": 7200}, RefusalReason.LIFETIME),
    ({"aud": "another"}, RefusalReason.AUDIENCE),
    ({"aud": [AUDIENCE, "another"]}, RefusalReason.PARTY),
    ({"iss": "https://login.dale.example"}, RefusalReason.ISSUER),
    ({"iss": ISSUER_NAME + ".evil.example"}, RefusalReason.ISSUER),
    ({"iss": ISSUER_NAME[:-1]}, RefusalReason.ISSUER),
    ({"exp": None}, RefusalReason.CLAIMS),
    ({"iat": None}, RefusalReason.CLAIMS),
    ({"aud": None}, RefusalReason.CLAIMS),
    ({"sub": None}, RefusalReason.CLAIMS),
    ({"sub": ""}, RefusalReason.SUBJECT),
    ({"sub": "x" * 257}, RefusalReason.SUBJECT),
    ({"exp": "soon"}, RefusalReason.FORM),
    ({"exp": 1e300}, RefusalReason.LIFETIME),
    ({"role": None}, RefusalReason.ROLE),
    ({"role": "Janitor"}, RefusalReason.ROLE),
    ({"role": {"a": 1}}, RefusalReason.ROLE),
])  # fmt: skip
async def test_a_wrong_claim_makes_a_signed_token_invalid(changes: dict[str, Any], reason: RefusalReason) -> None:
    """Whole numbers in the table are seconds from now. Each claim has a reason of its own for the log."""
    now = int(time.time())
    claims = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError) as caught:
            await running.verifier.viewer(signed_token(**claims))
    is_known = reason is not RefusalReason.ISSUER
    assert (caught.value.reason, caught.value.issuer) == (reason, ISSUER_NAME if is_known else "")


@pytest.mark.row("J02")
@pytest.mark.parametrize("headers", [
    {"crit": ["exp"]},
    {"crit": ["b64"], "b64": False},
    {"crit": ["b64"], "b64": True},
    {"typ": "JOSE"},
    {"typ": "logout+jwt"},
])  # fmt: skip
async def test_a_token_with_a_critical_extension_or_another_type_is_invalid(headers: dict[str, Any]) -> None:
    """A critical extension must be understood, and the gateway understands none (RFC 7515)."""
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(signed_token(headers=headers))


@pytest.mark.row("J02")
@pytest.mark.parametrize(
    "headers", [{"crit": ["b64"], "b64": True}, {"crit": []}, {"b64": True}, {"crit": ["alg"]}]
)
async def test_a_critical_extension_that_pyjwt_accepts_is_invalid_too(headers: dict[str, Any]) -> None:
    """The gateway checks the header itself."""
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError) as caught:
            await running.verifier.viewer(sign_unchecked(headers, valid_claims()))
    assert caught.value.reason in {RefusalReason.HEADER, RefusalReason.FORM}


async def test_only_the_log_gets_the_reason_of_a_refusal() -> None:
    """All invalid tokens get the same message."""
    errors = set()
    async with running_issuer() as running:
        for token in (
            "",
            signed_token()[:-4],
            signed_token(exp=int(time.time()) - 120),
            signed_token(OTHER_KEY),
            signed_token(aud="another"),
            signed_token(role="Janitor"),
        ):
            with pytest.raises(InvalidTokenError) as caught:
                await running.verifier.viewer(token)
            errors.add((str(caught.value), caught.value.reason))
    assert len({message for message, _ in errors}) == 1
    assert len({reason for _, reason in errors}) >= 5


@pytest.mark.row("J04")
async def test_a_token_for_several_audiences_needs_a_known_client() -> None:
    """Another audience of the token could send it to the gateway."""
    audiences = {"aud": [AUDIENCE, "another"]}
    async with running_issuer(clients=frozenset({"dashboard"})) as running:
        await running.verifier.viewer(signed_token(**audiences, azp="dashboard"))
        await running.verifier.viewer(signed_token(aud=[AUDIENCE]))
        for client in ({}, {"azp": "another"}, {"azp": None}):
            with pytest.raises(InvalidTokenError):
                await running.verifier.viewer(signed_token(**audiences, **client))


@pytest.mark.row("J05")
async def test_keys_and_key_addresses_in_a_token_are_ignored() -> None:
    """No request is sent to an address in a header."""
    async with running_issuer() as running:
        evil_url = f"{running.url}/evil"
        headers = {"jku": evil_url, "x5u": evil_url, "jwk": public_jwk(OTHER_KEY, "one")}
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(signed_token(OTHER_KEY, headers=headers))
        await running.verifier.viewer(signed_token(headers=headers))
        assert running.endpoint.other_requests == 0


@pytest.mark.row("J06")
async def test_unknown_key_ids_cause_at_most_one_fetch() -> None:
    """Tested: paths, quotes, a megabyte, and a thousand different ids."""
    key_ids = ["../../dev/null", "' OR 1", "x" * 5000, "x" * 1_000_000, *(f"k{n}" for n in range(1000))]
    async with running_issuer() as running:
        await running.verifier.viewer(signed_token())
        for key_id in key_ids:
            with pytest.raises(InvalidTokenError):
                await running.verifier.viewer(signed_token(headers={"kid": key_id}))
        assert running.endpoint.requests == 1
        running.clock.now += 31
        results = await asyncio.gather(
            *(running.verifier.viewer(signed_token(headers={"kid": key_id})) for key_id in key_ids),
            return_exceptions=True,
        )
        assert set(map(type, results)) == {InvalidTokenError}
        assert running.endpoint.requests == 2


@pytest.mark.row("J06")
@pytest.mark.parametrize(
    "create",
    [
        lambda: "",
        lambda: "a.b.c",
        lambda: "a" * 9000,
        lambda: "ä.ö.ü",
        lambda: "\ud800.a.b",
        lambda: "." * 50,
        lambda: signed_token()[:-4],
        lambda: signed_token() + "x",
        lambda: "[" * 4000,
    ],
    ids=["empty", "letters", "long", "not ASCII", "surrogate", "dots", "shortened", "extended", "brackets"],
)
async def test_a_text_that_is_not_a_token_is_invalid(create: Callable[[], str]) -> None:
    """Each text ends in the same error."""
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(create())


async def test_an_email_address_needs_the_issuers_verification() -> None:
    """It is read for staff, and only if the settings name the claim."""
    async with running_issuer(email_claim="email") as running:
        for changes, email in (
            ({}, "ada@hill.example"),
            ({"email_verified": False}, None),
            ({"email": 7}, None),
        ):
            viewer = await running.verifier.viewer(signed_token(**{"email": "Ada@Hill.example", **changes}))
            assert viewer.email == email
    async with running_issuer() as running:
        assert (await running.verifier.viewer(signed_token(email="ada@hill.example"))).email is None


@pytest.mark.row("J12")
async def test_an_issuer_speaks_for_its_own_districts_only() -> None:
    """A valid token of one issuer gives no role in the district of another."""
    async with running_issuer() as running:
        dale = Issuer(
            "https://login.dale.example",
            IssuerKeys(static_keys={"one": jwt.PyJWK(public_jwk(OTHER_KEY, "one"))}),
            AUDIENCE,
            frozenset({DALE}),
            roles={"Teacher": ViewerRole.TEACHER},
            tenant_claim="districts",
            tenants={"hill": frozenset({HILL}), "dale": frozenset({DALE})},
        )
        verifier = TokenVerifier({ISSUER_NAME: running.issuer, dale.name: dale})
        viewer_of_dale = await verifier.viewer(signed_token(OTHER_KEY, iss=dale.name, districts="dale"))
        assert viewer_of_dale.districts == {DALE}
        for forged in (
            signed_token(OTHER_KEY, iss=dale.name, districts="hill"),
            signed_token(OTHER_KEY, iss=dale.name),
            signed_token(OTHER_KEY),
            signed_token(iss=dale.name, districts="dale"),
        ):
            with pytest.raises(InvalidTokenError):
                await verifier.viewer(forged)
        viewer_of_hill = await verifier.viewer(signed_token())
        assert viewer_of_hill != viewer_of_dale
        assert (viewer_of_hill.subject, viewer_of_dale.subject) == ("ada", "ada")


async def test_a_verified_token_is_cached_until_it_expires() -> None:
    """Requests with the same token get the same viewer object; after the expiry the token is verified again."""
    now = time.time()
    wall_clock = [now]
    async with running_issuer() as running:
        verifier = TokenVerifier({ISSUER_NAME: running.issuer}, wall_clock=lambda: wall_clock[0])
        token = signed_token(exp=int(now) + 600)
        viewer = await verifier.viewer(token)
        assert await verifier.viewer(token) is viewer
        wall_clock[0] = now + 600 + CLOCK_LEEWAY_SECONDS
        assert await verifier.viewer(token) is not viewer


async def test_a_verified_token_becomes_invalid_when_its_key_is_withdrawn() -> None:
    """The gateway notices it at the hourly fetch of the keys."""
    async with running_issuer() as running:
        token = signed_token()
        await running.verifier.viewer(token)
        running.endpoint.keys = [public_jwk(OTHER_KEY, "one")]
        running.clock.now += 3601
        await running.verifier.viewer(token)  # starts a fetch in the background
        await running.wait_for_background_fetch()
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(token)
