"""Tokens of issuers: what is believed, and every attack on it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from hashlib import sha256
from hmac import digest
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from student_graph.adapters.model import StaffId
from student_graph.gateway.auth import Issuer, IssuerKeys, InvalidTokenError, TokenVerifier
from student_graph.resolvers.context import ViewerRole
from tests.gateway.auth.token_factory import AUDIENCE, DALE, HILL, NAME, RSA, by_hand, claims, public, standing, token

OTHER = generate_private_key(SECP256R1())
NOW = time.time()
CUT = token()[:-4]


def unsigned(alg: str) -> str:
    """A token that says it needs no signature."""
    parts = [{"alg": alg, "kid": "one", "typ": "JWT"}, claims()]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


def by_public_key() -> str:
    """A token whose shared secret is the issuer's public key."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = unsigned("HS256").rstrip(".")
    signature = digest(pem, body.encode(), sha256)
    return f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def test_a_good_token_says_who_asks() -> None:
    """By elliptic curve or RSA; role, number and district are the issuer's to say, within its own."""
    async with standing() as stand:
        for sent in (token(), token(RSA, "RS256", {"kid": "rsa"}), token(headers={"typ": "at+jwt"})):
            viewer = await stand.verifier.viewer(sent)
            assert (viewer.subject, viewer.issuer, viewer.role) == ("ada", NAME, ViewerRole.TEACHER)
            assert (viewer.districts, viewer.staff_id) == ({HILL}, StaffId("7"))
        assert stand.endpoint.asked == 1


@pytest.mark.row("J01")
@pytest.mark.parametrize(
    "sent",
    [unsigned("none"), unsigned("NoNe"), by_public_key(), token(OTHER)],
    ids=["none", "NoNe", "public key as secret", "another's key"],
)
async def test_what_the_issuer_did_not_sign_is_nobodys(sent: str) -> None:
    """No signature, the public key as a secret, and another's key."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(sent)


@pytest.mark.row("J02", "J10")
@pytest.mark.parametrize("changes", [
    {"exp": -120},
    {"nbf": 600},
    {"iat": 600, "exp": 1200},
    {"exp": 7200},
    {"aud": "another"},
    {"iss": "https://login.dale.example"},
    {"iss": NAME + ".evil.example"},
    {"iss": NAME[:-1]},
    {"exp": None},
    {"iat": None},
    {"aud": None},
    {"sub": None},
    {"sub": ""},
    {"sub": "x" * 257},
    {"exp": "soon"},
    {"exp": 1e300},
    {"role": None},
    {"role": "Janitor"},
    {"role": {"a": 1}},
])  # fmt: skip
async def test_claims_that_are_not_right_are_nobodys(changes: dict[str, Any]) -> None:
    """Times, parties and subject, and a role that counts here."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token(**{name: _at(name, value) for name, value in changes.items()}))


def _at(name: str, value: Any) -> Any:
    """Times of the table are seconds from now."""
    return int(NOW) + value if name in {"exp", "nbf", "iat"} and isinstance(value, int) else value


@pytest.mark.row("J02")
@pytest.mark.parametrize("headers", [
    {"crit": ["exp"]},
    {"crit": ["b64"], "b64": False},
    {"crit": ["b64"], "b64": True},
    {"typ": "JOSE"},
    {"typ": "logout+jwt"},
])  # fmt: skip
async def test_a_header_that_demands_something_is_refused(headers: dict[str, Any]) -> None:
    """Whatever must be understood is not."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token(headers=headers))


@pytest.mark.row("J02")
@pytest.mark.parametrize(
    "headers", [{"crit": ["b64"], "b64": True}, {"crit": []}, {"b64": True}, {"crit": ["alg"]}]
)
async def test_a_well_signed_token_that_demands_something_is_refused(headers: dict[str, Any]) -> None:
    """What a library would let pass is ours to refuse."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError) as caught:
            await stand.verifier.viewer(by_hand(headers, claims()))
    assert caught.value.reason in {"header", "form"}


async def test_what_is_wrong_is_for_the_log_only() -> None:
    """Who sent it reads one message, whatever it was."""
    told = set()
    async with standing() as stand:
        for sent in (
            "",
            CUT,
            token(exp=int(NOW) - 120),
            token(OTHER),
            token(aud="another"),
            token(role="Janitor"),
        ):
            with pytest.raises(InvalidTokenError) as caught:
                await stand.verifier.viewer(sent)
            told.add((str(caught.value), caught.value.reason))
    assert len({message for message, _ in told}) == 1
    assert len({reason for _, reason in told}) >= 5


@pytest.mark.row("J04")
async def test_a_token_for_several_counts_when_its_party_is_known() -> None:
    """One that was made for others too may have been sent on by them."""
    several = {"aud": [AUDIENCE, "another"]}
    async with standing(clients=frozenset({"dashboard"})) as stand:
        await stand.verifier.viewer(token(**several, azp="dashboard"))
        await stand.verifier.viewer(token(aud=[AUDIENCE]))
        for party in ({}, {"azp": "another"}, {"azp": None}):
            with pytest.raises(InvalidTokenError):
                await stand.verifier.viewer(token(**several, **party))


@pytest.mark.row("J05")
async def test_keys_that_a_token_brings_are_not_looked_at() -> None:
    """Neither its own key nor an address to fetch one from: nothing is asked there."""
    async with standing() as stand:
        brought = {"jku": f"{stand.url}/evil", "x5u": f"{stand.url}/evil", "jwk": public(OTHER, "one")}
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(token(OTHER, headers=brought))
        await stand.verifier.viewer(token(headers=brought))
        assert stand.endpoint.elsewhere == 0


@pytest.mark.row("J06")
async def test_a_key_id_is_only_looked_up() -> None:
    """Paths, quotes, other types, a megabyte, and a thousand unknown ones: one question for the keys at most."""
    async with standing() as stand:
        await stand.verifier.viewer(token())
        strange = ["../../dev/null", "' OR 1", "x" * 5000, "x" * 1_000_000, *(f"k{n}" for n in range(1000))]
        for kid in strange:
            with pytest.raises(InvalidTokenError):
                await stand.verifier.viewer(token(headers={"kid": kid}))
        assert stand.endpoint.asked == 1
        stand.clock.now += 31
        told = await asyncio.gather(
            *(stand.verifier.viewer(token(headers={"kid": kid})) for kid in strange), return_exceptions=True
        )
        assert {type(each) for each in told} == {InvalidTokenError}
        assert stand.endpoint.asked == 2


@pytest.mark.row("J06")
@pytest.mark.parametrize(
    "sent",
    ["", "a.b.c", "a" * 9000, "ä.ö.ü", "\ud800.a.b", "." * 50, CUT, token() + "x", "[" * 4000],
    ids=["empty", "letters", "long", "not ASCII", "half a character", "dots", "cut", "more", "brackets"],
)
async def test_what_is_no_token_is_nobodys(sent: str) -> None:
    """Without a question for keys where nothing can be read."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(sent)


async def test_an_address_counts_when_the_issuer_has_verified_it() -> None:
    """For members of staff, and only where the settings name the claim."""
    async with standing(email_claim="email") as stand:
        for said, known in (({}, "ada@hill.example"), ({"email_verified": False}, None), ({"email": 7}, None)):
            viewer = await stand.verifier.viewer(token(**{"email": "Ada@Hill.example", **said}))
            assert viewer.email == known
    async with standing() as stand:
        assert (await stand.verifier.viewer(token(email="ada@hill.example"))).email is None


@pytest.mark.row("J12")
async def test_an_issuer_speaks_for_its_own_districts_only() -> None:
    """A role in another's district is none, whatever a well signed token says."""
    async with standing() as stand:
        dale = Issuer(
            "https://login.dale.example",
            IssuerKeys(static_keys={"one": jwt.PyJWK(public(OTHER, "one"))}),
            AUDIENCE,
            frozenset({DALE}),
            roles={"Teacher": ViewerRole.TEACHER},
            tenant_claim="districts",
            tenants={"hill": frozenset({HILL}), "dale": frozenset({DALE})},
        )
        hill = stand.verifier._issuers[NAME]
        both = TokenVerifier({NAME: hill, dale.name: dale})
        mine = await both.viewer(token(OTHER, iss=dale.name, districts="dale"))
        assert mine.districts == {DALE}
        for forged in (
            token(OTHER, iss=dale.name, districts="hill"),
            token(OTHER, iss=dale.name),
            token(OTHER),
            token(iss=dale.name, districts="dale"),
        ):
            with pytest.raises(InvalidTokenError):
                await both.viewer(forged)
        namesake = await both.viewer(token())
        assert namesake != mine
        assert (namesake.subject, mine.subject) == ("ada", "ada")


async def test_a_token_is_verified_once_until_it_ends_or_its_key_does() -> None:
    """Then it is nobody's, also when it was somebody's a moment before."""
    wall = [time.time()]
    async with standing() as stand:
        issuer = stand.verifier._issuers[NAME]
        verifier = TokenVerifier({NAME: issuer}, wall=lambda: wall[0])
        sent = token()
        assert await verifier.viewer(sent) is await verifier.viewer(sent)
        stand.endpoint.keys = [public(OTHER, "one")]
        stand.clock.now += 3601
        await verifier.viewer(sent)  # keys are asked for behind
        while stand.keys._fetching is not None:
            await stand.keys._fetching
        with pytest.raises(InvalidTokenError):
            await verifier.viewer(sent)
