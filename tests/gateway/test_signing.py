"""A signed text is verified only if it comes back unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.gateway.signing import HmacSigner

SIGNER = HmacSigner(b"k" * 32)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_verifying_a_signed_text_returns_its_parts(parts: list[str]) -> None:
    """Any list of texts survives the round trip."""
    assert SIGNER.verify(SIGNER.sign(*parts)) == tuple(parts)


@given(st.text(), st.integers(0, 60))
def test_changed_text_is_refused(text: str, index: int) -> None:
    """Text that this gateway did not sign, or that was changed at any position, is a bad key."""
    signed = SIGNER.sign("hill", "sis", "500")
    changed = signed[: index % len(signed)] + text + signed[index % len(signed) + 1 :]
    if changed != signed:
        with pytest.raises(BadKeyError):
            SIGNER.verify(changed)


def test_a_text_signed_with_another_key_is_refused() -> None:
    """A cursor of another gateway is refused."""
    with pytest.raises(BadKeyError):
        HmacSigner(b"j" * 32).verify(SIGNER.sign("hill"))
