"""A declared vendor and the same vendor in code give equal answers."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

import pytest

from hillside_sis.adapter import Hillside
from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, Window
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error
from student_graph.adapters.testing.hostile_keys import HOSTILE_TEXTS
from tests.adapters.rest.vendors import HILLSIDE
from tests.long_runs import size

QUERIES = 1000


class _Query(NamedTuple):
    """A call of a lookup."""

    lookup: Lookup
    keys: list[str]
    arguments: dict[str, Any]
    window: Window


@pytest.mark.long_run
async def test_a_declared_vendor_answers_as_the_same_vendor_in_code() -> None:
    """Equal answers to random batches of known, unknown and impossible keys, windows and school years."""
    sandbox = HillsideSandbox(make_district(40))
    random = Random(51)  # noqa: S311 - a sample, and no secret
    kinds = Hillside, declared(HILLSIDE)
    lookups = Hillside.capabilities()
    errors = 0
    for _ in range(size(60, QUERIES)):
        lookup = random.choice(lookups)
        query = _query(lookup, sandbox, random)
        expected, answer = [await _answer(sandbox, kind, query) for kind in kinds]
        errors += "Error" in answer

        assert answer == expected, lookup.name

    assert errors


def _query(lookup: Lookup, sandbox: HillsideSandbox, random: Random) -> _Query:
    known = sandbox.known_keys(lookup.key_kind)
    keys = random.choices([*known, "99999999", *HOSTILE_TEXTS], k=random.randint(1, 6))
    if lookup.key_kind == "district":
        keys = known
    year = random.choice([sandbox.arguments()["school_year"], 1990])
    return _Query(
        lookup,
        keys,
        {"school_year": year},
        Window(random.choice([1, 7, 20, 500]), random.choice([None, "p_000007"])),
    )


async def _answer(sandbox: HillsideSandbox, kind: type[Adapter], query: _Query) -> str:
    """The answers to a query as text; an error is the name of its type."""
    async with open_adapter(sandbox, kind=kind) as adapter:
        result = await run_lookup_or_error(adapter, query.lookup, query.keys, query.arguments, query.window)
    if not isinstance(result, dict):
        return type(result).__name__
    answers = sorted(result.items())
    return repr({key: type(x).__name__ if isinstance(x, Exception) else x for key, x in answers})
