"""Converts single values of Moodle: times, and grades as texts of HTML."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

_TAG = re.compile(r"<[^>]*>")
NO_GRADE = "-"


def moment(seconds: int | None) -> datetime | None:
    """A time in UTC; None for 0, which stands for no time, and for one after the year 9999."""
    if not seconds or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def grade_text(text: str | None) -> str | None:
    """A grade as students read it, without tags and entities; None for no grade."""
    plain = unescape(_TAG.sub("", text or "")).strip()
    return None if plain in ("", NO_GRADE) else plain
