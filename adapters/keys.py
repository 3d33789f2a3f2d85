"""
Checks of ids before they become part of a vendor's address.

Ids are checked against a list of allowed characters, because percent-encoding alone lets `..` through, and
because servers and proxies do not agree how to read an encoded slash.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Sequence
from urllib.parse import quote

from student_graph.adapters.errors import WRONG_KEY_REASON, BadKeyError, PayloadError
from student_graph.adapters.reading import leave_out_unreadable

_PATH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_PATH_SEGMENT = re.compile(r"(?![. ])[\w .~:@+=,()!*'$-]{1,255}(?<![. ])")
_MAX_QUERY_CHARACTERS = 256
_ZEROS = re.compile(r"(?:^|(?<=:))[0\s]+(?=[^:\s])")
"""Zeros before an id, or before a part of one, which colons separate."""


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


def is_query_text(text: str) -> bool:
    """Whether `text` is safe as the value of a query parameter: not empty, not too long, and printable."""
    return 0 < len(text) <= _MAX_QUERY_CHARACTERS and text.isprintable()


def query_text(text: str) -> str:
    """
    Return `text` if it is safe as the value of a query parameter; httpx encodes it.

    Raises:
        BadKeyError: it is not; see `is_query_text`.
    """
    if not is_query_text(text):
        raise BadKeyError("not a possible id")
    return text


def loose_form(key: str) -> str:
    """
    What spellings of an id have in common that systems make of it: without blanks, capitals, and zeros before it.

    Two ids of one form need not be the same. A row with another spelling than the key is therefore left out, and
    reported, because it is not certainly about another key (`report_other_form`).
    """
    return _ZEROS.sub("", key.strip().casefold())


def has_other_form(returned: Iterable[str], forms: Container[str]) -> bool:
    """Whether one of the keys of a row is a spelling of a requested key; `forms` are the loose forms of these."""
    return any(loose_form(key) in forms for key in returned)


def report_other_form(row: str) -> None:
    """Report a row that is left out; `row` tells it from others, such as its id, and is never displayed."""
    leave_out_unreadable(PayloadError("a row that spells its id in another way", code="SOURCE_SCHEMA"), row)


def check_own_keys(returned: Iterable[str], requested: Iterable[str], *, may_ignore_filter: bool = False) -> None:
    """
    Check that a response is not the one to another request: that its rows are not all about other keys.

    Such a response must not become an empty list, which says that the vendor has nothing. Case and blanks around a
    key say nothing: servers that ignore them send other rows for a key that none has. Rows of several other keys
    are no error with `may_ignore_filter`: a server that ignores a filter sends those of all keys.

    Raises:
        PayloadError: they are.
    """
    others = {key.strip().casefold() for key in returned}
    is_list_of_all = may_ignore_filter and len(others) > 1
    if others and not is_list_of_all and others.isdisjoint(key.strip().casefold() for key in requested):
        raise PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")


def unanswered_keys(returned: Iterable[Sequence[str]], requested: Collection[str]) -> set[str]:
    """
    Return the requested keys that a response does not answer, because it is in part that to another request.

    It has rows about other keys, and none about these: it may be the response to a request that named the others
    in their place. Then a key without rows does not say that the vendor has nothing. Such a response names at most
    as many keys as were requested. One with more may come from a server that ignores the filter, or a page of it
    from another request: rows of any key may be missing, and this is reported with the rows that are left out.
    `returned` has the keys of each row; a row with several is about each of them.
    """
    rows = {tuple(map(loose_form, keys)) for keys in returned if keys}
    forms = set(map(loose_form, requested))
    if not any(forms.isdisjoint(row) for row in rows):
        return set()
    others = PayloadError("a response with rows about other keys", code="SOURCE_SCHEMA")
    leave_out_unreadable(others, " ".join(sorted(requested)))
    if len(rows) > len(requested):
        return set()
    return {key for key in requested if not any(loose_form(key) in row for row in rows)}
