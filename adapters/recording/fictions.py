"""Made-up values in place of real ones: the same one for the same value, and of the same form."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import date, timedelta
from hashlib import sha256
from itertools import count

KEY_BYTES = 32
MAX_NAME_CHARACTERS = 64
"""Longer texts with blanks are taken for free text, of which nothing is kept."""
FREE_TEXT = "(removed)"
_DATE = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<time>[T ].*)?", re.DOTALL)
_FIRST_DAY, _DAYS = date(1990, 1, 1), 365 * 20
"""Made-up dates are from 1990 to 2009."""
_HEX = re.compile(r"[0-9a-fA-F-]{16,}")
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./x+-]{6,}")


class Fictions:
    """The made-up values of one recording. Their key is not kept, so nobody can find a real value by trying."""

    def __init__(self, key: bytes | None = None) -> None:
        """Make values up with a key; a random one by default."""
        self._key = key or secrets.token_bytes(KEY_BYTES)
        self._values: dict[str, str] = {}
        """By real value. It is in memory only."""
        self._used: set[str] = set()

    def __contains__(self, text: object) -> bool:
        return text in self._values

    def of(self, text: str) -> str:
        """
        The made-up value for a text: never the text itself, and never that of another text.

        Numbers stay numbers of as many digits, dates dates, hexadecimal ids such ids, and mail addresses such
        addresses. Long texts with blanks are removed.
        """
        if not text:
            return text
        if len(text) > MAX_NAME_CHARACTERS and " " in text.strip():
            return FREE_TEXT
        known = self._values.get(text)
        if known is None:
            candidates = (self._candidate(text, attempt) for attempt in count())
            known = next(value for value in candidates if value != text and value not in self._used)
            self._values[text] = known
            self._used.add(known)
        return known

    def _candidate(self, text: str, attempt: int) -> str:
        """A made-up value of the same form; each attempt makes up another one, at last longer than the text."""
        digest = hmac.new(self._key, f"{attempt}:{text}".encode(errors="surrogatepass"), sha256).digest()
        number = int.from_bytes(digest)
        if match := _DATE.fullmatch(text):
            day = _FIRST_DAY + timedelta(days=number % _DAYS)
            return day.isoformat() + ("T00:00:00Z" if match["time"] else "")
        if text.isascii() and text.isdecimal():
            extra = attempt // 10 ** len(text) if len(text) < 6 else 0
            return _digits(number, len(text) + extra)
        if "@" in text:
            return f"person{number % 10**9}@recording.example"
        if _HEX.fullmatch(text) and any(map(str.isdecimal, text)):
            letters = iter(digest.hex() * (1 + len(text) // 64))
            return "".join(char if char == "-" else next(letters) for char in text)
        if _PHONE.fullmatch(text):
            digits = iter(_digits(number, sum(map(str.isdecimal, text))))
            return "".join(next(digits) if char.isdecimal() else char for char in text)
        return f"made-up-{digest[:5].hex()}"


def _digits(number: int, length: int) -> str:
    """So many digits of a number, of which the first is not 0 unless it is the only one."""
    if length == 1:
        return str(number % 10)
    text = str(number)[-length:].rjust(length, "7")
    return (str(1 + int(text[0]) % 9)) + text[1:]
