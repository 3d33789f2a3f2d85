"""
What each way to answer an ask would cost now, in vendor calls: point reads, and each access path.

Keys that are cached or in flight cost nothing. Other keys cost what their last read cost, or what the adapter
declares. A coarse key that many operations needed lately counts as cheaper: its answer will serve the next ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.cache_view import View
from student_graph.gateway.fetch.coarse_answers import coarse_ask
from student_graph.gateway.fetch.learned_costs import LearnedCosts, saved_calls, spent_calls
from student_graph.gateway.fetch.way_choice import Choice, NamedCoarseKeys, Way
from student_graph.gateway.http import gate_of

CALLS_FOR_CHANGES = 3.0
"""Calls that bring an earlier answer up to date at a source that sends only what changed."""
MAX_ADVANCE_RATIO = 4.0
"""A coarse read for later operations too may cost this many times the calls that it saves its own operation."""
MAX_ADVANCE_SHARE = 0.5
"""Largest share of the remaining calls of a vendor's quota that a read for later operations may use."""
SCARCE_CALLS = 200
"""If a vendor's quota allows fewer calls than this, the fewest calls win, however many rounds they need."""

Active: TypeAlias = tuple[LookupMethod, ...]
"""Lookups whose access paths are being tried: a path must not lead back to one of them."""


class Estimate(NamedTuple):
    """About how many calls an access path needs, before its coarse keys are known."""

    naming_calls: float
    """Calls of the reads that name the coarse keys."""
    calls: float
    """All calls."""


class OtherWay(NamedTuple):
    """A way that a choice did not take for some or all of the keys that it can answer."""

    way: Way[Any]
    read: Ask[Any]
    """The ask for its coarse keys."""
    calls: Mapping[Any, float]
    """Vendor calls that the choice needs for each key that the way could answer."""


@dataclass(slots=True)
class WayCosts:
    """The costs of ways, for one operation."""

    learned: LearnedCosts
    view: View
    read: Batcher
    batcher: Batcher
    """Has the batches of all asks of the operation."""

    def keys_to_request(self, source: Source, ask: Ask[Any]) -> list[Any]:
        """The keys for which the source would be asked now: the others are cached, in flight, or held."""
        return self.read.unheld_keys(source, ask, self.view.keys_to_request(source, ask))

    def point_calls(self, source: Source, ask: Ask[Any]) -> dict[Any, float]:
        """The calls of each key's point read now."""
        missing = set(self.keys_to_request(source, ask))
        if not missing:
            return dict.fromkeys(ask.keys, 0.0)
        calls = self.learned.point_calls(source, ask.lookup, declared_point_calls(source, ask.lookup))
        return {key: calls if key in missing else 0.0 for key in ask.keys}

    def is_strict(self, source: Source) -> bool:
        """Whether calls are scarce at a source, so that a choice with more calls but fewer rounds is not taken."""
        return _calls_left(source) < SCARCE_CALLS

    def estimate(self, source: Source, ask: Ask[Any], path: AccessPath[Any], active: Active) -> Estimate:
        """About how many calls an ask needs by a path whose coarse keys are not known yet."""
        read = coarse_ask(ask, path, ())
        named = sum(ref.kind == read.lookup.key_kind for ref in ask.reached_via)
        usual = max(named, path.usual_coarse_keys)
        expected = self.learned.coarse_keys(source, ask.lookup, path, len(ask.keys), usual)
        guess = path.cost(source.adapter.estimates).per_coarse_key
        calls = expected * self.learned.coarse_calls(source, read, None, guess)
        naming = self._fewest_calls(source, coarse_keys_ask(ask, path), (*active, ask.lookup.method))
        return Estimate(naming, naming + calls)

    def _fewest_calls(self, source: Source, ask: Ask[Any], active: Active) -> float:
        """About how many calls an ask needs by its cheapest way; none if the operation asks it anyway."""
        missing = [] if self.batcher.holds(source, ask) else self.keys_to_request(source, ask)
        if not missing:
            return 0.0
        guess = declared_point_calls(source, ask.lookup)
        calls = len(missing) * self.learned.point_calls(source, ask.lookup, guess)
        for path in usable_paths(source, ask, active):
            if path.coarse_keys_from is not None:
                path_calls = self.estimate(source, replace(ask, keys=tuple(missing)), path, active).calls
            else:
                coarse_keys = _coarse_keys_without_read(source, ask, path)
                guess = path.cost(source.adapter.estimates).per_coarse_key
                path_calls = sum(self.coarse_calls(source, coarse_ask(ask, path, coarse_keys), guess).values())
            calls = min(calls, path_calls)
        return calls

    def coarse_calls(self, source: Source, read: Ask[Any], guess: float) -> dict[Any, float]:
        """The calls of each coarse key of a read now; an old answer of some sources needs only what changed."""
        calls = dict.fromkeys(read.keys, 0.0)
        for key in self.keys_to_request(source, read):
            calls[key] = self.learned.coarse_calls(source, read, key, guess)
            if source.adapter.reads_changes and self.view.has_answer(source, read, key):
                calls[key] = min(calls[key], CALLS_FOR_CHANGES)
        return calls

    def way(
        self,
        source: Source,
        ask: Ask[Any],
        path: AccessPath[Any],
        named: NamedCoarseKeys[Any],
        point_calls: Mapping[Any, float],
    ) -> Way[Any]:
        """A path with the coarse keys of an ask and their costs."""
        read = coarse_ask(ask, path, named.all_coarse_keys)
        calls_of = self.coarse_calls(source, read, path.cost(source.adapter.estimates).per_coarse_key)
        if any(calls_of.values()) and self.reads_in_advance(read.lookup):
            now, most = self.view.now(), MAX_ADVANCE_SHARE * _calls_left(source)
            for key, saved in saved_calls(named.coarse_keys_of, point_calls).items():
                calls = calls_of[key]
                if 0 < calls <= min(MAX_ADVANCE_RATIO * saved, most):
                    calls_of[key] = max(calls - self.learned.demand(source, read, key, now), 0.0)
        return Way(path, named, calls_of)

    def reads_in_advance(self, lookup: Lookup) -> bool:
        """Whether a coarse read may cost more than it saves now, because later operations need it too."""
        return self.view.keeps_answers and not lookup.sensitivity.restricted

    def count_other_ways(
        self,
        source: Source,
        ask: Ask[Any],
        ways: Sequence[Way[Any]],
        choice: Choice[Any],
        point_calls: Mapping[Any, float],
    ) -> list[OtherWay]:
        """
        Count the calls that a choice spends as demand for the ways that it does not take; `settle` must follow.

        They are counted before they are made: operations that choose meanwhile would spend the same again.
        """
        spent, others, now = spent_calls(point_calls, ways, choice), [], self.view.now()
        for way, keys in zip(ways, choice.keys, strict=True):
            calls = {key: spent[key] for key in way.coarse_keys_of.keys() - keys if spent.get(key)}
            saved = saved_calls(way.coarse_keys_of, calls)
            read = coarse_ask(ask, way.path, saved)
            if saved and self.reads_in_advance(read.lookup):
                self.learned.add_demands(source, read, saved, now)
                others.append(OtherWay(way, read, calls))
        return others

    def settle(self, source: Source, others: Sequence[OtherWay], answers: Answers) -> None:
        """
        Take back what was counted for keys that the source does not have.

        If other operations have counted more calls for a coarse key than it costs, it is read in the background
        for later operations. This operation does not wait for it, because it would save too little.
        """
        now, learned, most = self.view.now(), self.learned, MAX_ADVANCE_SHARE * _calls_left(source)
        for way, read, calls in others:
            failed = {key for key, answer in answers.items() if isinstance(answer.value, AdapterError)}
            known = {key: calls[key] for key in calls.keys() & (answers.keys() - failed)}
            own, counted = (saved_calls(way.coarse_keys_of, part) for part in (known, calls))
            learned.add_demands(source, read, {k: own.get(k, 0.0) - c for k, c in counted.items()}, now)
            demand = {key: learned.demand(source, read, key, now) - saved for key, saved in own.items()}
            keys = self.view.keys_to_request(source, read)
            due = [key for key in keys if 0 < way.calls_of[key] <= min(demand.get(key, 0.0), most)]
            if due:
                self.view.read_in_background(source, replace(read, keys=tuple(due)))

    def count_coarse_reads(
        self, source: Source, ask: Ask[Any], read: Ask[Any], requested: Mapping[Any, int]
    ) -> None:
        """Count keys that coarse reads answered for the first time, by coarse key."""
        calls = self.learned.point_calls(source, ask.lookup, declared_point_calls(source, ask.lookup))
        now = self.view.now()
        for coarse_key, keys in requested.items():
            if keys:
                self.learned.add_demand(source, read, coarse_key, keys * calls, now)


def usable_paths(source: Source, ask: Ask[Any], active: Active = ()) -> list[AccessPath[Any]]:
    """The access paths of a source that can answer an ask completely and do not lead back to an active lookup."""
    return [
        path
        for path in source.adapter.paths.get(ask.lookup.method, ())
        if path.coarse_lookup not in active
        and path.coarse_keys_from not in (*active, ask.lookup.method)
        and source.offers(lookup_of(path.coarse_lookup))
        and (path.coarse_keys_from is None or source.offers(lookup_of(path.coarse_keys_from)))
        and (path.accepts is None or any(map(path.accepts, ask.keys)))
        and _is_complete(source, ask, path)
        and (path.coarse_keys_from is not None or _coarse_keys_without_read(source, ask, path))
        and lookup_of(path.coarse_lookup).required_arguments <= coarse_ask(ask, path, ()).arguments.keys()
    ]


def _is_complete(source: Source, ask: Ask[Any], path: AccessPath[Any]) -> bool:
    """Whether the coarse answers of a path have all records that an ask needs."""
    if ask.at_enrolled_schools and path.has_enrolled_schools:
        return True
    return path.is_complete is None or path.is_complete(source.adapter.settings)


def _coarse_keys_without_read(source: Source, ask: Ask[Any], path: AccessPath[Any]) -> frozenset[Any]:
    """
    The coarse keys that are known without a read; empty if there are none.

    They are the district itself, or parts of the keys. For a lookup of one record, they may also be the schools or
    sections from which the query reached the keys: every list that contains a record contains all of it.
    """
    if path.coarse_key_in is not None:
        return frozenset(map(path.coarse_key_in, accepted_keys(ask, path)))
    kind = lookup_of(path.coarse_lookup).key_kind
    if kind == "district":
        return frozenset({source.district})
    if ask.lookup.is_list or source.identity is not None:
        return frozenset()
    return frozenset(ref.key for ref in ask.reached_via if ref.kind == kind)


def known_coarse_keys(source: Source, ask: Ask[Any], path: AccessPath[Any]) -> NamedCoarseKeys[Any]:
    """The coarse keys of an ask by a path that needs no read to name them."""
    if (contained := path.coarse_key_in) is not None:
        keys_of = {key: frozenset({contained(key)}) for key in accepted_keys(ask, path)}
        return NamedCoarseKeys(keys_of, is_complete=False)
    coarse_keys = _coarse_keys_without_read(source, ask, path)
    is_complete = lookup_of(path.coarse_lookup).key_kind == "district"
    return NamedCoarseKeys(dict.fromkeys(accepted_keys(ask, path), coarse_keys), is_complete=is_complete)


def coarse_keys_ask(ask: Ask[Any], path: AccessPath[Any]) -> Ask[Any]:
    """The ask for the records that name the coarse keys of an ask's keys."""
    assert path.coarse_keys_from is not None
    lookup = lookup_of(path.coarse_keys_from)
    arguments = {name: value for name, value in ask.arguments.items() if name in lookup.argument_names}
    keys = accepted_keys(ask, path)
    return Ask(lookup, keys, arguments, reached_via=ask.reached_via, max_age=ask.max_age)


def named_coarse_keys(path: AccessPath[Any], keys: Iterable[Any], answers: Answers) -> NamedCoarseKeys[Any]:
    """The coarse keys that answers name; keys whose coarse keys could not be read are absent."""
    sets: dict[frozenset[Any], frozenset[Any]] = {}
    coarse_keys_of, empty = {}, {}
    for key, answer in answers.items():
        coarse_keys = path.named_coarse_keys(answer.value)
        if coarse_keys is not None:
            coarse_keys_of[key] = sets.setdefault(coarse_keys, coarse_keys)
            if not coarse_keys:
                empty[key] = answer
    names_all_keys = path.names_all_keys or path.coarse_keys_of is not None
    unknown = frozenset(keys) - answers.keys() if names_all_keys else frozenset()
    failed = {key: answer for key, answer in answers.items() if answer.is_late}
    return NamedCoarseKeys(coarse_keys_of, empty, is_read=True, unknown=unknown, failed=failed)


def named_by_cached(path: AccessPath[Any], keys: tuple[Any, ...], answers: Answers) -> NamedCoarseKeys[Any]:
    """The coarse keys that cached answers name, computed once for each cached batch and path."""
    if not isinstance(answers, SharedBatch):
        return named_coarse_keys(path, keys, answers)
    known: dict[int, tuple[AccessPath[Any], NamedCoarseKeys[Any]]] = getattr(answers, "derived", {})
    if id(path) not in known:
        known[id(path)] = (path, named_coarse_keys(path, keys, answers))
        answers.derived = known
    return known[id(path)][1]


def accepted_keys(ask: Ask[Any], path: AccessPath[Any]) -> tuple[Any, ...]:
    """The keys of an ask that the records of a path's coarse answers can have."""
    return ask.keys if path.accepts is None else tuple(filter(path.accepts, ask.keys))


def declared_point_calls(source: Source, lookup: Lookup) -> float:
    """Calls of a point read as the adapter declares them; 1 for a lookup without access paths."""
    for path in source.adapter.paths.get(lookup.method, ()):
        return path.cost(source.adapter.estimates).per_key
    return 1.0


def _calls_left(source: Source) -> float:
    """Calls that the source's vendor allows until its quota is renewed; infinite without a known quota."""
    gate = gate_of(source.adapter.http)
    return math.inf if gate is None else gate.calls_left
