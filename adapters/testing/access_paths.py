"""Tests that an access path gives the same answers as the lookup itself."""

from __future__ import annotations

from typing import TypeAlias

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Record
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import open_adapter, run_lookup, sorted_texts

Way: TypeAlias = tuple[LookupMethod, LookupMethod]
"""A lookup, and one of the coarse lookups that can answer it."""

MAX_COST_ERROR_CALLS = 0.5
"""By how many calls the declared cost of a key may differ from the average, because it is an estimate."""


class AccessPaths:
    """Tests of every declared access path with all keys that the sandbox knows."""

    kind: type[Adapter]

    async def test_a_coarse_answer_equals_the_point_reads(self, way: Way, sandbox: Sandbox) -> None:
        """The records of the coarse lookup, sorted by key, are exactly the records of each key's own lookup."""
        lookup, path = lookup_of(way[0]), self.access_path(way)
        keys = sandbox.known_keys(lookup.key_kind)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())
            coarse_keys = await self.coarse_keys(adapter, path, keys, sandbox)
            all_coarse_keys = sorted({coarse_key for names in coarse_keys.values() for coarse_key in names})
            coarse_lookup = lookup_of(path.coarse_lookup)
            coarse_batch = await run_lookup(adapter, coarse_lookup, all_coarse_keys, sandbox.arguments())

        assert coarse_keys, "the path answers none of the keys"
        for key in coarse_keys:
            coarse_records = [r for name in coarse_keys[key] for r in records_in(coarse_batch.get(name))]
            records = [
                record
                for record in coarse_records
                if path.key_of(record) == key
                and (path.selects is None or path.selects(record, sandbox.arguments()))
            ]
            if path.sort_key is not None:
                records.sort(key=path.sort_key)
            if path.sort_key is None and len(coarse_keys[key]) > 1:  # the order of coarse keys is not defined
                assert sorted_texts(records_in(batch.get(key))) == sorted_texts(records)
            else:
                assert list(records_in(batch.get(key))) == records

    async def test_the_cost_of_a_key_is_about_right(self, way: Way, sandbox: Sandbox) -> None:
        """The declared calls per key match the average; the gateway compares them with the cost of the path."""
        lookup, path = lookup_of(way[0]), self.access_path(way)
        keys = sandbox.known_keys(lookup.key_kind)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            await run_lookup(adapter, lookup, keys[:1], sandbox.arguments())  # requests tokens and discovers
            sandbox.requests.clear()
            for key in keys:
                await run_lookup(adapter, lookup, [key], sandbox.arguments())
            declared = path.cost(adapter.settings).per_key

        assert abs(len(sandbox.requests) / len(keys) - declared) < MAX_COST_ERROR_CALLS

    async def test_an_access_path_declares_its_cost(self, way: Way, sandbox: Sandbox) -> None:
        """Both costs are positive, because the gateway takes the cheaper one."""
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            cost = self.access_path(way).cost(adapter.settings)

        assert isinstance(cost, CallCost)
        assert min(cost.per_key, cost.per_coarse_key) > 0

    def access_path(self, way: Way) -> AccessPath[Record]:
        """The access path of a lookup through a coarse lookup."""
        method, coarse = way
        return next(path for path in self.kind.paths[method] if path.coarse_lookup is coarse)

    async def coarse_keys(
        self, adapter: Adapter, path: AccessPath[Record], keys: list[str], sandbox: Sandbox
    ) -> dict[str, list[str]]:
        """
        Return the coarse keys of each key that the path can answer.

        If another source of the district names them, these are all coarse keys of the sandbox.
        """
        keys = [key for key in keys if path.accepts is None or path.accepts(key)]
        if path.coarse_key_in is not None:
            return {key: [path.coarse_key_in(key)] for key in keys}
        method = path.coarse_keys_from
        if method is None or not adapter.supports(method):
            return dict.fromkeys(keys, sandbox.known_keys(lookup_of(path.coarse_lookup).key_kind))
        batch = await run_lookup(adapter, lookup_of(method), keys, sandbox.arguments())
        named = {key: path.named_coarse_keys(batch.get(key)) for key in keys}
        return {key: sorted(coarse_keys) for key, coarse_keys in named.items() if coarse_keys is not None}
