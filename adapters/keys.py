"""Ids on their way into a vendor's address: allowed by list, because percent-encoding alone lets `..` through."""

from __future__ import annotations

import re

from student_graph.adapters.errors import BadKeyError

_PATH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_LONGEST = 256


def path_id(text: str) -> str:
    """
    `text`, when it can stand as one segment of a path.

    Raises:
        BadKeyError: it cannot; nothing may be asked of the vendor with it.
    """
    if not _PATH_ID.fullmatch(text):
        raise BadKeyError("an id that cannot stand in an address")
    return text


def query_text(text: str) -> str:
    """
    `text`, when it can be the value of a query parameter; httpx encodes it.

    Raises:
        BadKeyError: it is empty, too long, or holds a character that nobody can type.
    """
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise BadKeyError("an id that no vendor can have given")
    return text
