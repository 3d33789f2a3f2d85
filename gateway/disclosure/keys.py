"""
The keys of the disclosure log, derived from one secret: for signatures, and for each district's hashes.

Students are written as hashes that nobody can reverse. Viewers are also written encrypted, so that the holder of
the secret can name to a parent who saw their child.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from itertools import repeat

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAX_CACHED_PSEUDONYMS = 10_000
"""
About 3 MiB. A response names hundreds of students at most, and computing a pseudonym again takes microseconds.
"""
MAX_CACHED_SEALS = 1_000
"""Sealed viewers that are cached. Each response has one, and sealing takes as long as the rest of a line."""
SEALING_KEY_BYTES = 64
"""Length of the key for AES-SIV, which consists of two keys of 256 bits."""
_SEALED_PREFIX = "siv:"


class DisclosureKeys:
    """Keys derived from one secret (HKDF, RFC 5869); each is used for one purpose only."""

    def __init__(self, secret: bytes) -> None:
        """Derive the keys from a secret of at least 32 bytes."""
        self._secret = secret
        self._hashes: dict[str, hmac.HMAC] = {}
        """By district, the state of its keyed hash before any input."""
        self._sealing_keys: dict[str, AESSIV] = {}
        self._cached_seal = lru_cache(MAX_CACHED_SEALS)(self._seal)
        self._cached_pseudonym = lru_cache(MAX_CACHED_PSEUDONYMS)(self._make_pseudonym)
        self.signing_key = Ed25519PrivateKey.from_private_bytes(self._derive("signature"))
        """Signs the checkpoints of the log."""

    def pseudonym(self, district: str, name: str) -> str:
        """
        The keyed hash (HMAC-SHA-256, shortened to 128 bits) that the log writes instead of a person's id.

        A person has one pseudonym in all lines of a district, and a different one in each other district.
        """
        return self._cached_pseudonym(district, name)

    def pseudonyms(self, district: str, names: Iterable[str]) -> list[str]:
        """The pseudonyms of several persons of one district, in alphabetical order."""
        return sorted(map(self._cached_pseudonym, repeat(district), names))

    def seal(self, district: str, text: str) -> str:
        """
        Encrypt a text about a viewer for one district's lines (AES-SIV, RFC 5297), as `siv:` and Base64.

        The same text gives the same result in one district, so that equal lines stay equal.
        """
        return self._cached_seal(district, text)

    def _seal(self, district: str, text: str) -> str:
        sealed = self._sealing_key(district).encrypt(text.encode(), [district.encode()])
        return _SEALED_PREFIX + base64.b64encode(sealed).decode()

    def unseal(self, district: str, sealed: str) -> str | None:
        """Decrypt what `seal` returned; None if it was not sealed with this secret for this district."""
        try:
            content = base64.b64decode(sealed.removeprefix(_SEALED_PREFIX), validate=True)
            return self._sealing_key(district).decrypt(content, [district.encode()]).decode()
        except (InvalidTag, ValueError):
            return None

    def pseudonym_key(self, district: str) -> bytes:
        """The key of the keyed hash of one district; no other key can be computed from it."""
        return self._derive(f"district {district}")

    def _make_pseudonym(self, district: str, name: str) -> str:
        keyed = self._hashes.get(district)
        if keyed is None:
            keyed = self._hashes[district] = hmac.new(self.pseudonym_key(district), None, sha256)
        hashed = keyed.copy()
        hashed.update(name.encode())
        return f"hmac:{hashed.hexdigest()[:32]}"

    def _sealing_key(self, district: str) -> AESSIV:
        key = self._sealing_keys.get(district)
        if key is None:
            secret = self._derive(f"viewers of {district}", SEALING_KEY_BYTES)
            key = self._sealing_keys[district] = AESSIV(secret)
        return key

    def _derive(self, purpose: str, size: int = 32) -> bytes:
        return HKDF(SHA256(), size, None, f"student-graph disclosure {purpose}".encode()).derive(self._secret)
