"""Checks of lists that are odd: rows sent twice, wrong totals, larger pages than requested, other names."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import INAPPLICABLE, about_http
from student_graph.adapters.testing.harness import (
    BatchResult,
    open_adapter,
    run_lookup,
    run_lookup_or_error,
    sample,
)
from student_graph.adapters.testing.oddities.documents import DocumentTransport, row_lists, with_rows
from student_graph.adapters.testing.paging import record_id

SMALL_PAGE_ROWS, LARGE_PAGE_ROWS = 7, 25
"""Rows that are requested in a page, and rows that a vendor sends which ignores the request."""


class OddLists:
    """Checks of every supported lookup with a vendor whose lists are odd."""

    kind: type[Adapter]

    @about_http
    async def test_a_row_that_is_sent_twice_is_one_record(self, list_lookup: Lookup, sandbox: Sandbox) -> None:
        """A vendor that repeats the last row of each list has the same records, or the list is an error."""
        healthy, result = await self.odd_answers(list_lookup, sandbox, lambda rows: [*rows, rows[-1]])

        assert_same_or_error(healthy, result)

    @about_http
    async def test_a_list_under_another_name_is_not_an_empty_list(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A response whose list or object has another name than documented is an error, and hides no record."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        transport = DocumentTransport(sandbox, _renamed)
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())
        if not transport.changed:
            pytest.skip(f"{INAPPLICABLE}the lists of the vendor have no names")

        assert_same_or_error(healthy, result)

    @about_http
    async def test_a_total_that_is_too_high_hides_no_record(self, list_lookup: Lookup, sandbox: Sandbox) -> None:
        """If a list has fewer rows than its total, the answer is complete, or an error."""
        keys = sample(sandbox.known_keys(list_lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, list_lookup, keys, sandbox.arguments())
        transport = DocumentTransport(sandbox, change_total=lambda total: total + 1)
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, list_lookup, keys, sandbox.arguments())
        if not transport.changed:
            pytest.skip(f"{INAPPLICABLE}the vendor sends no total in a header")

        assert_same_or_error(healthy, result)

    async def test_a_total_is_the_length_of_the_list(self, paged_lookup: Lookup, sandbox: Sandbox) -> None:
        """The total of a page is the number of records in all pages, or it is not stated."""
        key = sandbox.known_keys(paged_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            pages = await _pages(adapter, paged_lookup, key, sandbox, SMALL_PAGE_ROWS)

        rows, totals = sum(len(page.items) for page in pages), {page.total for page in pages} - {None}
        assert totals <= {rows}, f"all pages have {rows} records, and the total is {totals}"

    @about_http
    async def test_larger_pages_than_requested_lose_no_record(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A vendor that ignores the requested size of a page hides and repeats no record."""
        key = sandbox.known_keys(lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            expected = await self.all_ids(adapter, lookup, key, sandbox)
            sandbox.switches.min_page_rows = LARGE_PAGE_ROWS
            ids = await self.all_ids(adapter, lookup, key, sandbox)

        assert ids is None or ids == expected, "records were missed or repeated"

    async def all_ids(self, adapter: Adapter, lookup: Lookup, key: Any, sandbox: Sandbox) -> Counter[Any] | None:
        """How often each record is in the answer to a key, all pages together; None if it is an error."""
        try:
            if lookup.paged:
                pages = await _pages(adapter, lookup, key, sandbox, SMALL_PAGE_ROWS)
                return Counter(record_id(record) for page in pages for record in page.items)
        except AdapterError:
            return None
        result = await run_lookup_or_error(adapter, lookup, [key], sandbox.arguments())
        if isinstance(result, AdapterError) or isinstance(result.get(key), AdapterError):
            return None
        return Counter(map(record_id, records_in(result.get(key))))

    async def odd_answers(
        self, lookup: Lookup, sandbox: Sandbox, change: Any
    ) -> tuple[BatchResult, BatchResult | AdapterError]:
        """The answers to some keys, and what they are if each list of rows of the vendor is changed."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 3)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        transport = DocumentTransport(sandbox, lambda document: with_rows(document, change))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            return healthy, await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())


def assert_same_or_error(healthy: BatchResult, result: BatchResult | AdapterError) -> None:
    """
    Compare the answers of an odd vendor with those of a healthy one: each is the same, or an error.

    Raises:
        AssertionError: an answer has other records.
    """
    if isinstance(result, AdapterError):
        return
    for key, answer in healthy.items():
        odd = result.get(key)
        if not isinstance(odd, AdapterError):
            ids = (Counter(map(record_id, records_in(records))) for records in (answer, odd))
            expected, actual = ids
            assert actual == expected, "an answer with other records"


async def _pages(adapter: Adapter, lookup: Lookup, key: Any, sandbox: Sandbox, first: int) -> list[Page[Any]]:
    pages: list[Page[Any]] = []
    window: Window | None = Window(first)
    while window is not None:
        page = (await run_lookup(adapter, lookup, [key], sandbox.arguments(), window))[key]
        if isinstance(page, AdapterError):
            raise page
        pages.append(page)
        window = None if page.after is None else Window(first, page.after)
    return pages


def _renamed(document: Any) -> Any:
    """A document whose lists at the root, or whose only object there, have other names."""
    if not isinstance(document, dict):
        return document
    lists = {name for name, child in document.items() if any(child is rows for rows in row_lists(document))}
    names = lists or {name for name, child in document.items() if isinstance(child, dict) and len(document) == 1}
    return {f"x{name}" if name in names else name: child for name, child in document.items()}
