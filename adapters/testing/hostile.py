"""Ids that want to be something else: a path, a parameter, a second request."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import BadKeyError, IdentityError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, tell

HOSTILE = [
    "../x", "..", "../../admin", "%2e%2e", "a/b", "a\\b", "a#b", "a?limit=9", "a&limit=9", "a;b", "'", '"', "a\0b",
    "a\nb", "a\r\nHost: evil.example", "@evil.example", "//evil.example", "a\u202eb", "*", " ", "9" * 300,
]  # fmt: skip
TAILS = ("#x", "?x", "/", "/../x", "\0")
SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._~:-]*"


class Hostile:
    """Every supported lookup, asked for keys that cannot be."""

    kind: type[Adapter]

    async def test_a_hostile_key_reaches_the_vendor_as_nothing_else(self, keyed: Lookup, sandbox: Sandbox) -> None:
        """It has no records, and no request differs from the usual ones in more than a value."""
        known = sandbox.known_keys(keyed.key_kind)[0]
        usual = await self.usual(keyed, known, sandbox)
        async with built(sandbox, kind=self.kind) as adapter:
            for key in hostile_keys(known):
                told = await tell(adapter, keyed, [key], sandbox.arguments())
                answer = told.get(key) if isinstance(told, dict) else told

                assert answer is None or answer == [] or isinstance(answer, BadKeyError | IdentityError), repr(key)
                assert [line for line in sandbox.requests if not usual.allows(line)] == [], repr(key)

    async def test_a_hostile_key_harms_no_other(self, keyed: Lookup, sandbox: Sandbox) -> None:
        """A good key beside it is answered as if it were alone."""
        known = sandbox.known_keys(keyed.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            alone = await ask(adapter, keyed, [known], sandbox.arguments())
            told = await ask(adapter, keyed, ["../x", known, "a\0b"], sandbox.arguments())

        assert told.get(known) == alone.get(known)

    async def usual(self, lookup: Lookup, known: str, sandbox: Sandbox) -> Usual:
        """The requests that a known key takes."""
        sandbox.requests.clear()
        async with built(sandbox, kind=self.kind) as adapter:
            await ask(adapter, lookup, [known], sandbox.arguments())
        return Usual(known, list(sandbox.requests))


def hostile_keys(known: str) -> list[str]:
    """Texts that are no key, by themselves and in the place of the known key's value, and the key with a tail."""
    field, colon, _ = known.partition(":")
    return [*HOSTILE, *(field + colon + text for text in HOSTILE), *(known + tail for tail in TAILS)]


class Usual:
    """What requests look like whose key is a good one: paths with a place for an id, and parameter names."""

    def __init__(self, known: str, requests: list[str]) -> None:
        self._paths = [re.compile(self._pattern(split(line)[0], known)) for line in requests]
        self._names = {name for line in requests for name, _ in parse_qsl(split(line)[1], keep_blank_values=True)}

    @staticmethod
    def _pattern(path: str, known: str) -> str:
        """The path, with its place for an id open to any harmless one."""
        ids = {known, known.rpartition(":")[2]}
        return "/".join(SEGMENT if part in ids or part.isdigit() else re.escape(part) for part in path.split("/"))

    def allows(self, line: str) -> bool:
        """Whether a request is one of these but for values."""
        path, query = split(line)
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        return any(pattern.fullmatch(path) for pattern in self._paths) and names <= self._names


def split(line: str) -> tuple[str, str]:
    """Path and query of a request that a sandbox noted, the method kept with the path."""
    path, _, query = line.partition("?")
    return unquote(path), query
