"""Checks of answers to another request: the vendor sends what it would send for another key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import httpx
import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import Record
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import INAPPLICABLE, about_http
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error, sorted_texts
from student_graph.adapters.testing.odd_values import RequestKey
from student_graph.adapters.testing.transports import (
    MAX_REQUESTS,
    FaultyTransport,
    RememberingTransport,
    Responses,
)

_ADDRESS = re.compile(r'https?:[^"\s]*')
"""An address in a response, such as that of its next page, which adapters need not understand."""
UNNOTICED = "rows about another key are taken for the answer; see check_own_keys. The request was"
"""Beginning of the message of a failed test; the request follows."""
MAX_TRIED_KEYS = 12
"""The first two keys with records are taken."""
_WORD = re.compile(r"[\w.@+-]+")
"""A part of a request or of a response that may be an id."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The requests, responses and records of a lookup of some keys."""

    keys: tuple[str, ...]
    records: dict[str, list[str]]
    responses: Responses

    def words(self) -> set[str]:
        """All that its requests say."""
        return {word for request in self.responses for word in _WORD.findall(_text(request))}


class OtherKeys:
    """Tests of every keyed lookup with a vendor that answers a request with the response to another one."""

    kind: type[Adapter]
    is_about: Callable[[Record, Lookup, Any], bool]
    """Whether a record names the requested key; see `Answers`."""
    odd_values: ClassVar[int] = 12
    """How many wrong responses of each lookup are played at most."""

    @about_http
    async def test_an_answer_about_another_key_is_an_error(self, keyed_lookup: Lookup, sandbox: Sandbox) -> None:
        """
        If one response is the one to the same request for another key, and says so, the answer is an error.

        It is never an empty list, which says that the vendor has nothing. An adapter may also report the rows, not
        need the response, or return records that name the other key, which the gateway refuses. Responses that do
        not name the key of their request, such as an empty list, are not played: nobody can notice them.
        """
        runs = await self.runs(keyed_lookup, sandbox)
        if len(runs) < 2:
            pytest.skip(f"{INAPPLICABLE}the sandbox has no two keys with different records")
        own, other = runs
        lies = list(islice(_lies(own, other, sandbox), self.odd_values))
        if not lies:
            pytest.skip(f"{INAPPLICABLE}no response of this lookup names the key of its request")
        for request, response in lies:
            assert await self.is_noticed(keyed_lookup, sandbox, own, {request: response}), (
                f"{UNNOTICED}: {_text(request)}"
            )

    @about_http
    async def test_an_answer_about_another_one_of_two_keys_is_an_error(
        self, keyed_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """
        If the response to a request for two keys names one of them and a third one, the other key is an error.

        It is never an empty list. The key that is named may have its records.
        """
        runs = await self.runs(keyed_lookup, sandbox, 3)
        if len(runs) < 3:
            pytest.skip(f"{INAPPLICABLE}the sandbox has no three keys with different records")
        first, second, last = sorted(key for run in runs for key in run.keys)
        own = await self.run(keyed_lookup, sandbox, first, last)
        other = await self.run(keyed_lookup, sandbox, second, last)
        lies = list(islice(_lies(own, other, sandbox), self.odd_values))
        if not lies:
            pytest.skip(f"{INAPPLICABLE}no request of this lookup names two keys")
        for request, response in lies:
            assert await self.is_noticed(keyed_lookup, sandbox, own, {request: response}), (
                f"{UNNOTICED}: {_text(request)}"
            )

    async def runs(self, lookup: Lookup, sandbox: Sandbox, count: int = 2) -> list[_Run]:
        """The lookups of so many keys with different records; fewer if there are none."""
        runs: list[_Run] = []
        for key in sandbox.known_keys(lookup.key_kind)[:MAX_TRIED_KEYS]:
            run = await self.run(lookup, sandbox, key)
            records = run.records[key]
            if records and all(records not in other.records.values() for other in runs):
                runs.append(run)
            if len(runs) == count:
                break
        return runs

    async def run(self, lookup: Lookup, sandbox: Sandbox, *keys: str) -> _Run:
        """The lookup of some keys."""
        transport = RememberingTransport(sandbox)
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, list(keys), sandbox.arguments())
        records = {key: sorted_texts(records_in(batch.get(key))) for key in keys}
        return _Run(keys, records, transport.responses)

    async def is_noticed(self, lookup: Lookup, sandbox: Sandbox, own: _Run, wrong: Responses) -> bool:
        """Whether each key of a lookup has an error or the right records, or rows of the response are reported."""
        transport = FaultyTransport(sandbox, MAX_REQUESTS, lambda: httpx.Response(503), {**own.responses, **wrong})
        with collecting_unreadable_rows() as unreadable:
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                result = await run_lookup_or_error(adapter, lookup, list(own.keys), sandbox.arguments())
        if unreadable or isinstance(result, AdapterError):
            return True
        return all(self._is_right(lookup, key, result.get(key), own.records[key]) for key in own.keys)

    def _is_right(self, lookup: Lookup, key: str, answer: Any, expected: list[str]) -> bool:
        """Whether the answer to a key is an error, or refused by the gateway, or has the expected records."""
        records = records_in(answer)
        is_refused = any(not self.is_about(record, lookup, key) for record in records)
        return isinstance(answer, AdapterError) or is_refused or sorted_texts(records) == expected


def _lies(own: _Run, other: _Run, sandbox: Sandbox) -> Iterator[tuple[RequestKey, httpx.Response]]:
    """Requests for a key, each with the response to the same request for another one that says so."""
    own_words, other_words = own.words() - other.words(), other.words() - own.words()
    by_shape = {_shape(request, other_words): request for request in other.responses}
    for request in own.responses:
        same = by_shape.get(_shape(request, own_words))
        if same is None or same == request or httpx.URL(request[1]).path == sandbox.token_path:
            continue
        response = other.responses[same]
        said = set(_WORD.findall(_ADDRESS.sub("", response.text)))
        if said & other_words & _words(same) and not said & own_words & _words(request):
            yield request, response


def _shape(request: RequestKey, ids: set[str]) -> str:
    """A request without ids: those of one shape differ in nothing else."""
    return _WORD.sub(lambda match: "#" if match[0] in ids else match[0], _text(request))


def _words(request: RequestKey) -> set[str]:
    return set(_WORD.findall(_text(request)))


def _text(request: RequestKey) -> str:
    method, url, body = request
    return f"{method} {unquote_plus(url)} {unquote_plus(body.decode(errors='replace'))}"
