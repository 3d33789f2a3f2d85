"""
Access paths: one coarse read, such as a whole school's attendance, in place of many point reads.

The choice changes the cost, never the answer: a coarse read answers a key only if all coarse keys of that key
are known and were read.
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
    Answer each ask by point reads (`fetch`) or a coarse read (`coarse_fetch`): by the one with fewer vendor calls.

    Coarse reads have a fetch of their own, which may itself be routed, because they are lookups like any other:
    batched and read once per operation.
    """

    async def fetch_routed(source: Source, ask: Ask[Any], /) -> Answers:
        path = next(iter(source.adapter.paths.get(ask.lookup.method, ())), None)
        if path is None or not _expects_cheaper_coarse_read(source, ask, path):
            return await fetch(source, ask)
        plan = await _plan(source, ask, path, fetch_routed)
        point_keys = [key for key in ask.keys if key not in plan.coarse_keys_of and key not in plan.unknown]
        point_reads = [fetch(source, _with_keys(ask, point_keys))] if point_keys else []
        lookup = lookup_of(path.coarse_lookup)
        arguments = {name: value for name, value in ask.arguments.items() if name in lookup.argument_names}
        coarse_ask = Ask(lookup, plan.coarse_keys, arguments, max_age=ask.max_age)
        coarse_read = coarse_fetch(source, coarse_ask) if plan.coarse_keys else _no_answers()
        coarse_answers, *parts = await asyncio.gather(coarse_read, *point_reads)
        answers, unanswered = _answers_by_key(ask, path, plan, coarse_answers)
        if unanswered:
            parts.append(await fetch(source, _with_keys(ask, unanswered)))
        for part in parts:
            answers.update(part)
        return answers

    return fetch_routed


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which keys the coarse read answers, and the coarse keys that it reads."""

    coarse_keys_of: Mapping[Any, frozenset[Any]]
    """The coarse keys of each key that the coarse read answers."""
    coarse_keys: tuple[Any, ...]
    named_by: Answers
    """The answers that name the coarse keys, by key; empty if the district is the coarse key."""
    unknown: frozenset[Any] = frozenset()
    """The keys that the source does not know."""


def _cost(source: Source, lookup: Lookup, keys: int, coarse_keys: int = 1) -> float:
    """Vendor calls for `keys` keys of a lookup at a source, by its cheaper way."""
    path = next(iter(source.adapter.paths.get(lookup.method, ())), None)
    if path is None:
        return float(keys)
    calls = path.cost(source.adapter.settings)
    return min(keys * calls.per_key, _coarse_cost(source, path, keys, coarse_keys))


def _coarse_cost(source: Source, path: AccessPath[Any], keys: int, coarse_keys: int) -> float:
    """Vendor calls for the coarse read, including those that find the coarse keys."""
    planning = _cost(source, lookup_of(path.coarse_keys_from), keys) if path.coarse_keys_from else 0.0
    return planning + coarse_keys * path.cost(source.adapter.settings).per_coarse_key


def _expects_cheaper_coarse_read(source: Source, ask: Ask[Any], path: AccessPath[Any]) -> bool:
    """Whether the coarse read should cost fewer calls; an estimate, because the coarse keys are not known yet."""
    kind = lookup_of(path.coarse_lookup).key_kind
    expected = max(1, sum(ref.kind == kind for ref in ask.reached_via))
    keys = len(ask.keys)
    return _coarse_cost(source, path, keys, expected) < keys * path.cost(source.adapter.settings).per_key


async def _plan(source: Source, ask: Ask[Any], path: AccessPath[Any], fetch: Fetch) -> _Plan:
    """Find the coarse keys of each key, and choose those whose read costs less than point reads."""
    keys = tuple(filter(path.accepts, ask.keys)) if path.accepts else ask.keys
    if path.coarse_keys_from is None:
        return _Plan(dict.fromkeys(keys, frozenset({source.district})), (source.district,) if keys else (), {})
    lookup = lookup_of(path.coarse_keys_from)
    answers = await fetch(source, Ask(lookup, keys, reached_via=ask.reached_via, max_age=ask.max_age))
    named = {key: path.named_coarse_keys(answer.value) for key, answer in answers.items()}
    coarse_keys_of = {key: coarse_keys for key, coarse_keys in named.items() if coarse_keys is not None}
    calls = path.cost(source.adapter.settings)
    keys_per_coarse_key: dict[Any, int] = {}
    for coarse_keys in coarse_keys_of.values():
        for coarse_key in coarse_keys:
            keys_per_coarse_key[coarse_key] = keys_per_coarse_key.get(coarse_key, 0) + 1
    cheaper = {
        coarse_key
        for coarse_key, count in keys_per_coarse_key.items()
        if count * calls.per_key > calls.per_coarse_key
    }
    chosen = {key: coarse_keys for key, coarse_keys in coarse_keys_of.items() if coarse_keys <= cheaper}
    unknown = frozenset(keys) - answers.keys() if path.coarse_keys_of else frozenset()
    coarse_keys_read = tuple(sorted({c for coarse_keys in chosen.values() for c in coarse_keys}))
    return _Plan(chosen, coarse_keys_read, answers, unknown)


def _answers_by_key(
    ask: Ask[Any], path: AccessPath[Any], plan: _Plan, coarse_answers: Answers
) -> tuple[dict[Any, Answer[Any]], list[Any]]:
    """The records of the coarse answers sorted by key, and the keys that still need a point read."""
    records: dict[Any, list[Any]] = {}
    for answer in coarse_answers.values():
        if not isinstance(answer.value, AdapterError):
            for record in answer.value:
                records.setdefault(path.key_of(record), []).append(record)
    answers: dict[Any, Answer[Any]] = {}
    unanswered = []
    for key, coarse_keys in plan.coarse_keys_of.items():
        if not coarse_keys:  # a record says that the key has no records
            answers[key] = plan.named_by[key]._replace(value=[])
            continue
        parts = [coarse_answers[c] for c in coarse_keys if c in coarse_answers]
        failed = next((part for part in parts if isinstance(part.value, AdapterError)), None)
        if failed is not None and isinstance(failed.value, UnavailableError):
            answers[key] = failed
        elif failed is not None or len(parts) < len(coarse_keys):
            unanswered.append(key)
        elif ask.lookup.is_list or key in records:
            answers[key] = _merged_answer(ask.lookup, path, records.get(key, []), parts)
    return answers, unanswered


def _merged_answer(
    lookup: Lookup, path: AccessPath[Any], records: list[Any], parts: list[Answer[Any]]
) -> Answer[Any]:
    """The answer for one key, with the time of the oldest coarse answer that it is made from."""
    oldest = min(parts, key=lambda part: part.fetched_at)
    if not lookup.is_list:
        return Answer(records[0], oldest.source, oldest.fetched_at, oldest.stale)
    if path.sort_key is not None:
        records.sort(key=path.sort_key)
    return Answer(records, oldest.source, oldest.fetched_at, any(part.stale for part in parts))


async def _no_answers() -> Answers:
    """The answers of a read that is not needed."""
    return {}


def _with_keys(ask: Ask[Any], keys: list[Any]) -> Ask[Any]:
    return replace(ask, keys=tuple(keys))
