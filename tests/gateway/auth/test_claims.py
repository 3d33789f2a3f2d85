"""Claims of a wrong type in tokens with a valid signature, and the time at which a viewer signed in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from student_graph.gateway.auth import InvalidTokenError
from tests.gateway.auth.token_factory import (
    AUDIENCE,
    HILL,
    ISSUER_NAME,
    offline_verifier,
    sign_unchecked,
    signed_token,
    valid_claims,
)


@pytest.mark.row("J02")
@pytest.mark.parametrize("changes", [
    {"sub": 7},
    {"sub": ["ada"]},
    {"sub": "\ud800"},
    {"exp": True},
    {"exp": float("nan")},
    {"exp": float("inf")},
    {"exp": 10**400},
    {"nbf": "soon"},
    {"aud": []},
    {"aud": {"student-graph": 1}},
    {"aud": [AUDIENCE, 7]},
    {"iss": [ISSUER_NAME]},
    {"azp": {}, "aud": [AUDIENCE, "another"]},
    {"jti": 7},
    {"sub": "a\nda"},
    {"sub": "\x9bada"},
    {"sub": "\u202eada"},
    {"sub": "ada\u200b"},
    {"azp": ["portal"]},
    {"role": [{}, "Teacher"]},
    {"role": [["Teacher"]]},
])  # fmt: skip
async def test_a_claim_of_a_wrong_type_makes_a_signed_token_invalid(changes: dict[str, Any]) -> None:
    """The signature is valid in each case."""
    verifier = offline_verifier()
    with pytest.raises(InvalidTokenError):
        await verifier.viewer(sign_unchecked({}, valid_claims(**changes)))


ODD_TIMES: dict[str, Callable[[int], Any]] = {
    "text": str,
    "list": lambda now: [now],
    "true": lambda _: True,
    "false": lambda _: False,
    "null": lambda _: None,
    "negative": lambda _: -1,
    "fraction": lambda now: now - 0.5,
    "whole fraction": float,
    "not a number": lambda _: float("nan"),
    "exponent": lambda _: 1e300,
    "huge": lambda _: 10**30,
    "huge and negative": lambda _: -(10**30),
}
"""Values that are no time, or none for every claim, by name; each takes the present time."""


@pytest.mark.row("J02")
async def test_an_odd_time_makes_a_signed_token_invalid() -> None:
    """PyJWT reads times with `int()`; the gateway takes whole numbers, and fractions for `exp` (RFC 7519)."""
    claims = valid_claims()
    odd = {
        (name, kind): sign_unchecked({}, {**claims, name: change(claims["iat"] + (600 if name == "exp" else 0))})
        for name in ("exp", "iat", "nbf")
        for kind, change in ODD_TIMES.items()
    }
    accepted = set()
    verifier = offline_verifier()
    for case, token in odd.items():
        try:
            await verifier.viewer(token)
        except InvalidTokenError:
            continue
        accepted.add(case)
    await verifier.viewer(sign_unchecked({}, {**claims, "nbf": claims["iat"]}))
    assert accepted == {("exp", "fraction"), ("exp", "whole fraction")}


@pytest.mark.row("J02")
@pytest.mark.parametrize("key_id", [1, True, None, ["one"], {}, "One", "one\n", ""])
async def test_an_odd_key_id_finds_no_key(key_id: Any) -> None:
    """The id of a key is a text, and is compared exactly."""
    verifier = offline_verifier()
    with pytest.raises(InvalidTokenError):
        await verifier.viewer(sign_unchecked({"kid": key_id}, valid_claims()))


@pytest.mark.parametrize("staff_id", ["\ud800", "7\n", "\u202e7", True, 7.0, ["7"], {}, "", "7" * 65])
async def test_an_odd_number_of_a_person_is_none(staff_id: Any) -> None:
    """The viewer then reaches nobody as a member of staff."""
    verifier = offline_verifier()
    viewer = await verifier.viewer(sign_unchecked({}, {**valid_claims(), "staff_id": staff_id}))
    assert viewer.staff_id is None


@pytest.mark.parametrize("tenant", [True, 7, ["hill"], {"hill": 1}, None, "Hill", "hill "])
async def test_an_odd_district_makes_a_signed_token_invalid(tenant: Any) -> None:
    """No other district is taken instead."""
    tenants = {"hill": frozenset({HILL})}
    verifier = offline_verifier(tenant_claim="district", tenants=tenants)
    assert (await verifier.viewer(signed_token(district="hill"))).districts == {HILL}
    with pytest.raises(InvalidTokenError):
        await verifier.viewer(sign_unchecked({}, {**valid_claims(), "district": tenant}))


@pytest.mark.row("J02")
@pytest.mark.parametrize("name", ["role", "aud", "iss"])
async def test_a_deeply_nested_claim_makes_a_signed_token_invalid(name: str) -> None:
    """The list is nested deeper than a JSON parser can recurse, within the maximum size of a token."""
    nested = b'"%s":%s%s' % (name.encode(), b"[" * 2400, b"]" * 2400)
    others = json.dumps({other: value for other, value in valid_claims().items() if other != name}).encode()
    verifier = offline_verifier()
    with pytest.raises(InvalidTokenError):
        await verifier.viewer(sign_unchecked({}, others[:-1] + b"," + nested + b"}"))


@pytest.mark.parametrize(
    "auth_time",
    [float("inf"), float("nan"), 10**400, True, "now", [], {}, None],
    ids=["inf", "nan", "huge", "true", "text", "list", "object", "null"],
)
async def test_an_invalid_sign_in_time_counts_as_long_ago(auth_time: Any) -> None:
    """Then a viewer has to sign in again for what requires a recent sign-in."""
    verifier = offline_verifier()
    token = sign_unchecked({}, {**valid_claims(), "auth_time": auth_time})
    await verifier.viewer(token)
    assert verifier.signed_in_at(token) == 0.0


async def test_a_sign_in_time_in_the_future_counts_as_the_time_of_issue() -> None:
    """An issuer cannot make a sign-in more recent than the token."""
    claims = valid_claims()
    verifier = offline_verifier()
    token = sign_unchecked({}, {**claims, "auth_time": time.time() + 10**9})
    await verifier.viewer(token)
    assert verifier.signed_in_at(token) == claims["iat"]


async def test_without_a_sign_in_time_the_time_of_issue_counts() -> None:
    """An earlier `auth_time` is used as it is; the time is known for verified tokens only."""
    claims = valid_claims()
    verifier = offline_verifier()
    for changes, expected in (({}, claims["iat"]), ({"auth_time": 9}, 9)):
        token = sign_unchecked({}, {**claims, **changes})
        assert verifier.signed_in_at(token) is None
        await verifier.viewer(token)
        assert verifier.signed_in_at(token) == expected


async def test_verified_tokens_are_remembered_within_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long subjects take more of it, and the token that was not used for longest is verified again."""
    monkeypatch.setattr("student_graph.gateway.auth.jwt.MAX_CACHED_TOKEN_BYTES", 8 * 1024)
    verifier = offline_verifier()
    tokens = [signed_token(sub=f"{number}-{'a' * 200}") for number in range(20)]

    for token in tokens:
        await verifier.viewer(token)

    assert 6 * 1024 < verifier.used_bytes <= verifier.max_bytes == 8 * 1024
    assert [verifier.signed_in_at(token) is None for token in (tokens[0], tokens[-1])] == [True, False]
