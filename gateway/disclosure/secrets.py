"""What one secret is turned into: a key of pseudonyms for each district, and the key that signs the log."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MOST = 200_000
"""Pseudonyms that are remembered: a page needs hundreds."""


class Secrets:
    """Keys derived from one secret; each is good for one thing only."""

    def __init__(self, secret: bytes) -> None:
        """Derive them from at least 32 bytes."""
        self._secret = secret
        self._keys: dict[str, bytes] = {}
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.signing = Ed25519PrivateKey.from_private_bytes(self._derived("signature"))

    def pseudonym(self, district: str, name: str) -> str:
        """What somebody of a district is called in the log: always the same there, and nowhere else."""
        known = self._known.get((district, name))
        if known is None:
            key = self._keys.get(district)
            if key is None:
                key = self._keys[district] = self._derived(f"district {district}")
            known = self._known[district, name] = f"hmac:{hmac.new(key, name.encode(), sha256).hexdigest()[:32]}"
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return known

    def _derived(self, what: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"student-graph disclosure {what}".encode()).derive(self._secret)
