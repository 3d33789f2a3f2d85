"""Sealed text: what a client hands back to us and must not have changed, such as a vendor's cursor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from student_graph.adapters.errors import BadKeyError

_DIGEST = 16


class HmacSeal:
    """Seals by HMAC-SHA256 under a key of this process or fleet."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def close(self, *parts: str) -> str:
        """Sealed text; readable to whoever decodes it, changeable by nobody."""
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
        return _text(self._mark(text) + text)

    def open(self, text: str) -> tuple[str, ...]:
        """
        The parts that were sealed.

        Raises:
            BadKeyError: the text was not made by this gateway.
        """
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadKeyError("not a cursor of this gateway") from None
        mark, content = sealed[:_DIGEST], sealed[_DIGEST:]
        # Base64 has several spellings of the same bytes: only ours counts.
        if _text(sealed) != text or not hmac.compare_digest(mark, self._mark(content)):
            raise BadKeyError("not a cursor of this gateway")
        return tuple(json.loads(content))

    def _mark(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:_DIGEST]


def _text(sealed: bytes) -> str:
    """Bytes as text that needs no escaping in JSON or in an address."""
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
