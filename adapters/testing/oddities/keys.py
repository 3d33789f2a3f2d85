"""Checks of ids that are odd: with colons, blanks, slashes, quotes and letters that are not English."""

from __future__ import annotations

from typing import ClassVar

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import INAPPLICABLE, about_http
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.oddities.documents import RenamedIdTransport

ODD_CHARACTERS = (":", " ", "/", "'", '"', "é")
"""Characters that ids of real districts have."""
_MIN_ID_CHARACTERS = 4
"""A shorter id is found in other values too."""


class OddKeys:
    """Checks of every supported lookup with a vendor one of whose ids is odd."""

    kind: type[Adapter]
    odd_values: ClassVar[int] = 12
    """How many odd values of each lookup are played; half as many odd characters, at most all."""

    @about_http
    async def test_an_id_with_odd_characters_is_read_or_refused(
        self, keyed_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """An id with a colon, blank, slash or quote has its records, or what is missing is reported."""
        known, *others = sandbox.known_keys(keyed_lookup.key_kind)[:2]
        field, colon, id = known.rpartition(":")
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, keyed_lookup, [known, *others], sandbox.arguments())
        for character in ODD_CHARACTERS[: max(1, self.odd_values // 2)]:
            odd = f"{id[:2]}{character}{id[2:]}"
            key, transport = f"{field}{colon}{odd}", RenamedIdTransport(sandbox, id, odd)
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                with collecting_unreadable_rows() as unreadable:
                    result = await run_lookup_or_error(adapter, keyed_lookup, [key, *others], sandbox.arguments())
            if len(id) < _MIN_ID_CHARACTERS or transport.is_number:
                pytest.skip(f"{INAPPLICABLE}the vendor's ids are numbers")
            if isinstance(result, AdapterError):
                continue
            if not isinstance(result.get(key), AdapterError):
                records, expected = records_in(result.get(key)), records_in(healthy.get(known))
                missing = len(expected) - len(records)
                assert 0 <= missing <= len(unreadable), f"an id with {character!r} has other records"
            for other in others:
                if id not in other:
                    assert len(records_in(result.get(other))) == len(records_in(healthy.get(other))), character
