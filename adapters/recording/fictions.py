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
"""Longer texts with blanks count as free text, which is removed completely."""
MAX_ATTEMPTS = 200
"""Attempts to find an unused made-up value of the same form: a large recording may use up all made-up days."""
FREE_TEXT = "(removed)"
_DATE = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<time>[T ].*)?", re.DOTALL)
_AMERICAN_DATE = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
_TIME = re.compile(r"[0-2]?[0-9](?::[0-5][0-9]){1,2}")
_DECIMAL = re.compile(r"(?P<before>[0-9]+)\.(?P<after>[0-9]+)")
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
        self._used = {"0"}
        """Made-up values so far. 0 is none: recordings keep it, because it names nobody."""

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
        if attempt > MAX_ATTEMPTS:
            return _as_name(text, digest)
        if "@" in text:
            return f"person{number % 10**9}@recording.example"
        if text.isascii() and text.isdecimal():
            extra = attempt // 10 ** len(text) if len(text) < 6 else 0
            return _digits(number, len(text) + extra)
        if _HEX.fullmatch(text) and any(map(str.isdecimal, text)) and not _DATE.fullmatch(text):
            letters = iter(digest.hex() * (1 + len(text) // 64))
            return "".join(char if char == "-" else next(letters) for char in text)
        return _as_time(text, number) or _as_number(text, number) or _as_name(text, digest)


def _as_time(text: str, number: int) -> str | None:
    """A made-up day or time for one in a text; None for other texts."""
    day = _FIRST_DAY + timedelta(days=number % _DAYS)
    if match := _DATE.fullmatch(text):
        return day.isoformat() + ("T00:00:00Z" if match["time"] else "")
    if _AMERICAN_DATE.fullmatch(text):
        return f"{day:%m/%d/%Y}"
    if _TIME.fullmatch(text):
        return f"{8 + number % 8:02}:{number // 8 % 60:02}" + f":{number // 480 % 60:02}" * (text.count(":") == 2)
    return None


def _as_number(text: str, number: int) -> str | None:
    """A made-up decimal number or phone number for one in a text; None for other texts."""
    if match := _DECIMAL.fullmatch(text):
        before, after = len(match["before"]), len(match["after"])
        digits_of_both = _digits(number, before + after)
        return f"{digits_of_both[:before]}.{digits_of_both[before:]}"
    if _PHONE.fullmatch(text):
        digits = iter(_digits(number, sum(map(str.isdecimal, text))))
        return "".join(next(digits) if char.isdecimal() else char for char in text)
    return None


def _as_name(text: str, digest: bytes) -> str:
    """A made-up name, of two parts if it has a comma: such as a family name and a given name."""
    parts = (digest[:5], digest[5:10]) if ", " in text else (digest[:5],)
    return ", ".join(f"made-up-{part.hex()}" for part in parts)


def _digits(number: int, length: int) -> str:
    """The last `length` digits of a number, without a leading 0 unless there is one digit only."""
    if length == 1:
        return str(number % 10)
    text = str(number)[-length:].rjust(length, "7")
    return (str(1 + int(text[0]) % 9)) + text[1:]
