"""Checks of rows that are odd in several values at once: nulls, and dates far away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import INAPPLICABLE, about_http
from student_graph.adapters.testing.harness import open_adapter, run_lookup, sample
from student_graph.adapters.testing.odd_values import play_odd_values
from student_graph.adapters.testing.oddities.documents import DocumentTransport
from student_graph.adapters.testing.oddities.lists import assert_same_or_error

FAR_DATES = ("9999-12-31", "0001-01-01", "2999-06-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z")
"""What databases write for no end, no beginning, and by mistake."""
TEXT_FORMS: tuple[Callable[[str], str], ...] = (
    lambda text: f"{text} ",
    lambda text: f"\t{text}\n",
    lambda text: f"{text}\u00a0",
    lambda text: f"00{text}",
    lambda text: f"{text}\x92",
    lambda text: f"{text[:1]}\ufffd{text[1:]}",
    lambda text: f"{text}T00:00:00",
    str.swapcase,
)
"""
Forms of a text that other systems send: with blanks, zeros before a number, a time after a date, letters of the
other case, and letters of Windows-1252 that were read as Latin-1 or as UTF-8.
"""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")


class OddRows:
    """Checks of every supported lookup with a vendor one of whose rows is odd."""

    kind: type[Adapter]
    odd_values: ClassVar[int] = 12
    """How many odd values of each lookup are played; of far dates half as many, and a fourth of rows of nulls."""

    @about_http
    async def test_a_row_of_nulls_takes_nothing_else_away(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """If all values of a row are null, it is left out or an error; all other records are as they were."""
        counts = await play_odd_values(
            self.kind, lookup, sandbox, max(1, self.odd_values // 4), values=(dict.fromkeys,), replaces=_is_object
        )

        assert counts.internal == []
        assert counts.lost == []

    @about_http
    async def test_values_that_may_be_null_cost_no_record(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """If all values that the vendor's document allows to be null are null, each record is still read."""
        nullable = sandbox.nullable
        if not nullable:
            pytest.skip(f"{INAPPLICABLE}the sandbox names no values that may be null (Sandbox.nullable)")
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        transport = DocumentTransport(sandbox, lambda document: _with_nulls(document, nullable))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            result = await run_lookup(adapter, lookup, keys, sandbox.arguments())

        assert_same_or_error(healthy, result)

    @about_http
    async def test_a_far_date_takes_nothing_else_away(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A date of the year 9999 or 1 is read, or its row is left out; all other records are as they were."""
        counts = await play_odd_values(
            self.kind, lookup, sandbox, max(1, self.odd_values // 2), values=FAR_DATES, replaces=_is_date
        )

        assert counts.internal == []
        assert counts.lost == []

    @about_http
    async def test_another_form_of_a_text_takes_nothing_else_away(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A text with blanks, zeros or odd letters is read, or its row left out; other records are as before."""
        count = max(1, self.odd_values // 2)
        counts = await play_odd_values(self.kind, lookup, sandbox, count, values=TEXT_FORMS, replaces=_is_text)

        assert counts.internal == []
        assert counts.lost == []


def _is_object(node: Any) -> bool:
    return isinstance(node, dict) and len(node) > 1


def _is_text(node: Any) -> bool:
    return isinstance(node, str) and bool(node)


def _is_date(node: Any) -> bool:
    return isinstance(node, str) and _DATE.fullmatch(node) is not None


def _with_nulls(node: Any, names: frozenset[str]) -> Any:
    match node:
        case dict():
            return {name: None if name in names else _with_nulls(child, names) for name, child in node.items()}
        case list():
            return [_with_nulls(child, names) for child in node]
        case _:
            return node
