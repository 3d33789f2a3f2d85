"""
Encryption of values that leave the process. A value is valid only for one district and under one name.

AES-256-GCM with a random nonce (NIST SP 800-38D). The key of each district is derived from the fleet's key by HKDF
(RFC 5869). The name and the time of writing are authenticated as well: a value that was moved, cut or changed
cannot be decrypted.
"""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
TIMESTAMP_BYTES = 13
"""Length of the start of a value: when it was written, in milliseconds since 1970, as decimal digits."""


class Encryptor:
    """Encrypts and decrypts values under the keys of districts."""

    def __init__(self, key: bytes) -> None:
        """All keys are derived from `key`, which has 32 bytes."""
        self._key = key
        self._cipher = lru_cache(maxsize=1024)(self._create_cipher)

    def derive_key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return HKDF(SHA256(), 32, salt=b"student-graph", info=purpose.encode()).derive(self._key)

    def encrypt(self, district: str, name: str, written_ms: int, content: bytes) -> bytes:
        """A value that can be decrypted only under the same district and name; `written_ms` counts from 1970."""
        timestamp, nonce = b"%013d" % written_ms, os.urandom(_NONCE_BYTES)
        return timestamp + nonce + self._cipher(district).encrypt(nonce, content, timestamp + name.encode())

    def decrypt(self, district: str, name: str, value: bytes) -> bytes | None:
        """The content of a value; None if it was not encrypted with this key, district and name."""
        timestamp, rest = value[:TIMESTAMP_BYTES], value[TIMESTAMP_BYTES:]
        if len(rest) <= _NONCE_BYTES:
            return None
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._cipher(district).decrypt(nonce, ciphertext, timestamp + name.encode())
        except InvalidTag:
            return None

    def _create_cipher(self, district: str) -> AESGCM:
        return AESGCM(self.derive_key(f"answers of {district}"))
