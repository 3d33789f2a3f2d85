"""The keys of the disclosure log, derived from one secret: for signatures, and for each district's hashes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from itertools import repeat

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAX_CACHED_PSEUDONYMS = 200_000
"""A response names hundreds of students at most."""


class DisclosureKeys:
    """Keys derived from one secret (HKDF, RFC 5869); each is used for one purpose only."""

    def __init__(self, secret: bytes) -> None:
        """Derive the keys from a secret of at least 32 bytes."""
        self._secret = secret
        self._district_keys: dict[str, bytes] = {}
        self._cached_pseudonym = lru_cache(MAX_CACHED_PSEUDONYMS)(self._make_pseudonym)
        self.signing_key = Ed25519PrivateKey.from_private_bytes(self._derive("signature"))
        """Signs the checkpoints of the log."""

    def pseudonym(self, district: str, name: str) -> str:
        """
        The keyed hash (HMAC-SHA-256, shortened to 128 bits) that the log writes instead of a person's id.

        It is the same everywhere in one district's lines, and different in every other district's.
        """
        return self._cached_pseudonym(district, name)

    def pseudonyms(self, district: str, names: Iterable[str]) -> list[str]:
        """The pseudonyms of several persons of one district, in alphabetical order."""
        return sorted(map(self._cached_pseudonym, repeat(district), names))

    def _make_pseudonym(self, district: str, name: str) -> str:
        return f"hmac:{hmac.new(self._district_key(district), name.encode(), sha256).hexdigest()[:32]}"

    def _district_key(self, district: str) -> bytes:
        key = self._district_keys.get(district)
        if key is None:
            key = self._district_keys[district] = self._derive(f"district {district}")
        return key

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"student-graph disclosure {purpose}".encode()).derive(self._secret)
