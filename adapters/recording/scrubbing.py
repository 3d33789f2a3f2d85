"""
What a recording keeps of requests and responses. Whatever is not listed is replaced or left out.

Of a JSON object it keeps the properties that the adapter knows, and names and types of the others. Of the values
it keeps true, false and null, and those of the properties that the adapter lists in `recorded_properties`: codes,
dates and numbers that are about nobody. All others are replaced by made-up ones, also where they come again: in a
path, a filter, a link.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from student_graph.adapters.recording.fictions import Fictions
from student_graph.adapters.recording.recording import ORIGIN

_URL = re.compile(r"https?://[^/?#]+(?P<target>[^#]*)")
_PROPERTY = re.compile(r"[a-z_][A-Za-z_]{0,63}")
"""The name of a property, and no id: an object may also have an entry for each person."""
_TOKEN = re.compile(r"[\w@.+-]+")
"""A part of a path, a filter or a query that may be a value."""
_LINK = re.compile(r"<(?P<url>[^>]*)>(?P<rest>[^,]*)")
KEPT_PARAMETERS = frozenset({
    "limit", "offset", "page", "per_page", "pageSize", "totalCount", "fields", "sort", "orderBy", "include[]",
    "minChangeVersion", "maxChangeVersion", "pageToken", "number",
})  # fmt: skip
"""Parameters of paging and projection, whose values are about nobody."""
_VERSION = re.compile(r"v[0-9]{1,2}(?:p[0-9]{1,2})?")
"""The version of an API in a path, such as `v3` or `v1p2`."""


class Scrubber:
    """Replaces what a recording must not hold."""

    def __init__(self, fictions: Fictions, names: Collection[str], patterns: Collection[str]) -> None:
        """
        Make values up by `fictions`.

        `names` are the words of the adapter: names of properties and parts of paths. `patterns` are those of the
        properties whose values stay, such as `*Descriptor`.
        """
        self._fictions, self._names = fictions, frozenset(names)
        self._kept_names = frozenset(name for name in patterns if "*" not in name)
        self._kept_patterns = tuple(name for name in patterns if "*" in name)

    def body(self, value: Any, name: str = "") -> Any:
        """A JSON value under a property, with made-up values and without unknown properties."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self.body(item, name) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, name)
        return value if self._keeps(name) else self._number(value)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        """An object. Of an unknown property only its name and type stay, if the object has known ones."""
        result: dict[str, Any] = {}
        is_known = any(map(self._knows, value))
        for key, item in value.items():
            if self._knows(key):
                result[key] = self.body(item, key)
            elif is_known and _PROPERTY.fullmatch(key):
                result[key] = None if item is None else type(item)()  # an empty text, 0, false, [] or {}
        return result

    def target(self, target: str) -> str:
        """A path with its query. Words of the adapter stay, and what looks like a value is made up."""
        path, _, query = target.partition("?")
        segments = [quote(self._words(unquote(segment)), safe=":=,;()'@!$&*+") for segment in path.split("/")]
        pairs = [
            (key, value if key in KEPT_PARAMETERS or self._keeps(key) else self._words(value))
            for key, value in parse_qsl(query, keep_blank_values=True)
        ]
        return "/".join(segments) + (f"?{urlencode(sorted(pairs))}" if pairs else "")

    def request_body(self, body: bytes) -> str:
        """The body of a request; empty for one without a body."""
        return self._words(body.decode("utf-8", "replace"))

    def link(self, header: str) -> str:
        """A `Link` header, of which only addresses and relations stay."""
        links = (f"<{self.url(match['url'])}>{_relation(match['rest'])}" for match in _LINK.finditer(header))
        return ", ".join(links)

    def url(self, text: str) -> str:
        """An address on the recording's own origin."""
        match = _URL.fullmatch(text)
        return ORIGIN + self.target(match["target"]) if match else self.target(text)

    def _knows(self, key: str) -> bool:
        return key in self._names or self._keeps(key)

    def _keeps(self, name: str) -> bool:
        return name in self._kept_names or any(fnmatchcase(name, pattern) for pattern in self._kept_patterns)

    def _text(self, text: str, name: str) -> str:
        if self._keeps(name) and "@" not in text:
            return text
        return self.url(text) if _URL.fullmatch(text) else self._fictions.of(text)

    def _number(self, number: float) -> float:
        if isinstance(number, int):
            digits = int(self._fictions.of(str(abs(number))))
            return -digits if number < 0 else digits
        return float(int(self._fictions.of(str(abs(int(number * 100)))))) / 100

    def _words(self, text: str) -> str:
        """A text of a request: known words stay, values are made up as in the responses."""
        if text in self._names:
            return text
        if text in self._fictions:
            return self._fictions.of(text)
        return _TOKEN.sub(lambda match: self._word(match[0]), text)

    def _word(self, word: str) -> str:
        is_known = word in self._names or all(part in self._names for part in re.split(r"[.-]", word))
        if word in self._fictions:
            return self._fictions.of(word)
        if is_known or _VERSION.fullmatch(word):
            return word
        return self._fictions.of(word)


def _relation(rest: str) -> str:
    match = re.search(r'rel="?(next|prev|first|last|current)"?', rest)
    return f'; rel="{match[1]}"' if match else ""
