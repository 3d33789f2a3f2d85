"""A signed text is verified only if it comes back unchanged."""

from __future__ import annotations

import base64

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


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_unsealing_a_sealed_text_returns_its_parts(parts: list[str]) -> None:
    """Any list of texts survives the round trip."""
    assert SIGNER.unseal(SIGNER.seal(*parts)) == tuple(parts)


@given(st.text(), st.integers(0, 90))
def test_changed_sealed_text_is_refused(text: str, index: int) -> None:
    """Text that this gateway did not seal, or that was changed at any position, is a bad key."""
    sealed = SIGNER.seal("hill", "3/169", "500")
    changed = sealed[: index % len(sealed)] + text + sealed[index % len(sealed) + 1 :]
    if changed != sealed:
        with pytest.raises(BadKeyError):
            SIGNER.unseal(changed)


def test_a_sealed_text_shows_neither_its_parts_nor_their_length() -> None:
    """The decoded text holds no part, and texts of short parts of different lengths are equally long."""
    sealed = SIGNER.seal("3/169", "604822")
    content = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    assert b"169" not in content
    assert b"604822" not in content
    assert len(sealed) == len(SIGNER.seal("117/1690", "604822"))


def test_a_signed_text_is_not_a_sealed_one() -> None:
    """A signature cannot be used in place of a seal, nor a seal of another key."""
    with pytest.raises(BadKeyError):
        SIGNER.unseal(SIGNER.sign("hill"))
    with pytest.raises(BadKeyError):
        HmacSigner(b"j" * 32).unseal(SIGNER.seal("hill"))
