"""Exact numbers from the numbers of records."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction


def exact(number: float | None) -> Fraction | None:
    """
    A recorded number as a fraction: 0.1 is exactly one tenth.

    None if there is no number, or an infinite one.
    """
    if number is None or not math.isfinite(number):
        return None
    return Fraction(number) if float(number).is_integer() else Fraction(repr(float(number)))


def mean(numbers: Iterable[Fraction]) -> Fraction | None:
    """The mean; None of no numbers."""
    rows = list(numbers)
    return sum(rows, Fraction(0)) / len(rows) if rows else None


def text_of(number: Fraction) -> str:
    """A number for a sentence: at most 4 decimals, without zeros at the end."""
    return f"{float(number):.4f}".rstrip("0").rstrip(".")


def count_of(number: int, noun: str) -> str:
    """A number with its noun, such as `1 course` or `3 courses`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
