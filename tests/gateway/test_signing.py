"""Sealed text comes back as it was or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.gateway.signing import HmacSeal

SEAL = HmacSeal(b"k" * 32)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_sealed_parts_come_back(parts: list[str]) -> None:
    """Any parts survive."""
    assert SEAL.open(SEAL.close(*parts)) == tuple(parts)


@given(st.text(), st.integers(0, 60))
def test_changed_text_is_refused(text: str, place: int) -> None:
    """Text that this gateway did not make, or that was changed anywhere, is a bad id."""
    sealed = SEAL.close("hill", "sis", "500")
    changed = sealed[: place % len(sealed)] + text + sealed[place % len(sealed) + 1 :]
    if changed != sealed:
        with pytest.raises(BadKeyError):
            SEAL.open(changed)


def test_another_key_opens_nothing() -> None:
    """A cursor of another gateway is refused."""
    with pytest.raises(BadKeyError):
        HmacSeal(b"j" * 32).open(SEAL.close("hill"))
