"""Claims of a wrong type in tokens with a valid signature, and the time at which a viewer signed in."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from student_graph.gateway.auth import InvalidTokenError
from tests.gateway.auth.token_factory import AUDIENCE, ISSUER_NAME, running_issuer, sign_unchecked, valid_claims


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
])  # fmt: skip
async def test_a_claim_of_a_wrong_type_makes_a_signed_token_invalid(changes: dict[str, Any]) -> None:
    """The signature is valid in each case."""
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(sign_unchecked({}, valid_claims(**changes)))


@pytest.mark.row("J02")
@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize("change_type", [str, lambda seconds: [seconds]], ids=["text", "list"])
async def test_a_time_that_is_not_a_number_makes_a_signed_token_invalid(name: str, change_type: Any) -> None:
    """PyJWT accepts a text with digits; the gateway does not."""
    claims = valid_claims()
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(sign_unchecked({}, {**claims, name: change_type(claims[name])}))


@pytest.mark.row("J02")
@pytest.mark.parametrize("name", ["role", "aud", "iss"])
async def test_a_deeply_nested_claim_makes_a_signed_token_invalid(name: str) -> None:
    """The list is nested deeper than a JSON parser can recurse, within the maximum size of a token."""
    nested = b'"%s":%s%s' % (name.encode(), b"[" * 2400, b"]" * 2400)
    others = json.dumps({other: value for other, value in valid_claims().items() if other != name}).encode()
    async with running_issuer() as running:
        with pytest.raises(InvalidTokenError):
            await running.verifier.viewer(sign_unchecked({}, others[:-1] + b"," + nested + b"}"))


@pytest.mark.parametrize(
    "auth_time",
    [float("inf"), float("nan"), 10**400, True, "now", [], {}, None],
    ids=["inf", "nan", "huge", "true", "text", "list", "object", "null"],
)
async def test_an_invalid_sign_in_time_counts_as_long_ago(auth_time: Any) -> None:
    """Then a viewer has to sign in again for what requires a recent sign-in."""
    async with running_issuer() as running:
        token = sign_unchecked({}, {**valid_claims(), "auth_time": auth_time})
        await running.verifier.viewer(token)
        assert running.verifier.signed_in_at(token) == 0.0


async def test_a_sign_in_time_in_the_future_counts_as_the_time_of_issue() -> None:
    """An issuer cannot make a sign-in more recent than the token."""
    claims = valid_claims()
    async with running_issuer() as running:
        token = sign_unchecked({}, {**claims, "auth_time": time.time() + 10**9})
        await running.verifier.viewer(token)
        assert running.verifier.signed_in_at(token) == claims["iat"]


async def test_without_a_sign_in_time_the_time_of_issue_counts() -> None:
    """An earlier `auth_time` is used as it is; the time is known for verified tokens only."""
    claims = valid_claims()
    async with running_issuer() as running:
        for changes, expected in (({}, claims["iat"]), ({"auth_time": 9}, 9)):
            token = sign_unchecked({}, {**claims, **changes})
            assert running.verifier.signed_in_at(token) is None
            await running.verifier.viewer(token)
            assert running.verifier.signed_in_at(token) == expected
