"""The ways in which a source can answer a lookup, with their prices in vendor calls, as text for operators."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from student_graph.adapters.contract import AccessPath
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.resolvers.context import ReadPrices

EXAMPLE_KEYS = 28
"""The size of a batch, a class of students, for which the way that would be chosen is named."""


class _Way(NamedTuple):
    """One way to answer a lookup."""

    lookup: Lookup
    """The lookup that is read."""
    calls: float
    """Calls for one key of that lookup."""
    example_calls: float
    """Calls for `EXAMPLE_KEYS` keys, with those that name the coarse keys."""


@dataclass(frozen=True, slots=True)
class WayPrices:
    """Describes the ways of lookups at sources, by some prices."""

    prices: ReadPrices
    name_districts: bool = False
    """Whether a source is named with its district, because there are several."""

    def text(self, source: Source, lookup: Lookup, *, at_enrolled_schools: bool = False) -> str:
        """
        The ways of a lookup at a source with their prices, and which one a class would be answered by.

        With `at_enrolled_schools` records at other schools are not needed; see `Ask.at_enrolled_schools`.
        """
        point, *coarse = ways = list(self._ways(source, lookup, (), at_enrolled_schools=at_enrolled_schools))
        name = f"{source.district}/{source.name}" if self.name_districts else source.name
        if not coarse:
            return f"{name}: at most 1 call per {lookup.key_kind}"
        texts = [f"{self._price(source, point)} per {lookup.key_kind}"]
        texts += [
            f"{self._price(source, way)} per {way.lookup.key_kind} through {way.lookup.name}" for way in coarse
        ]
        cheapest = min(ways, key=lambda way: way.example_calls)
        choice = "read one by one" if cheapest is point else f"read through {cheapest.lookup.name}"
        return f"{name}: {', or '.join(texts)}; {EXAMPLE_KEYS} would be {choice}"

    def _price(self, source: Source, way: _Way) -> str:
        if math.isinf(way.calls):
            return "too many calls"
        calls = f"{way.calls:.2g}" if way.calls < 10 else f"{way.calls:.0f}"
        seen = ", as last seen," if self.prices.is_learned(source, way.lookup) else ""
        return f"{calls} {'call' if calls == '1' else 'calls'}{seen}"

    def _ways(
        self, source: Source, lookup: Lookup, active: tuple[Lookup, ...], *, at_enrolled_schools: bool = False
    ) -> Iterator[_Way]:
        """Point reads, and the access paths that can be used and do not lead back to an active lookup."""
        paths = [
            path
            for path in source.adapter.paths.get(lookup.method, ())
            if _is_usable(source, path, active, at_enrolled_schools=at_enrolled_schools)
        ]
        guess = paths[0].cost(source.adapter.estimates).per_key if paths else 1.0
        per_key = self.prices.point_calls(source, lookup, guess)
        yield _Way(lookup, per_key, EXAMPLE_KEYS * per_key)
        for path in paths:
            coarse = lookup_of(path.coarse_lookup)
            calls = self.prices.mean_calls(source, coarse, path.cost(source.adapter.estimates).per_coarse_key)
            naming = 0.0
            if path.coarse_keys_from is not None:
                ways = self._ways(source, lookup_of(path.coarse_keys_from), (*active, lookup))
                naming = min(way.example_calls for way in ways)
            yield _Way(coarse, calls, naming + path.usual_coarse_keys * calls)


def _is_usable(
    source: Source, path: AccessPath[Any], active: tuple[Lookup, ...], *, at_enrolled_schools: bool
) -> bool:
    lookups = [lookup_of(path.coarse_lookup)]
    if path.coarse_keys_from is not None:
        lookups.append(lookup_of(path.coarse_keys_from))
    is_complete = path.is_complete is None or path.is_complete(source.adapter.settings)
    is_complete = is_complete or (at_enrolled_schools and path.has_enrolled_schools)
    return is_complete and all(source.offers(lookup) and lookup not in active for lookup in lookups)
