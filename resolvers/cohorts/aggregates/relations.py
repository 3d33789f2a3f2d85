"""Finds counts that follow from others: a reader who knows which groups overlap can add and subtract counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
K = TypeVar("K", bound=Hashable)

PRIME_MODULUS = (1 << 61) - 1
"""Vectors are compared modulo this prime, which is exact for the small whole numbers that relate groups."""


class Relations(Generic[A]):
    """The groups of a cohort as sets of atoms: students who agree in all groups and in their level."""

    def __init__(self, atoms: Sequence[A]) -> None:
        """`atoms` are those that may have students."""
        self._atoms = atoms

    def without_derivable(
        self,
        counts: Mapping[K, int],
        hidden: Collection[K],
        members: Callable[[A, K], bool],
        known: Collection[Callable[[A], bool]],
    ) -> set[K]:
        """
        The counts that can be shown so that no hidden one is a sum or difference of them.

        The largest counts are kept first. `members` says whether an atom is in a group, `known` are groups whose
        count is shown in any case.
        """
        basis: dict[int, list[int]] = {}
        for group in known:
            _extend(basis, _reduced(basis, [int(group(atom)) for atom in self._atoms]))
        protected = [_reduced(basis, self._vector(key, members)) for key in hidden if counts[key]]
        protected = [vector for vector in protected if any(vector)]
        shown = set()
        for key in sorted((key for key in counts if key not in hidden), key=lambda key: (-counts[key], repr(key))):
            vector = _reduced(basis, self._vector(key, members))
            extended = dict(basis)
            _extend(extended, vector)
            reduced = [_reduced(extended, other) for other in protected]
            if all(map(any, reduced)):
                basis, protected = extended, reduced
                shown.add(key)
        return shown

    def _vector(self, key: K, members: Callable[[A, K], bool]) -> list[int]:
        return [int(members(atom, key)) for atom in self._atoms]


def _reduced(basis: Mapping[int, Sequence[int]], vector: Sequence[int]) -> list[int]:
    """The rest of a vector after a basis is subtracted: only zeros if the vector is a combination of the basis."""
    rest = list(vector)
    for pivot, row in sorted(basis.items()):
        if factor := rest[pivot]:
            rest = [(value - factor * other) % PRIME_MODULUS for value, other in zip(rest, row, strict=True)]
    return rest


def _extend(basis: dict[int, list[int]], vector: Sequence[int]) -> None:
    """Add a reduced vector to a basis, by the position of its first value; that value becomes 1."""
    pivot = next((index for index, value in enumerate(vector) if value), None)
    if pivot is not None:
        inverse = pow(vector[pivot], -1, PRIME_MODULUS)
        basis[pivot] = [value * inverse % PRIME_MODULUS for value in vector]
