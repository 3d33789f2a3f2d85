"""Claims that are well signed and of a wrong kind, and when who asks has signed in."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from student_graph.gateway.auth import InvalidTokenError
from tests.gateway.auth.token_factory import AUDIENCE, NAME, by_hand, claims, standing

NOW = time.time()


@pytest.mark.row("J02")
@pytest.mark.parametrize("wrong", [
    {"sub": 7},
    {"sub": ["ada"]},
    {"sub": "\ud800"},
    {"exp": str(int(NOW) + 600)},
    {"exp": True},
    {"exp": float("nan")},
    {"exp": float("inf")},
    {"exp": 10**400},
    {"iat": str(int(NOW))},
    {"iat": [int(NOW)]},
    {"nbf": "soon"},
    {"aud": []},
    {"aud": {"student-graph": 1}},
    {"aud": [AUDIENCE, 7]},
    {"iss": [NAME]},
    {"azp": {}, "aud": [AUDIENCE, "another"]},
    {"jti": 7},
])  # fmt: skip
async def test_well_signed_claims_of_a_wrong_kind_are_nobodys(wrong: dict[str, Any]) -> None:
    """A number spelled as text counts no more than anything else that is no time."""
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(by_hand({}, claims(**wrong)))


@pytest.mark.row("J02")
@pytest.mark.parametrize("place", ["role", "aud", "iss"])
async def test_a_well_signed_token_without_a_bottom_is_nobodys(place: str) -> None:
    """Deeper than what reads it can go, and within the bytes that a token may have."""
    pit = b'"%s":%s%s' % (place.encode(), b"[" * 2400, b"]" * 2400)
    said = json.dumps({name: value for name, value in claims().items() if name != place}).encode()
    async with standing() as stand:
        with pytest.raises(InvalidTokenError):
            await stand.verifier.viewer(by_hand({}, said[:-1] + b"," + pit + b"}"))


@pytest.mark.parametrize(
    ("said", "to_come"),
    [(each, False) for each in (float("inf"), float("nan"), 10**400, True, "now", [], {}, None)]
    + [(10**10, True)],
    ids=["inf", "nan", "huge", "true", "text", "list", "object", "null", "to come"],
)
async def test_nobody_signs_in_after_the_token_was_issued(said: Any, to_come: bool) -> None:
    """What is no time makes nobody fresh, and one to come none fresher than the token."""
    async with standing() as stand:
        good = claims()
        sent = by_hand({}, {**good, "auth_time": said})
        await stand.verifier.viewer(sent)
        told = stand.verifier.signed_in(sent)
    assert told == (good["iat"] if to_come else 0.0)


async def test_who_does_not_say_when_they_signed_in_did_when_the_token_was_issued() -> None:
    """An earlier time counts as it is said; of a token that nobody verified nothing is known."""
    async with standing() as stand:
        good = claims()
        for sent, known in ((by_hand({}, good), good["iat"]), (by_hand({}, {**good, "auth_time": 9}), 9)):
            assert stand.verifier.signed_in(sent) is None
            await stand.verifier.viewer(sent)
            assert stand.verifier.signed_in(sent) == known
