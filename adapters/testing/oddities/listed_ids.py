"""Checks of ids that the vendor sends itself, and does not know when it is asked for what they name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar
from urllib.parse import unquote_plus
from zlib import crc32

import httpx

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import (
    BatchResult,
    errors_of,
    open_adapter,
    run_lookup,
    run_lookup_or_error,
    sample,
)
from student_graph.adapters.testing.odd_values import RequestKey
from student_graph.adapters.testing.oddities.leaves import Path, another_id, changed, paths_of_leaves, value_at
from student_graph.adapters.testing.transports import (
    MAX_REQUESTS,
    FaultyTransport,
    RememberingTransport,
    Responses,
)

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,14}")
"""A text that is the same one after it was a number."""


OTHER_FORMS: tuple[Callable[[str], str], ...] = (
    lambda text: f"0{text}",
    lambda text: f"{text} ",
    lambda text: f" {text.swapcase()}",
)
"""Forms of an id that systems make of it: numbers with as many digits, texts of a fixed length, other letters."""


class UnknownIdTransport(FaultyTransport):
    """Plays responses again, and counts the further requests for which the vendor has no object (404)."""

    def __init__(self, sandbox: Sandbox, responses: Responses) -> None:
        super().__init__(sandbox, MAX_REQUESTS, lambda: httpx.Response(503), responses)
        self._known = {url for _, url, _ in responses}
        self.unknown: list[str] = []
        """Paths of these requests."""

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the response."""
        response = await super().respond(request)
        if response.status_code == httpx.codes.NOT_FOUND and str(request.url) not in self._known:
            self.unknown.append(request.url.path)
        return response


class ListedIds:
    """Checks of every supported lookup with a vendor that sends an id which it does not know."""

    kind: type[Adapter]
    odd_values: ClassVar[int] = 12
    """How many odd values of each lookup are played."""
    optional_objects: ClassVar[frozenset[str]] = frozenset()
    """Names in addresses of objects that the vendor has for some ids only; a 404 then says that there is none."""

    @about_http
    async def test_an_object_that_is_listed_and_not_known_is_reported(
        self, lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """
        If a list names an id that the vendor answers with 404, the missing object is reported, or it is an error.

        The test adds a zero before an id, so that the vendor does not know it. A 404 for the requested key itself
        may mean that the key does not exist.
        """
        played = await self._recorded(lookup, sandbox)
        silent = []
        for request, path in played.sample(_ids_in_paths(played.responses), self.odd_values):
            value = played.value_at(request, path)
            odd = f"0{value}" if isinstance(value, str) else another_id(value)
            result, transport, is_reported = await played.with_value(request, path, odd)
            unknown = [path for path in transport.unknown if self.optional_objects.isdisjoint(path.split("/"))]
            if not is_reported and _are_about_no_key(unknown, played.keys):
                fewer = len(_records(result)) < len(played.records)
                silent += [f"{'.'.join(map(str, path))} = {odd!r}"] if fewer else []

        assert silent == []

    @about_http
    async def test_an_id_that_is_a_number_is_the_same_id(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """If an id of digits is a JSON number in one row, the records are as before, or it is reported."""
        played = await self._recorded(lookup, sandbox)
        silent = []
        for request, path in played.sample(_ids_of_digits(played), self.odd_values):
            number = int(played.value_at(request, path))
            result, _, is_reported = await played.with_value(request, path, number)
            if not is_reported and _records(result) != played.records:
                silent.append(f"{'.'.join(map(str, path))} = {number}")

        assert silent == []

    @about_http
    async def test_a_row_that_spells_the_key_otherwise_is_reported(
        self, keyed_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """
        A row whose id is the requested one in another form, such as with a leading zero, does not vanish silently.

        It is read, reported, or an error. Rows of other keys are left out, because some servers ignore filters;
        this row may be the student's own. If the vendor knows the key by this row only, the key may be unknown.
        """
        played = await self._recorded(keyed_lookup, sandbox)
        own = {str(key).rpartition(":")[2] for key in played.keys}
        paths = [
            id_path
            for request, response in played.responses.items()
            for id_path in _id_paths(request, response, own, kind=str)
        ]
        silent = []
        for number, (request, path) in enumerate(played.sample(iter(paths), self.odd_values)):
            odd = OTHER_FORMS[number % len(OTHER_FORMS)](played.value_at(request, path))
            result, _, is_reported = await played.with_value(request, path, odd)
            is_unknown = isinstance(result, dict) and any(key not in result for key in played.keys)
            if not (is_reported or is_unknown) and len(_records(result)) < len(played.records):
                silent.append(f"{'.'.join(map(str, path))} = {odd!r}")

        assert silent == []

    async def _recorded(self, lookup: Lookup, sandbox: Sandbox) -> _Played:
        """The responses and records of a lookup of three keys."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        vendor = RememberingTransport(sandbox)
        async with open_adapter(sandbox, vendor, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        return _Played(self.kind, lookup, sandbox, keys, vendor.responses, _records(healthy))


@dataclass(frozen=True, slots=True)
class _Played:
    """A lookup, and the responses that it had."""

    kind: type[Adapter]
    lookup: Lookup
    sandbox: Sandbox
    keys: list[Any]
    responses: Responses
    records: list[str]

    def sample(self, paths: Iterator[tuple[RequestKey, Path]], count: int) -> list[tuple[RequestKey, Path]]:
        """Some of the paths, for a lookup always the same ones; one of each kind of request and position."""
        kinds: dict[tuple[Any, ...], list[tuple[RequestKey, Path]]] = {}
        for request, path in paths:
            position = tuple("*" if isinstance(part, int) else part for part in path)
            kinds.setdefault((_DIGITS.sub("#", httpx.URL(request[1]).path), position), []).append((request, path))
        random = Random(crc32(self.lookup.name.encode()))  # noqa: S311 - a sample, and no secret
        different = [random.choice(same) for same in kinds.values()]
        return random.sample(different, min(count, len(different)))

    def value_at(self, request: RequestKey, path: Path) -> Any:
        """The value at a place of the response to a request."""
        return value_at(json.loads(self.responses[request].content), path)

    async def with_value(
        self, request: RequestKey, path: Path, value: Any
    ) -> tuple[BatchResult | AdapterError, UnknownIdTransport, bool]:
        """The result with another value at a place, and whether it says that something is missing."""
        response = self.responses[request]
        headers = [(name, text) for name, text in response.headers.multi_items() if name != "content-length"]
        content = json.dumps(changed(json.loads(response.content), path, value)).encode()
        spoilt = httpx.Response(200, headers=headers, content=content)
        transport = UnknownIdTransport(self.sandbox, {**self.responses, request: spoilt})
        async with open_adapter(self.sandbox, transport, kind=self.kind) as adapter:
            with collecting_unreadable_rows() as unreadable:
                result = await run_lookup_or_error(adapter, self.lookup, self.keys, self.sandbox.arguments())
        return result, transport, bool(unreadable or errors_of(result))


def _ids_in_paths(responses: Responses) -> Iterator[tuple[RequestKey, Path]]:
    """The places of ids in responses that are in the path of another request, one of each kind."""
    segments = {url: set(httpx.URL(url).path.split("/")) for _, url, _ in responses}
    for request in responses:
        others = set().union(*(parts for url, parts in segments.items() if url != request[1]))
        yield from _id_paths(request, responses[request], others)


def _ids_of_digits(played: _Played) -> Iterator[tuple[RequestKey, Path]]:
    """The places of texts in responses that are ids in a key or in a request, and that a number can be."""
    requested = {word for key in played.keys for word in _WORD.findall(str(key))}
    for method, url, body in played.responses:
        requested.update(_WORD.findall(f"{method} {unquote_plus(url)} {unquote_plus(body.decode())}"))
    ids = set(filter(_NUMBER.fullmatch, requested))
    for request, response in played.responses.items():
        yield from _id_paths(request, response, ids, kind=str)


def _id_paths(
    request: RequestKey, response: httpx.Response, ids: Container[str], *, kind: type[str | int] | None = None
) -> Iterator[tuple[RequestKey, Path]]:
    """The places of ids in a response, one of each position; only those of one type with `kind`."""
    if response.status_code != httpx.codes.OK or not response.content.startswith((b"{", b"[")):
        return
    document, positions = json.loads(response.content), set[tuple[Any, ...]]()
    for path in paths_of_leaves(document):
        value = value_at(document, path)
        position = tuple("*" if isinstance(part, int) else part for part in path)
        is_id = type(value) in ((str, int) if kind is None else (kind,)) and value != "" and str(value) in ids
        if is_id and position not in positions:
            positions.add(position)
            yield request, path


def _are_about_no_key(paths: list[str], keys: list[Any]) -> bool:
    """Whether there are paths, and none of them has a requested key in it, or its part after the field."""
    own = {text for key in keys for text in (str(key), str(key).rpartition(":")[2])}
    return bool(paths) and all(own.isdisjoint(path.split("/")) for path in paths)


def _records(result: BatchResult | AdapterError) -> list[str]:
    """The records of a result with their keys, as sorted texts."""
    if isinstance(result, AdapterError):
        return []
    return sorted(f"{key} {record!r}" for key, answer in result.items() for record in records_in(answer))
