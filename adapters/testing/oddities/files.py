"""Checks of files one of whose values is odd: the rows of all others stay as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, ClassVar
from zlib import crc32

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import INAPPLICABLE
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error, sample
from student_graph.adapters.testing.odd_values import ODD_VALUES
from student_graph.adapters.testing.oddities.rows import FAR_DATES, TEXT_FORMS

TEXTS: Sequence[str | Callable[[str], str]] = (
    *(value for value in ODD_VALUES if isinstance(value, str)),
    *FAR_DATES,
    *TEXT_FORMS,
    '"',
    "a, b;\tc",
    "two\nlines",
)
"""What a text of a file is replaced by: those of a server's rows, and what separates texts and rows of files."""

MAX_KEYS = 50
"""Keys of a lookup: most of a small district, so that a row with an odd value is one of theirs."""


class OddFiles:
    """Checks of every supported lookup with files one of whose values is odd; for adapters that read files."""

    kind: type[Adapter]
    odd_values: ClassVar[int] = 12
    """How many odd values of each lookup are played."""

    async def test_an_odd_value_in_a_file_takes_nothing_else_away(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """An odd text of a file is read, or its row left out, or an error; other records are as they were."""
        tables = sandbox.tables()
        if not tables:
            pytest.skip(f"{INAPPLICABLE}the adapter reads no files")
        keys = sample(sandbox.known_keys(lookup.key_kind), MAX_KEYS)
        healthy = await self.records_of_files(lookup, sandbox, keys)
        random = Random(crc32(lookup.name.encode()))  # noqa: S311 - a sample, and no secret
        lost = []
        for _ in range(self.odd_values):
            name = random.choice(sorted(name for name, table in tables.items() if len(table) > 1))
            table = tables[name]
            row = random.randrange(1, len(table))
            column = random.choice([at for at, text in enumerate(table[row]) if text])
            value = random.choice(TEXTS)
            odd = value(table[row][column]) if callable(value) else value
            spoilt = [*table[row][:column], odd, *table[row][column + 1 :]]
            try:
                sandbox.write_table(name, [*table[:row], spoilt, *table[row + 1 :]])
                missing = healthy - await self.records_of_files(lookup, sandbox, keys)
                if missing:
                    sandbox.write_table(name, [*table[:row], *table[row + 1 :]])
                    own = healthy - await self.records_of_files(lookup, sandbox, keys)
                    lost += [f"{name}: {table[0][column]} = {odd[:40]!r}"] if missing - own else []
            finally:
                sandbox.write_table(name, table)

        assert lost == []

    async def records_of_files(self, lookup: Lookup, sandbox: Sandbox, keys: Sequence[Any]) -> Counter[Any]:
        """The records of a lookup with their keys, as the files are now; none if the batch has an error."""
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())
        if isinstance(result, AdapterError):
            return Counter()
        return Counter((key, repr(record)) for key, answer in result.items() for record in records_in(answer))
