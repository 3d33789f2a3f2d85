"""
Answers outside the process: JSON, encrypted for one district and one place, so that it can stand nowhere else.

AES-256-GCM with a random nonce (NIST SP 800-38D); a district's key comes from the fleet's by HKDF (RFC 5869). The
place and the time of writing are authenticated with it: a value that was moved, cut or mixed up cannot be opened.
"""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
WRITTEN = 13
"""Digits at the start of a value: when it was written, in milliseconds since 1970."""


class Vault:
    """Closes and opens values under the keys of districts."""

    def __init__(self, key: bytes) -> None:
        """Derive all keys from one of 32 bytes."""
        self._key = key
        self._cipher = lru_cache(maxsize=1024)(self._make_cipher)

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return HKDF(SHA256(), 32, salt=b"student-graph", info=purpose.encode()).derive(self._key)

    def close(self, district: str, place: str, written: int, content: bytes) -> bytes:
        """A value that can be opened at that place only."""
        head, nonce = b"%013d" % written, os.urandom(_NONCE)
        return head + nonce + self._cipher(district).encrypt(nonce, content, head + place.encode())

    def open(self, district: str, place: str, value: bytes) -> bytes | None:
        """The content of a value; None when it is not what was closed there."""
        head, rest = value[:WRITTEN], value[WRITTEN:]
        if len(rest) <= _NONCE:
            return None
        try:
            return self._cipher(district).decrypt(rest[:_NONCE], rest[_NONCE:], head + place.encode())
        except InvalidTag:
            return None

    def _make_cipher(self, district: str) -> AESGCM:
        return AESGCM(self.derived(f"answers of {district}"))
