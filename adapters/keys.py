"""
Checks of ids before they become part of a vendor's address.

Ids are checked against a list of allowed characters, because percent-encoding alone lets `..` through.
"""

from __future__ import annotations

import re

from student_graph.adapters.errors import BadKeyError

_PATH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_MAX_QUERY_CHARACTERS = 256


def path_id(text: str) -> str:
    """
    Return `text` if it is safe as one segment of a path.

    Raises:
        BadKeyError: it is not; no request may be sent with it.
    """
    if not _PATH_ID.fullmatch(text):
        raise BadKeyError("an id that cannot be part of an address")
    return text


def query_text(text: str) -> str:
    """
    Return `text` if it is safe as the value of a query parameter; httpx encodes it.

    Raises:
        BadKeyError: it is empty, too long, or holds a character that is not printable.
    """
    if not text or len(text) > _MAX_QUERY_CHARACTERS or not text.isprintable():
        raise BadKeyError("not a possible id")
    return text
