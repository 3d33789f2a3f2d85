"""A list read window by window is the whole list."""

from __future__ import annotations

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.paging import MAX_PAGES
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, moments, sample, tell
from student_graph.adapters.testing.wire import Repeating, Turning

DRIFT = 3
"""Rows that come or go at the head of a list between two of its pages."""


class Windows:
    """Every paging lookup."""

    kind: type[Adapter]

    @pytest.mark.parametrize("first", [1, 7, 100])
    async def test_no_record_is_lost_or_doubled(self, paged: Lookup, first: int, sandbox: Sandbox) -> None:
        """Whatever the size of a page, each record comes once, and everybody whom the sandbox knows comes."""
        key = sandbox.known_keys(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            records = await self.walk(adapter, paged, key, Window(first), sandbox)
        ids = [record.vendor_id for record in records]

        assert len(set(ids)) == len(ids)
        if self.kind.identity is None and paged.about.value == "student_id":
            people = {getattr(record, "student_id", None) for record in records}
            assert set(sandbox.known_keys("student")) <= people

    async def walk(
        self, adapter: Adapter, paged: Lookup, key: str, window: Window, sandbox: Sandbox
    ) -> list[Record]:
        """All records from a window on, as many at a time as it holds."""
        records: list[Record] = []
        seen: set[str] = set()
        while True:
            page = (await ask(adapter, paged, [key], sandbox.arguments(), window))[key]
            assert isinstance(page, Page)
            assert len(page.items) <= window.first
            records += page.items
            if page.after is None:
                return records
            assert page.after not in seen, "a cursor that comes back"
            seen.add(page.after)
            window = Window(window.first, page.after)

    async def test_a_made_up_cursor_is_refused(self, paged: Lookup, sandbox: Sandbox) -> None:
        """A cursor that the list did not give is the asker's error; nothing else is read with it."""
        key = sandbox.known_keys(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            told = await tell(adapter, paged, [key], sandbox.arguments(), Window(5, "\0 http://evil.example"))

        assert isinstance(told.get(key) if isinstance(told, dict) else told, BadKeyError)

    async def test_a_list_that_grows_loses_nobody(self, paged: Lookup, sandbox: Sandbox) -> None:
        """Rows inserted between two pages cost no record that was there all the time."""
        steady, seen = await self.drifted(paged, sandbox, (DRIFT, 0))

        assert steady <= set(seen)

    async def test_a_list_that_shrinks_loses_no_more_than_left(self, paged: Lookup, sandbox: Sandbox) -> None:
        """Nothing comes twice, and of those who stayed no more are passed over than rows went before them."""
        steady, seen = await self.drifted(paged, sandbox, (0, DRIFT))

        assert len(set(seen)) == len(seen)
        assert len(steady - set(seen)) <= DRIFT

    async def drifted(
        self, paged: Lookup, sandbox: Sandbox, missing: tuple[int, int]
    ) -> tuple[set[str], list[str]]:
        """Who is there all the time, and who is seen when rows go missing, or come back, after the first page."""
        key = sandbox.known_keys(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            sandbox.switches.missing = max(missing)
            steady = {record.vendor_id for record in await self.walk(adapter, paged, key, Window(100), sandbox)}
            sandbox.switches.missing = missing[0]
            page = (await ask(adapter, paged, [key], sandbox.arguments(), Window(7)))[key]
            sandbox.switches.missing = missing[1]
            rest = await self.walk(adapter, paged, key, Window(7, page.after), sandbox)
        return steady, [record.vendor_id for record in (*page.items, *rest)]

    async def test_short_pages_change_no_answer(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """However few rows the vendor puts on a page, whatever was asked for, the answer is the same."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        async with built(sandbox, kind=self.kind) as adapter:
            expected = await ask(adapter, lookup, keys, sandbox.arguments(), Window(7))
            sandbox.switches.page_limit = 7
            told = await ask(adapter, lookup, keys, sandbox.arguments(), Window(7))

        assert told == expected

    async def test_rows_that_move_while_a_list_is_read_come_once(self, whole: Lookup, sandbox: Sandbox) -> None:
        """A long list that grows while it is read holds everybody who was there all the time, and nobody twice."""
        key = sandbox.known_keys(whole.key_kind)[0]
        sandbox.switches.page_limit, sandbox.switches.missing = 7, DRIFT
        sandbox.requests.clear()
        async with built(sandbox, kind=self.kind) as adapter:
            steady = (await ask(adapter, whole, [key], sandbox.arguments()))[key]
        wire = Turning(
            sandbox.url, max(len(sandbox.requests) - 1, 1), lambda: setattr(sandbox.switches, "missing", 0)
        )
        async with built(sandbox, wire, kind=self.kind) as adapter:
            seen = [r.vendor_id for r in (await ask(adapter, whole, [key], sandbox.arguments()))[key]]

        assert len(set(seen)) == len(seen)
        assert {record.vendor_id for record in steady} <= set(seen)

    async def test_a_vendor_that_repeats_itself_is_given_up(self, whole: Lookup, sandbox: Sandbox) -> None:
        """A list that never ends is not read for ever."""
        key = sandbox.known_keys(whole.key_kind)[0]
        sandbox.switches.page_limit = 7
        sandbox.requests.clear()
        async with built(sandbox, kind=self.kind) as adapter:
            await ask(adapter, whole, [key], sandbox.arguments())
        needed = len(sandbox.requests)
        for good in moments(needed):
            wire = Repeating(sandbox.url, max(good, 1))
            async with built(sandbox, wire, kind=self.kind) as adapter:
                await tell(adapter, whole, [key], sandbox.arguments())

            assert len(wire.sent) <= needed + MAX_PAGES
