"""A bearer token in, a viewer out."""

from __future__ import annotations

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.resolvers.context import Viewer, ViewerRole

ADA = Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}))
BEN = Viewer("ben", ViewerRole.PRINCIPAL, frozenset({DistrictId("hill")}))
VIEWERS = Authenticator({"token-of-ada": ADA, "token-of-ben": BEN})


@pytest.mark.parametrize(("header", "viewer"), [
    (b"Bearer token-of-ada", ADA),
    (b"bearer token-of-ben", BEN),
    (b"BEARER   token-of-ben ", BEN),
])  # fmt: skip
async def test_a_token_says_who_asks(header: bytes, viewer: Viewer) -> None:
    """The scheme's spelling does not matter, the token's does."""
    assert await VIEWERS.of((header or b"").decode("latin-1")) == viewer


@pytest.mark.parametrize("header", [
    None,
    b"",
    b"Bearer",
    b"Bearer ",
    b"Bearer Token-of-ada",
    b"Bearer token-of-ada2",
    b"Basic token-of-ada",
    b"token-of-ada",
    b"Bearer \xff\xfe",
])  # fmt: skip
async def test_anything_else_is_nobody(header: bytes | None) -> None:
    """A missing, unknown or unreadable token, or another scheme, makes no viewer."""
    assert await VIEWERS.of((header or b"").decode("latin-1")) is None


def test_tokens_are_not_kept() -> None:
    """Nothing reachable from the table holds a token in the clear."""
    assert "token-of-ada" not in repr(vars(VIEWERS))
