"""
Access paths: many keys answered by one coarser read, where that costs fewer vendor calls.

Which way is taken changes the cost, never the answer: a coarse read stands in for a key only when every
coarse key of that key is known and was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import AccessPath
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Fetch, Source


def routed(fetch: Fetch, coarse_fetch: Fetch) -> Fetch:
    """
    Take the cheaper of point reads (`fetch`) and a coarse read (`coarse_fetch`, itself routed or not).

    Coarse reads go through a fetch of their own because they are lookups like any other: shared in flight
    and answered once an operation.
    """

    async def fetch_routed(source: Source, ask: Ask[Any], /) -> Answers:
        split = source.adapter.paths.get(ask.lookup.method)
        if split is None or not _pays(source, ask, split):
            return await fetch(source, ask)
        plan = await _plan(source, ask, split, fetch_routed)
        point = [key for key in ask.keys if key not in plan.coarse]
        asks = [fetch(source, _only(ask, point))] if point else []
        if plan.wanted:
            arguments = {
                k: v for k, v in ask.arguments.items() if k in lookup_of(split.coarse_lookup).argument_names
            }
            coarse = Ask(lookup_of(split.coarse_lookup), plan.wanted, arguments, max_age=ask.max_age)
            told, *rest = await asyncio.gather(coarse_fetch(source, coarse), *asks)
            answers, again = _split(ask, split, plan, told)
            if again:
                rest.append(await fetch(source, _only(ask, again)))
        else:
            answers, rest = {}, await asyncio.gather(*asks)
        for more in rest:
            answers.update(more)
        return answers

    return fetch_routed


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which keys the coarse read answers, and which coarse keys it takes."""

    coarse: Mapping[Any, frozenset[Any]]
    wanted: tuple[Any, ...]


def cost(source: Source, lookup: Lookup, keys: int, coarse_keys: int = 1) -> float:
    """Vendor calls that `keys` keys of a lookup cost at a source, by the cheaper way."""
    split = source.adapter.paths.get(lookup.method)
    if split is None:
        return float(keys)
    calls = split.cost(source.adapter.settings)
    return min(keys * calls.per_key, _coarse_cost(source, split, keys, coarse_keys))


def _coarse_cost(source: Source, split: AccessPath[Any], keys: int, coarse_keys: int) -> float:
    """Vendor calls of the coarse way, what it takes to know the coarse keys included."""
    knowing = cost(source, lookup_of(split.coarse_keys_from), keys) if split.coarse_keys_from else 0.0
    return knowing + coarse_keys * split.cost(source.adapter.settings).per_coarse_key


def _pays(source: Source, ask: Ask[Any], split: AccessPath[Any]) -> bool:
    """Whether the coarse way is expected to be cheaper, before the coarse keys are known."""
    kind = lookup_of(split.coarse_lookup).key_kind
    expected = max(1, sum(ref.kind == kind for ref in ask.reached_via))
    keys = len(ask.keys)
    return _coarse_cost(source, split, keys, expected) < keys * split.cost(source.adapter.settings).per_key


async def _plan(source: Source, ask: Ask[Any], split: AccessPath[Any], fetch: Fetch) -> _Plan:
    """Which coarse keys are worth reading, now that each key's own are known."""
    if split.coarse_keys_from is None:
        return _Plan(dict.fromkeys(ask.keys, frozenset({source.district})), (source.district,))
    assert split.coarse_key_of is not None
    told = await fetch(
        source, Ask(lookup_of(split.coarse_keys_from), ask.keys, reached_via=ask.reached_via, max_age=ask.max_age)
    )
    needs = {
        key: frozenset(map(split.coarse_key_of, answer.value))
        for key, answer in told.items()
        if not isinstance(answer.value, AdapterError) and answer.value
    }
    calls = split.cost(source.adapter.settings)
    users: dict[Any, int] = {}
    for coarse_keys in needs.values():
        for coarse_key in coarse_keys:
            users[coarse_key] = users.get(coarse_key, 0) + 1
    worth = {coarse_key for coarse_key, count in users.items() if count * calls.per_key > calls.per_coarse_key}
    coarse = {key: coarse_keys for key, coarse_keys in needs.items() if coarse_keys <= worth}
    return _Plan(coarse, tuple(sorted({c for coarse_keys in coarse.values() for c in coarse_keys})))


def _split(
    ask: Ask[Any], split: AccessPath[Any], plan: _Plan, told: Answers
) -> tuple[dict[Any, Answer[Any]], list[Any]]:
    """The coarse answers key by key, and the keys that must be read one by one after all."""
    rows: dict[Any, list[Any]] = {}
    for answer in told.values():
        if not isinstance(answer.value, AdapterError):
            for record in answer.value:
                rows.setdefault(split.key_of(record), []).append(record)
    answers: dict[Any, Answer[Any]] = {}
    again = []
    for key, coarse_keys in plan.coarse.items():
        parts = [told[c] for c in coarse_keys if c in told]
        failed = next((p for p in parts if isinstance(p.value, AdapterError)), None)
        if failed is not None and isinstance(failed.value, UnavailableError):
            answers[key] = failed
        elif failed is not None or len(parts) < len(coarse_keys):
            again.append(key)
        elif ask.lookup.is_list or key in rows:
            answers[key] = _whole(ask.lookup, split, rows.get(key, []), parts)
    return answers, again


def _whole(lookup: Lookup, split: AccessPath[Any], rows: list[Any], parts: list[Answer[Any]]) -> Answer[Any]:
    """One key's answer, as old as the oldest coarse answer that it came from."""
    oldest = min(parts, key=lambda part: part.fetched_at)
    if not lookup.is_list:
        return Answer(rows[0], oldest.source, oldest.fetched_at, oldest.stale)
    if split.sort_key is not None:
        rows.sort(key=split.sort_key)
    return Answer(rows, oldest.source, oldest.fetched_at, any(part.stale for part in parts))


def _only(ask: Ask[Any], keys: list[Any]) -> Ask[Any]:
    """The same ask for some of its keys."""
    return replace(ask, keys=tuple(keys))
