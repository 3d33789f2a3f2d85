"""
Tests of odd values: one value of one row is spoilt, and everybody else's records stay as they were.

The vendor's own responses are replayed with one leaf replaced, such as a date of the year 9999 or a null name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, TypeAlias
from zlib import crc32

import httpx

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, PayloadError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import BatchResult, open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.oddities.leaves import (
    NOTHING,
    TOO_LARGE,
    Path,
    another_id,
    changed,
    encoded,
    paths_of_leaves,
    value_at,
)
from student_graph.adapters.testing.transports import (
    MAX_REQUESTS,
    FaultyTransport,
    RememberingTransport,
    Responses,
)

RequestKey: TypeAlias = tuple[str, str, bytes]
"""Method, address and body of a request."""

_ANOTHER_ID = "another id"
"""Stands for a value of the same form with other digits: as an id, one that the vendor does not know."""
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    10**40,
    TOO_LARGE,
    "",
    " ",
    "NaN",
    "Infinity",
    "null",
    "Incomplete",
    "0000-00-00",
    "2026-02-30",
    "08/20/2026",
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "24:61:61",
    "1e999",
    "٣",
    "\x00",
    "x" * 5000,
    [],
    {},
    [None],
    {"value": {"value": []}},
    _ANOTHER_ID,
)
"""What one value of a row is replaced by."""
_MIN_ID_CHARACTERS = 4
"""A shorter text is found in many records."""
_NO_NUMBER = re.compile(r"=(nan|-?inf)[,)]")
"""NaN or infinity in the text of a record."""
_TOTALS = ("total-count", "x-total-count")
"""Headers with the length of a list."""


@dataclass(slots=True)
class OddValueCounts:
    """What a run of odd values found: each value by its lookup and place."""

    leaves: int = 0
    """Leaves of different kinds; each can have every odd value."""
    played: int = 0
    internal: list[str] = field(default_factory=list)
    """Values that ended as a bug of the adapter, or as a record that cannot be JSON."""
    lost: list[str] = field(default_factory=list)
    """Values that took away or changed records which do not come from the spoilt row."""
    unreported: list[str] = field(default_factory=list)
    """Objects and lists in place of a value that removed a record without an error and without a report."""

    def add(self, other: OddValueCounts) -> None:
        """Add what another run found."""
        self.leaves += other.leaves
        self.played += other.played
        self.internal += other.internal
        self.lost += other.lost
        self.unreported += other.unreported


class OddValues:
    """Tests of every supported lookup with a vendor that sends one odd value."""

    kind: type[Adapter]
    odd_values: ClassVar[int] = 12
    """How many odd values of each lookup are played."""

    @about_http
    async def test_an_odd_value_takes_nothing_else_away(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """The spoilt row is read, left out and reported, or an error; all other records are as they were."""
        counts = await play_odd_values(self.kind, lookup, sandbox, self.odd_values)

        assert counts.internal == []
        assert counts.lost == []
        assert counts.unreported == []


async def play_odd_values(
    kind: type[Adapter],
    lookup: Lookup,
    sandbox: Sandbox,
    count: int,
    *,
    values: Sequence[Any] = ODD_VALUES,
    replaces: Callable[[Any], bool] = lambda _: True,
) -> OddValueCounts:
    """
    Run a lookup with `count` odd values, one after the other; always the same ones for a count.

    Only a leaf or an object is replaced for which `replaces` is true. A value that is a function is called with
    what it replaces.
    """
    keys = sandbox.known_keys(lookup.key_kind)[:3]
    vendor = RememberingTransport(sandbox)
    async with open_adapter(sandbox, vendor, kind=kind) as adapter:
        healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
    player = _Player(kind, lookup, sandbox, keys, vendor.responses, _records(healthy))
    random = Random(crc32(lookup.name.encode()))  # noqa: S311 - a sample, and no secret
    root = str(sandbox.settings()["base_url"]).rstrip("/")
    # A document at the root describes the server, and no record comes from it.
    with_rows = {key: response for key, response in vendor.responses.items() if key[1].rstrip("/") != root}
    leaves = list(_leaves(with_rows, random, replaces))
    player.counts.leaves = len(leaves)
    cases = [(*leaf, value) for leaf in leaves for value in values]
    for key, path, value in random.sample(cases, min(count, len(cases))):
        await player.play(key, path, value)
    return player.counts


@dataclass(slots=True)
class _Player:
    """Runs one lookup again and again, each time with one odd value."""

    kind: type[Adapter]
    lookup: Lookup
    sandbox: Sandbox
    keys: Sequence[Any]
    responses: Responses
    healthy: Counter[Any]
    """The records of the unspoilt responses."""
    counts: OddValueCounts = field(default_factory=OddValueCounts)
    without: dict[tuple[RequestKey, Path], Counter[Any]] = field(default_factory=dict)
    """The records that come from a row, by its response and its place there."""

    async def play(self, key: RequestKey, path: Path, value: Any) -> None:
        """Replace the value at a path of a response, and compare the answers."""
        self.counts.played += 1
        response = self.responses[key]
        body = json.loads(response.content)
        if value is _ANOTHER_ID:
            value = another_id(value_at(body, path))
        elif callable(value):
            value = value(value_at(body, path))
        name = f"{self.lookup.name}: {'.'.join(map(str, path))} = {str(value)[:40]!r}"
        spoilt = _response(response, changed(body, path, value))
        try:
            with collecting_unreadable_rows() as unreadable:
                result = await self._run({key: spoilt})
        except Exception as exc:  # noqa: BLE001 - whatever an adapter raises
            self.counts.internal.append(f"{name}: {type(exc).__name__}")
            return
        records = _records(result)
        if any(_NO_NUMBER.search(text) for _, text in records):
            self.counts.internal.append(f"{name}: a record with a number that JSON does not have")
        missing = self.healthy - records
        if not missing:
            return
        row = path[: max((end + 1 for end, part in enumerate(path) if isinstance(part, int)), default=0)]
        # A row without which nothing is missing is read again in another way: it does not show whose records are.
        own = await self._records_of_row(key, row)
        if own and self._others(missing, body, path) - own and not _is_refused_as_foreign(result):
            self.counts.lost.append(name)
        fewer = sum(missing.values()) > sum((records - self.healthy).values())
        # An object in place of another one is an object with unknown properties, which readers ignore.
        is_odd = isinstance(value, dict | list) and value and type(value) is not type(value_at(body, path))
        if fewer and is_odd and not unreadable and not _has_errors(result):
            self.counts.unreported.append(name)

    @staticmethod
    def _others(records: Counter[Any], body: Any, path: Path) -> Counter[Any]:
        """Those of the records that do not show the value at a path, such as a number of their own student."""
        leaf = value_at(body, path)
        text = str(leaf)
        shown = len(text) >= _MIN_ID_CHARACTERS and not isinstance(leaf, dict)
        return Counter({record: n for record, n in records.items() if not (shown and text in record[1])})

    async def _records_of_row(self, key: RequestKey, row: Path) -> Counter[Any]:
        """The records that are missing or different if the vendor does not have the row, or the object."""
        if (key, row) not in self.without:
            response = self.responses[key]
            body = json.loads(response.content)
            without = _response(response, changed(body, row, NOTHING), rows=-1) if row else httpx.Response(404)
            self.without[key, row] = self.healthy - _records(await self._run({key: without}))
        return self.without[key, row]

    async def _run(self, changed: dict[Any, httpx.Response]) -> BatchResult | AdapterError:
        good = MAX_REQUESTS  # no fault, but the responses that were remembered
        transport = FaultyTransport(self.sandbox, good, lambda: httpx.Response(503), {**self.responses, **changed})
        async with open_adapter(self.sandbox, transport, kind=self.kind) as adapter:
            return await run_lookup_or_error(adapter, self.lookup, self.keys, self.sandbox.arguments())


def _records(result: BatchResult | AdapterError) -> Counter[Any]:
    """The records of a result with their keys, each counted."""
    if isinstance(result, AdapterError):
        return Counter()
    return Counter((key, repr(record)) for key, answer in result.items() for record in records_in(answer))


def _has_errors(result: BatchResult | AdapterError) -> bool:
    return isinstance(result, AdapterError) or any(isinstance(x, AdapterError) for x in result.values())


def _is_refused_as_foreign(result: BatchResult | AdapterError) -> bool:
    """Whether a response was refused because a row names another object: it may answer another request."""
    answers = [result] if isinstance(result, AdapterError) else result.values()
    return any(isinstance(answer, PayloadError) and answer.reason == WRONG_KEY_REASON for answer in answers)


def _leaves(
    responses: Responses, random: Random, replaces: Callable[[Any], bool]
) -> Iterator[tuple[RequestKey, Path]]:
    """One leaf of each kind in each JSON response: of all rows, a random one."""
    for key, response in responses.items():
        if not response.content.startswith((b"{", b"[")) or response.status_code != httpx.codes.OK:
            continue
        kinds: dict[Path, list[Path]] = {}
        document = json.loads(response.content)
        for path in paths_of_leaves(document):
            if not replaces(value_at(document, path)):
                continue
            kinds.setdefault(tuple("*" if isinstance(part, int) else part for part in path), []).append(path)
        for paths in kinds.values():
            yield key, random.choice(paths)


def _response(response: httpx.Response, body: Any, rows: int = 0) -> httpx.Response:
    """A response with another body, whose header has a total of so many more rows."""
    headers = httpx.Headers({name: text for name, text in response.headers.items() if name != "content-length"})
    for name in _TOTALS:
        if rows and headers.get(name, "").isdigit():
            headers[name] = str(int(headers[name]) + rows)
    return httpx.Response(response.status_code, headers=headers, content=encoded(body))
