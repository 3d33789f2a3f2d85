"""A coarser way to an answer gives the same answer."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Record
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, build, built, in_order, records_of

ABOUT = 0.5
"""CallCost by which a price may miss the average: prices are estimates."""


class Paths:
    """Every declared access path, key for key, over everybody the sandbox knows."""

    kind: type[Adapter]

    async def test_a_coarse_answer_equals_the_point_reads(self, path: Any, sandbox: Sandbox) -> None:
        """AccessPath by key, the coarse answer holds what each key's own answer holds: no record more, none less."""
        point, split = lookup_of(path), self.split(sandbox, path)
        keys = sandbox.known_keys(point.key_kind)
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, point, keys, sandbox.arguments())
            covers = await self.covers(adapter, split, keys, sandbox)
            coarse = sorted({each for some in covers.values() for each in some})
            answers = await ask(adapter, lookup_of(split.coarse_lookup), coarse, sandbox.arguments())

        for key in keys:
            records = [r for each in covers[key] for r in records_of(answers.get(each)) if split.key_of(r) == key]
            if split.sort_key is not None:
                records.sort(key=split.sort_key)
            if split.sort_key is None and len(covers[key]) > 1:  # nothing says which coarse key comes first
                assert in_order(records_of(told.get(key))) == in_order(records)
            else:
                assert records_of(told.get(key)) == records

    async def test_a_point_read_costs_what_it_says(self, path: Any, sandbox: Sandbox) -> None:
        """On average over everybody: a way that costs more than it says would be taken too often."""
        point, split = lookup_of(path), self.split(sandbox, path)
        keys = sandbox.known_keys(point.key_kind)
        async with built(sandbox, kind=self.kind) as adapter:
            await ask(adapter, point, keys[:1], sandbox.arguments())  # tokens and discovery are no key's cost
            sandbox.requests.clear()
            for key in keys:
                await ask(adapter, point, [key], sandbox.arguments())
            declared = split.cost(adapter.settings).per_key

        assert abs(len(sandbox.requests) / len(keys) - declared) < ABOUT

    async def test_a_path_says_what_it_costs(self, path: Any, sandbox: Sandbox) -> None:
        """The gateway takes the cheaper way, so both must cost something."""
        adapter = build(sandbox, kind=self.kind)
        calls = self.split(sandbox, path).cost(adapter.settings)

        assert isinstance(calls, CallCost)
        assert min(calls.per_key, calls.per_coarse_key) > 0

    def split(self, sandbox: Sandbox, path: Any) -> AccessPath[Record]:
        """The coarser way to the lookup."""
        return build(sandbox, kind=self.kind).paths[path]

    async def covers(
        self, adapter: Adapter, split: AccessPath[Record], keys: list[str], sandbox: Sandbox
    ) -> dict[str, list[str]]:
        """
        The coarse keys of each key.

        Where another source of the district tells them, the sandbox's own: all of them cover everybody.
        """
        everywhere = sandbox.known_keys(lookup_of(split.coarse_lookup).key_kind)
        if (
            split.coarse_keys_from is None
            or split.coarse_key_of is None
            or not adapter.supports(split.coarse_keys_from)
        ):
            return dict.fromkeys(keys, everywhere)
        told = await ask(adapter, lookup_of(split.coarse_keys_from), keys, sandbox.arguments())
        found: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            found[key] = sorted({split.coarse_key_of(record) for record in records_of(told.get(key))})
        return found
