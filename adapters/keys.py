"""
Checks of ids before they become part of a vendor's address.

Ids are checked against a list of allowed characters, because percent-encoding alone lets `..` through, and
because servers and proxies do not agree how to read an encoded slash.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from student_graph.adapters.errors import BadKeyError

_PATH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_PATH_SEGMENT = re.compile(r"(?![. ])[\w .~:@+=,()!*'$-]{1,255}(?<![. ])")
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


def is_path_segment(text: str) -> bool:
    """
    Whether servers read `text` in the same way if it is one encoded segment of a path.

    Letters of any script, blanks, colons and quotes are. Slashes, percent signs, and dots and blanks at
    an end are not.
    """
    return _PATH_SEGMENT.fullmatch(text) is not None


def path_segment(text: str) -> str:
    """
    Return `text` encoded as one segment of a path.

    Raises:
        BadKeyError: servers do not agree how to read it; see `is_path_segment`.
    """
    if not is_path_segment(text):
        raise BadKeyError("an id that cannot be part of an address")
    return quote(text, safe="")


def query_text(text: str) -> str:
    """
    Return `text` if it is safe as the value of a query parameter; httpx encodes it.

    Raises:
        BadKeyError: it is empty, too long, or holds a character that is not printable.
    """
    if not text or len(text) > _MAX_QUERY_CHARACTERS or not text.isprintable():
        raise BadKeyError("not a possible id")
    return text
