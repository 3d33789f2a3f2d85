"""Signed text: text that a client sends back unchanged, such as a vendor's cursor or a break-glass ticket."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from student_graph.adapters.errors import BadKeyError

_SIGNATURE_BYTES = 16
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SEALED_BLOCK_BYTES = 64
"""Sealed content is padded to blocks of this size, because its length would show how many digits a value has."""


class HmacSigner:
    """
    Signs text with HMAC-SHA256 under a key of this process or fleet.

    A signed text is URL-safe base64 of the first 16 bytes of the HMAC and the parts as a JSON array.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, *parts: str) -> str:
        """Return the parts and their signature as one text. It is not encrypted: anyone can decode it."""
        content = _encode(parts).encode()
        return _base64_text(self._signature(content) + content)

    def verify(self, text: str) -> tuple[str, ...]:
        """
        Return the parts of a signed text.

        Raises:
            BadKeyError: the text was not signed with this key.
        """
        try:
            signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadKeyError("not a cursor of this gateway") from None
        signature, content = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
        # Base64 can spell the same bytes in several ways; only the spelling that sign() returns is valid.
        if _base64_text(signed) != text or not hmac.compare_digest(signature, self._signature(content)):
            raise BadKeyError("not a cursor of this gateway")
        return tuple(json.loads(content))

    def seal(self, *parts: str) -> str:
        """
        Return the parts as one text that only this gateway can read or make.

        They are encrypted with AES-SIV (RFC 5297). Equal parts have equal texts, so that a page can be compared.
        """
        content = _encode(parts).encode()
        padding = b" " * (-len(content) % _SEALED_BLOCK_BYTES)
        return _base64_text(self._cipher.encrypt(content + padding, None))

    def unseal(self, text: str) -> tuple[str, ...]:
        """
        Return the parts of a sealed text.

        Raises:
            BadKeyError: the text was not sealed with this key.
        """
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            content = self._cipher.decrypt(sealed, None)
        except (InvalidTag, ValueError):  # binascii.Error is a ValueError
            raise BadKeyError("not a cursor of this gateway") from None
        if _base64_text(sealed) != text:
            raise BadKeyError("not a cursor of this gateway")
        return tuple(json.loads(content))

    @cached_property
    def _cipher(self) -> AESSIV:
        """The cipher, whose key is derived from the signing key: a signature says nothing about it."""
        return AESSIV(hmac.digest(self._key, b"student-graph sealed text", hashlib.sha512))

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:_SIGNATURE_BYTES]


def _base64_text(data: bytes) -> str:
    """Encode bytes as text that needs no escaping in JSON or in a URL."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
