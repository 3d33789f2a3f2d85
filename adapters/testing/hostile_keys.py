"""Tests of hostile keys, which try to become a path, a parameter or a second request."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import parse_qsl, unquote

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import BadKeyError, IdentityError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error

HOSTILE_TEXTS = [
    "../x", "..", "../../admin", "%2e%2e", "a/b", "a\\b", "a#b", "a?limit=9", "a&limit=9", "a;b", "'", '"', "a\0b",
    "a\nb", "a\r\nHost: evil.example", "@evil.example", "//evil.example", "a\u202eb", "*", " ", "9" * 300,
]  # fmt: skip
SUFFIXES = ("#x", "?x", "/", "/../x", "\0")
PATH_SEGMENT = r"(?!\.+(?:/|$))[\w .~:@+=,()!*'$-]+"
"""A part of a path, decoded, that cannot be read as another path."""


class HostileKeys:
    """Tests of every supported lookup with impossible keys."""

    kind: type[Adapter]
    list_parameters: ClassVar[frozenset[str]] = frozenset()
    """
    Parameters of the lists in which the adapter finds keys that it puts into no path; none if it refuses them.
    """

    async def test_a_hostile_key_changes_no_more_than_a_value(
        self, keyed_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """A hostile key has no records, and its requests differ from those of a known key only in a value."""
        known = sandbox.known_keys(keyed_lookup.key_kind)[0]
        shape = await self.request_shape(keyed_lookup, known, sandbox)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            for key in hostile_keys(known):
                result = await run_lookup_or_error(adapter, keyed_lookup, [key], sandbox.arguments())
                answer = result.get(key) if isinstance(result, dict) else result

                assert answer is None or answer == [] or isinstance(answer, BadKeyError | IdentityError), repr(key)
                assert [line for line in sandbox.requests if not shape.matches(line)] == [], repr(key)

    async def test_a_hostile_key_does_not_affect_other_keys(self, keyed_lookup: Lookup, sandbox: Sandbox) -> None:
        """A known key in the same batch has the same answer as alone."""
        known = sandbox.known_keys(keyed_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            alone = await run_lookup(adapter, keyed_lookup, [known], sandbox.arguments())
            batch = await run_lookup(adapter, keyed_lookup, ["../x", known, "a\0b"], sandbox.arguments())

        assert batch.get(known) == alone.get(known)

    async def test_a_key_in_other_letters_is_another_key_unless_the_vendor_says_so(
        self, keyed_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """
        A sandbox that compares exactly has no records of a key in capitals or with a blank at the end.

        A vendor that ignores case, as Ed-Fi on SQL Server does, has its own tests.
        """
        known = set(sandbox.known_keys(keyed_lookup.key_kind))
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            for key in list(known)[:3]:
                for other in {key.swapcase(), f"{key} ", f"{key}%20"} - known:
                    result = await run_lookup_or_error(adapter, keyed_lookup, [other], sandbox.arguments())
                    answer = result.get(other) if isinstance(result, dict) else result

                    assert not records_in(answer), repr(other)

    async def request_shape(self, lookup: Lookup, known: str, sandbox: Sandbox) -> RequestShape:
        """The shape of the requests for a known key."""
        sandbox.requests.clear()
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            await run_lookup(adapter, lookup, [known], sandbox.arguments())
        return RequestShape(known, list(sandbox.requests), self.list_parameters)


def hostile_keys(known: str) -> list[str]:
    """Hostile texts, as a key and as the value of a `field:value` key, and a known key with hostile suffixes."""
    field, colon, _ = known.partition(":")
    return [
        *HOSTILE_TEXTS,
        *(field + colon + text for text in HOSTILE_TEXTS),
        *(known + suffix for suffix in SUFFIXES),
    ]


class RequestShape:
    """
    The paths, with a placeholder for the id, and the parameter names of the requests for a known key.

    With `list_parameters` a request may also be for the list that has the object of a path.
    """

    def __init__(self, known: str, requests: list[str], list_parameters: frozenset[str]) -> None:
        paths = [split_request(line)[0] for line in requests]
        if list_parameters:
            paths += [path.rpartition("/")[0] for path in paths]
        self._paths = [re.compile(self._pattern(path, known)) for path in paths]
        self._names = list_parameters | {
            name for line in requests for name, _ in parse_qsl(split_request(line)[1], keep_blank_values=True)
        }

    @staticmethod
    def _pattern(path: str, known: str) -> str:
        """A pattern of the path in which the id may be any harmless id, also after a prefix such as `d:`."""
        id = known.rpartition(":")[2]

        def pattern(part: str) -> str:
            if part in (known, id) or part.isdigit():
                return PATH_SEGMENT
            prefix = part.removesuffix(id)
            return re.escape(prefix) + PATH_SEGMENT if prefix.endswith(":") else re.escape(part)

        return "/".join(map(pattern, path.split("/")))

    def matches(self, line: str) -> bool:
        """Whether a request differs from these only in values."""
        path, query = split_request(line)
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        return any(pattern.fullmatch(path) for pattern in self._paths) and names <= self._names


def split_request(line: str) -> tuple[str, str]:
    """Split a request that a sandbox recorded into method and path, and query."""
    path, _, query = line.partition("?")
    return unquote(path), query
