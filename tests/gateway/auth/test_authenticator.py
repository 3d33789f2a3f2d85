"""The viewer of a request by its `Authorization` header."""

from __future__ import annotations

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.resolvers.context import Viewer, ViewerRole

ADA = Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}))
BEN = Viewer("ben", ViewerRole.PRINCIPAL, frozenset({DistrictId("hill")}))
AUTHENTICATOR = Authenticator({"token-of-ada": ADA, "token-of-ben": BEN})


@pytest.mark.parametrize(("header", "viewer"), [
    ("Bearer token-of-ada", ADA),
    ("bearer token-of-ben", BEN),
    ("BEARER   token-of-ben ", BEN),
])  # fmt: skip
async def test_a_token_of_the_settings_identifies_the_viewer(header: str, viewer: Viewer) -> None:
    """The letter case of the scheme does not matter; that of the token does."""
    assert await AUTHENTICATOR.viewer(header) == viewer


@pytest.mark.parametrize("header", [
    "",
    "Bearer",
    "Bearer ",
    "Bearer Token-of-ada",
    "Bearer token-of-ada2",
    "Basic token-of-ada",
    "token-of-ada",
    "Bearer \xff\xfe",
])  # fmt: skip
async def test_any_other_header_identifies_nobody(header: str) -> None:
    """Tested: no token, an unknown or unreadable one, and another scheme."""
    assert await AUTHENTICATOR.viewer(header) is None


def test_tokens_are_not_stored() -> None:
    """No object that the authenticator holds contains a token in plain text."""
    table = AUTHENTICATOR._static_tokens
    assert "token-of-ada" not in repr(vars(AUTHENTICATOR)) + repr(vars(table))
