"""The lines of the log about refused tokens: an operator sees the reason, and nobody can fill the log."""

from __future__ import annotations

import logging

import jwt
import pytest

from student_graph.gateway.auth import Authenticator, InvalidTokenError
from student_graph.gateway.auth.refused_tokens import INTERVAL_SECONDS, RefusalReason, RefusedTokenLog
from tests.gateway.auth.token_factory import ISSUER_NAME, running_issuer, signed_token
from tests.gateway.cache.small_cache import Clock


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log from the level on that a gateway writes."""
    caplog.set_level(logging.INFO, "student_graph")
    return caplog


async def test_the_log_says_which_claim_of_which_issuer_is_wrong_and_shows_nothing_of_the_token(
    log: pytest.LogCaptureFixture,
) -> None:
    """The issuer is named as in the settings."""
    async with running_issuer() as running:
        authenticator = Authenticator({}, [running.issuer])
        for token in (signed_token(aud="another"), signed_token(iss="https://elsewhere.example"), "some words"):
            assert await authenticator.viewer(f"Bearer {token}") is None
    assert log.messages == [
        f"a token was refused (issuer {ISSUER_NAME}): its `aud` is not the `audience` of the issuer",
        "a token was refused: its `iss` is not the `issuer` of any issuer in the settings",
        "a token was refused: it is no token of the settings and no JWT",
    ]


async def test_an_unknown_token_is_in_the_log_of_a_gateway_without_issuers(log: pytest.LogCaptureFixture) -> None:
    """Only the settings have tokens then."""
    assert await Authenticator({}).viewer("Bearer unknown") is None
    assert log.messages == ["a token was refused: it is no token of the settings, and there is no issuer"]


def test_refusals_for_the_same_reason_are_one_line_a_minute_with_their_number(
    log: pytest.LogCaptureFixture,
) -> None:
    """Another reason or another issuer has a line of its own at once."""
    clock = Clock()
    refused = RefusedTokenLog(clock)
    for _ in range(100):
        refused.add(InvalidTokenError(RefusalReason.EXPIRED, ISSUER_NAME))
    refused.add(InvalidTokenError(RefusalReason.EXPIRED))
    clock.now += INTERVAL_SECONDS
    for _ in range(2):
        refused.add(InvalidTokenError(RefusalReason.EXPIRED, ISSUER_NAME))
    clock.now += INTERVAL_SECONDS
    refused.add(InvalidTokenError(RefusalReason.EXPIRED, ISSUER_NAME))
    of_issuer = f"a token was refused (issuer {ISSUER_NAME}): it has expired"
    assert log.messages == [
        of_issuer,
        "a token was refused: it has expired",
        f"{of_issuer}; 99 more since the last line about it",
        f"{of_issuer}; 1 more since the last line about it",
    ]


def test_an_error_of_pyjwt_without_a_sentence_of_its_own_is_not_valid() -> None:
    """PyJWT may get further errors."""
    assert RefusalReason.of(jwt.PyJWTError("x")) is RefusalReason.OTHER
