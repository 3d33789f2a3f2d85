"""Tests that a list is complete however it is paged, and while it changes."""

from __future__ import annotations

from collections import Counter

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.paging import MAX_PAGES
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import (
    failure_points,
    open_adapter,
    run_lookup,
    run_lookup_or_error,
    sample,
)
from student_graph.adapters.testing.transports import InterposingTransport, RepeatingTransport

MAX_NAMED_KEYS = 5
"""Keys of the sandbox that the message of a failed test names."""
CHANGED_ROWS = 3
"""Number of rows that are inserted or deleted at the start of a list between two pages."""


class Paging:
    """Tests of paged lookups, and of lookups that read all pages of a list."""

    kind: type[Adapter]

    @pytest.mark.parametrize("first", [1, 7, 100])
    async def test_no_record_is_missed_or_repeated(
        self, paged_lookup: Lookup, first: int, sandbox: Sandbox
    ) -> None:
        """With any page size, each record is read once, and all students that the sandbox knows are read."""
        key = sandbox.known_keys(paged_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            records = await self.read_all(adapter, paged_lookup, key, Window(first), sandbox)
        ids = [record.vendor_id for record in records]

        assert len(set(ids)) == len(ids), "a record is on two pages"
        if self.kind.identity is None and paged_lookup.about.value == "student_id":
            missing = set(sandbox.known_keys("student")) - {getattr(row, "student_id", None) for row in records}
            assert not missing, f"students on no page, or with another number: {sorted(missing)[:MAX_NAMED_KEYS]}"

    async def read_all(
        self, adapter: Adapter, paged_lookup: Lookup, key: str, window: Window, sandbox: Sandbox
    ) -> list[Record]:
        """Read all records from a window to the end of the list, page by page."""
        records: list[Record] = []
        cursors: set[str] = set()
        while True:
            page = (await run_lookup(adapter, paged_lookup, [key], sandbox.arguments(), window))[key]
            assert isinstance(page, Page)
            assert len(page.items) <= window.first, "a page has more records than requested"
            records += page.items
            if page.after is None:
                return records
            assert page.after not in cursors, "a repeated cursor"
            cursors.add(page.after)
            window = Window(window.first, page.after)

    async def test_an_invented_cursor_is_refused(self, paged_lookup: Lookup, sandbox: Sandbox) -> None:
        """A cursor that is not from this list is a BadKeyError."""
        key = sandbox.known_keys(paged_lookup.key_kind)[0]
        window = Window(5, "\0 http://evil.example")
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, paged_lookup, [key], sandbox.arguments(), window)

        assert isinstance(result.get(key) if isinstance(result, dict) else result, BadKeyError)

    async def test_inserted_rows_hide_no_record(self, paged_lookup: Lookup, sandbox: Sandbox) -> None:
        """If rows are inserted between two pages, each record that exists the whole time is still read."""
        unchanged, read = await self.read_while_changing(paged_lookup, sandbox, (CHANGED_ROWS, 0))

        assert unchanged <= set(read), "a record that the vendor has all the time was missed"

    async def test_deleted_rows_hide_at_most_as_many_records(self, paged_lookup: Lookup, sandbox: Sandbox) -> None:
        """
        If rows are deleted between two pages, no more records are missed than rows deleted; none is repeated.
        """
        unchanged, read = await self.read_while_changing(paged_lookup, sandbox, (0, CHANGED_ROWS))

        assert len(set(read)) == len(read), "a record is on two pages"
        assert len(unchanged - set(read)) <= CHANGED_ROWS, "more records were missed than rows deleted"

    async def read_while_changing(
        self, paged_lookup: Lookup, sandbox: Sandbox, missing: tuple[int, int]
    ) -> tuple[set[str], list[str]]:
        """
        Read a list whose first rows disappear or appear after the first page.

        `missing` is the number of missing rows before and after the change. Returns the ids of the records that
        exist the whole time, and the ids that were read.
        """
        key = sandbox.known_keys(paged_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            sandbox.switches.missing = max(missing)
            records = await self.read_all(adapter, paged_lookup, key, Window(100), sandbox)
            unchanged = {record.vendor_id for record in records}
            sandbox.switches.missing = missing[0]
            page = (await run_lookup(adapter, paged_lookup, [key], sandbox.arguments(), Window(7)))[key]
            sandbox.switches.missing = missing[1]
            rest = await self.read_all(adapter, paged_lookup, key, Window(7, page.after), sandbox)
        return unchanged, [record.vendor_id for record in (*page.items, *rest)]

    @about_http
    async def test_short_pages_change_no_answer(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A vendor that puts fewer rows on a page than requested changes no answer."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            expected = await run_lookup(adapter, lookup, keys, sandbox.arguments(), Window(7))
            sandbox.switches.page_limit = 7
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments(), Window(7))

        assert batch == expected

    @about_http
    async def test_rows_that_move_are_read_once(self, unpaged_list_lookup: Lookup, sandbox: Sandbox) -> None:
        """A list that grows while it is read has each record that exists the whole time, and none twice."""
        key = sandbox.known_keys(unpaged_list_lookup.key_kind)[0]
        sandbox.switches.page_limit, sandbox.switches.missing = 7, CHANGED_ROWS
        sandbox.requests.clear()
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            unchanged = (await run_lookup(adapter, unpaged_list_lookup, [key], sandbox.arguments()))[key]
        good = max(len(sandbox.requests) - 1, 1)
        transport = InterposingTransport(sandbox, good, lambda: sandbox.switches.change({"missing": 0}))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            records = (await run_lookup(adapter, unpaged_list_lookup, [key], sandbox.arguments()))[key]
        ids = [record_id(record) for record in records]

        assert len(set(ids)) == len(ids)
        assert {record_id(record) for record in unchanged} <= set(ids)

    @about_http
    async def test_a_list_without_an_order_is_complete_or_an_error(
        self, list_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """A vendor that sends rows in another order in each response hides no record without an error."""
        keys = sample(sandbox.known_keys(list_lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            expected = await run_lookup(adapter, list_lookup, keys, sandbox.arguments())
            # Lists of a student or of a section are short, and need small pages to have several.
            sandbox.switches.page_limit = 7 if list_lookup.key_kind in ("district", "school") else 3
            sandbox.switches.shuffled = True
            result = await run_lookup_or_error(adapter, list_lookup, keys, sandbox.arguments())

        for key, records in result.items() if not isinstance(result, AdapterError) else ():
            if not isinstance(records, AdapterError):
                assert Counter(map(record_id, records)) == Counter(map(record_id, expected[key]))

    @about_http
    async def test_an_endless_list_ends(self, unpaged_list_lookup: Lookup, sandbox: Sandbox) -> None:
        """A list whose vendor repeats a page for ever is read up to the limit of pages."""
        key = sandbox.known_keys(unpaged_list_lookup.key_kind)[0]
        sandbox.switches.page_limit = 7
        sandbox.requests.clear()
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            await run_lookup(adapter, unpaged_list_lookup, [key], sandbox.arguments())
        request_count = len(sandbox.requests)
        for good in failure_points(request_count):
            transport = RepeatingTransport(sandbox, max(good, 1))
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                await run_lookup_or_error(adapter, unpaged_list_lookup, [key], sandbox.arguments())

            assert len(transport.sent) <= request_count + MAX_PAGES


def record_id(record: Record) -> tuple[str, str | None, str | None]:
    """
    The vendor's id of a record, and the student and section that it is about.

    One row of a vendor may be several records: a course for each of its sections, a contact for each student.
    """
    return record.vendor_id, getattr(record, "student_id", None), getattr(record, "section_id", None)
