"""
What a recording keeps of requests and responses. Whatever is not listed is replaced or left out.

Of a JSON object it keeps the properties that the adapter knows, and names and types of the others. Of the values
it keeps true, false and null, and those of the properties that the adapter lists in `recorded_properties`: codes,
dates and numbers that are about nobody. All others are replaced by made-up ones, also where they come again: in a
path, a filter, a link.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from student_graph.adapters.recording.bodies import parse_body, text_of_form, text_of_json
from student_graph.adapters.recording.fictions import Fictions
from student_graph.adapters.recording.recording import ORIGIN

_URL = re.compile(r"https?://[^/?#]+(?P<target>[^#]*)")
_PROPERTY = re.compile(r"[a-z_][A-Za-z_]{0,63}")
"""The name of a property, and no id: an object may also have an entry for each person."""
_TOKEN = re.compile(r"[\w@.+-]+")
"""A part of a path, a filter or a query that may be a value."""
_ALIAS = r"(?P<letter>[a-z])(?P<number>[0-9]+)"
_QUERY_TOKEN = re.compile(
    r'(?P<rows>\b(?:first|last):\s*[0-9]+)|"(?P<quoted>[^"\\]+)"|\b' + _ALIAS + r"\b|[\w@+-]+"
)
"""In a query of GraphQL: a number of rows, a value, an alias made of an id, or another word."""
_PREFIXED = re.compile(r"(?P<prefix>[A-Za-z_]+):(?P<rest>[^\s/][^\s]*)")
"""A text of a word and an id, such as the alias `d:ALG-1` of a course."""
_LINK = re.compile(r"<(?P<url>[^>]*)>(?P<rest>[^,]*)")
KEPT_PARAMETERS = frozenset({
    "limit", "offset", "page", "per_page", "pageSize", "totalCount", "fields", "sort", "orderBy", "include[]",
    "minChangeVersion", "maxChangeVersion", "size",
})  # fmt: skip
"""Parameters of paging and projection, whose values are about nobody."""
_VERSION = re.compile(r"v[0-9]{1,2}(?:[p.][0-9]{1,2})?")
"""The version of an API in a path, such as `v3`, `v3.1` or `v1p2`."""
ABOUT_NOBODY = frozenset({"0", "true", "false"})
"""Values that name nobody, such as 0 in place of an id for all of them."""


class Scrubber:
    """Replaces what a recording must not hold."""

    def __init__(
        self,
        fictions: Fictions,
        names: Collection[str],
        patterns: Collection[str],
        constants: Collection[str] = (),
    ) -> None:
        """
        Make values up by `fictions`.

        `names` are the words of the adapter: names of properties and parts of paths. `patterns` are those of the
        properties whose values stay, such as `*Descriptor`. `constants` are values that stay wherever they are.
        """
        self._fictions, self._names = fictions, frozenset(names)
        self._kept_names = frozenset(name for name in patterns if "*" not in name)
        self._kept_patterns = tuple(name for name in patterns if "*" in name)
        self._constants = ABOUT_NOBODY | frozenset(constants)
        self._public: set[str] = set()
        """Values that stayed."""

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
        if self._keeps(name):
            self._public.add(str(value))
            return value
        return self._number(value)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        """An object. Of an unknown property only its name and type stay, if the object has known ones."""
        result: dict[str, Any] = {}
        is_known = any(map(self._knows, value))
        for key, item in value.items():
            if self._knows(key):
                result[key] = self.body(item, key)
            elif is_known and _PROPERTY.fullmatch(key):
                result[key] = None if item is None else type(item)()  # an empty text, 0, false, [] or {}
            elif (item is None or isinstance(item, dict)) and (alias := re.fullmatch(_ALIAS, key)):
                result[alias["letter"] + self._fictions.of(alias["number"])] = self.body(item)
        return result

    def target(self, target: str) -> str:
        """A path with its query. Words of the adapter stay, and what looks like a value is made up."""
        path, _, query = target.partition("?")
        segments = [quote(self._words(unquote(segment)), safe=":=,;()'@!$&*+") for segment in path.split("/")]
        pairs = self._parameters(parse_qsl(query, keep_blank_values=True))
        return "/".join(segments) + (f"?{urlencode(sorted(pairs))}" if pairs else "")

    def request_body(self, body: bytes) -> str:
        """The body of a request, JSON or a form without its secrets; empty for one without a body."""
        match parse_body(body):
            case str() as text:
                return self._words(text)
            case list() as form if form and isinstance(form[0], tuple):
                return text_of_form(self._parameters(form))
            case document:
                return text_of_json(self._sent(document))

    def key(self, key: str) -> str:
        """The key of a lookup as the recording has it, such as `idnumber:604822` with the made-up number."""
        if key in self._public or key in self._constants or key in self._names:
            return key
        if key in self._fictions:
            return self._fictions.of(key)
        if "/" in key:
            return "/".join(quote(self.key(unquote(part)), safe="") for part in key.split("/"))
        return ":".join(map(self.key, key.split(":"))) if ":" in key else self._fictions.of(key)

    def token(self, token: str) -> str:
        """The token of a page, which may be made of the ids on it."""
        return self._fictions.of(token)

    def _parameters(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        fields = dict(pairs := list(pairs))
        result = []
        for key, value in pairs:
            # Some vendors send the name of an option beside its value: options[0][name] and options[0][value].
            name = fields.get(key.removesuffix("[value]") + "[name]", key) if key.endswith("[value]") else key
            result.append((key, value if name in KEPT_PARAMETERS or self._keeps(name) else self._words(value)))
        return result

    def _sent(self, value: Any, name: str = "") -> Any:
        """A JSON value of a request: its properties are the adapter's own, and stay."""
        if isinstance(value, dict):
            return {key: self._sent(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._sent(item, name) for item in value]
        if value is None or isinstance(value, bool) or name in KEPT_PARAMETERS or self._keeps(name):
            return value
        if isinstance(value, str):
            return self._query(value) if name == "query" else self._words(value)
        return self._number(value)

    def _query(self, text: str) -> str:
        """A query in GraphQL: numbers of rows stay, and an alias such as `c12` has the made-up id."""
        return _QUERY_TOKEN.sub(self._query_token, text)

    def _query_token(self, match: re.Match[str]) -> str:
        if match["rows"]:
            return match["rows"]
        if match["quoted"]:
            return '"' + self._words(match["quoted"]) + '"'
        if match["letter"]:
            return match["letter"] + self._fictions.of(match["number"])
        return match[0] if match[0] in self._names else self._word(match[0])

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
        if text in self._constants or (self._keeps(name) and "@" not in text):
            self._public.add(text)
            return text
        if _URL.fullmatch(text):
            return self.url(text)
        parts = _PREFIXED.fullmatch(text)
        if parts is not None and parts["prefix"] in self._names:
            return f"{parts['prefix']}:{self._fictions.of(parts['rest'])}"
        constant, colon, rest = text.partition(": ")
        if colon and rest and constant in self._constants:
            return f"{constant}: {self._fictions.of(rest)}"
        return self._fictions.of(text)

    def _number(self, number: float) -> float:
        if number == 0:
            return number
        if isinstance(number, float) and number.is_integer():
            return float(self._number(int(number)))
        if isinstance(number, int):
            digits = int(self._fictions.of(str(abs(number))))
            return -digits if number < 0 else digits
        return float(int(self._fictions.of(str(abs(int(number * 100)))))) / 100

    def _words(self, text: str) -> str:
        """A text of a request: known words stay, values are made up as in the responses."""
        if text in self._names or text in self._constants:
            return text
        if text in self._fictions:
            return self._fictions.of(text)
        return _TOKEN.sub(lambda match: self._word(match[0]), text)

    def _word(self, word: str) -> str:
        if word in self._constants:
            return word
        if word in self._fictions:
            return self._fictions.of(word)
        is_known = word in self._names or all(part in self._names for part in re.split(r"[.-]", word) if part)
        return word if is_known or _VERSION.fullmatch(word) else self._fictions.of(word)


def _relation(rest: str) -> str:
    match = re.search(r'rel="?(next|prev|first|last|current)"?', rest)
    return f'; rel="{match[1]}"' if match else ""
