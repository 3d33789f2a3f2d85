"""Estimates how many vendor calls the reads of a population need, from the recent cost of such reads."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import District, Source
from student_graph.resolvers.cohorts.measurement.enrolled_schools import needs_enrolled_schools_only
from student_graph.resolvers.context import ReadEstimates

CLASS_SIZE = 28
"""Students of a class: an access path says how many coarse keys they usually have."""


@dataclass(frozen=True, slots=True)
class ReadCalls:
    """Estimates of the reads in a district."""

    district: District
    estimates: ReadEstimates

    def records(self, method: LookupMethod) -> float:
        """Return about how many records one key of a lookup has, at all sources that offer it."""
        lookup = lookup_of(method)
        return sum(self.estimates.list_length(source, lookup) for source in self.district.sources_for(lookup))

    def is_offered(self, method: LookupMethod) -> bool:
        """Return whether a source offers a lookup."""
        return bool(self.district.sources_for(lookup_of(method)))

    def is_known(self, method: LookupMethod) -> bool:
        """Return whether the length of a list was seen, at all sources that offer it."""
        lookup = lookup_of(method)
        sources = self.district.sources_for(lookup)
        return all(self.estimates.prices.is_learned(source, lookup) for source in sources)

    def calls(self, method: LookupMethod, keys: float, read: Collection[LookupMethod] = ()) -> float:
        """
        Return about how many calls the lookup of this number of keys needs, each source by its cheapest way.

        Lookups in `read` are read anyway. They cost nothing if they name the coarse keys of a way.
        """
        lookup = lookup_of(method)
        named = frozenset(map(lookup_of, read))
        sources = self.district.sources_for(lookup)
        return sum(self._source_calls(source, lookup, keys, (), named) for source in sources)

    def list_calls(self, method: LookupMethod) -> float:
        """Return about how many calls one key of a list needs."""
        lookup = lookup_of(method)
        sources = self.district.sources_for(lookup)
        return sum(
            self.estimates.prices.mean_calls(source, lookup, _declared_calls(source, lookup)) for source in sources
        )

    def _source_calls(
        self, source: Source, lookup: Lookup, keys: float, active: tuple[Lookup, ...], read: frozenset[Lookup]
    ) -> float:
        """Calls at one source; an access path must not lead back to a lookup that is `active`."""
        limited = needs_enrolled_schools_only(self.district)
        paths = [
            path
            for path in source.adapter.paths.get(lookup.method, ())
            if _is_usable(source, path, active, at_enrolled_schools=limited)
        ]
        guess = paths[0].cost(source.adapter.estimates).per_key if paths else 1.0
        fewest = keys * self.estimates.prices.point_calls(source, lookup, guess)
        for path in paths:
            coarse = lookup_of(path.coarse_lookup)
            guess = path.cost(source.adapter.estimates).per_coarse_key
            calls = self._coarse_keys(path, keys) * self.estimates.prices.mean_calls(source, coarse, guess)
            if path.coarse_keys_from is not None:
                naming = lookup_of(path.coarse_keys_from)
                is_read = naming in read
                calls += 0.0 if is_read else self._source_calls(source, naming, keys, (*active, lookup), read)
            fewest = min(fewest, calls)
        return fewest

    def _coarse_keys(self, path: AccessPath[object], keys: float) -> float:
        """About how many coarse keys a number of keys has: as many for each class, but not more than there are."""
        kind = lookup_of(path.coarse_lookup).key_kind
        if kind == "district":
            return 1.0
        usual = path.usual_coarse_keys * math.ceil(keys / CLASS_SIZE)
        if kind == "school" and self.is_offered(Adapter.schools_by_district):
            return min(usual, self.records(Adapter.schools_by_district))
        return usual


def _declared_calls(source: Source, lookup: Lookup) -> float:
    """
    Calls for one key of a coarse lookup as the adapter declares them; 1 if it declares none.

    They are infinite if the adapter says that the list is too long to be read.
    """
    costs = [
        path.cost(source.adapter.estimates).per_coarse_key
        for paths in source.adapter.paths.values()
        for path in paths
        if path.coarse_lookup is lookup.method
    ]
    return min(costs, default=1.0)


def _is_usable(
    source: Source, path: AccessPath[object], active: tuple[Lookup, ...], *, at_enrolled_schools: bool
) -> bool:
    lookups = [lookup_of(path.coarse_lookup)]
    if path.coarse_keys_from is not None:
        lookups.append(lookup_of(path.coarse_keys_from))
    is_complete = path.is_complete is None or path.is_complete(source.adapter.settings)
    is_complete = is_complete or (at_enrolled_schools and path.has_enrolled_schools)
    return is_complete and all(source.offers(lookup) and lookup not in active for lookup in lookups)
