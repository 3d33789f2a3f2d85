"""A list read window by window is the whole list."""

from __future__ import annotations

import pytest

from adapters.contract import Adapter
from adapters.errors import BadKeyError
from adapters.lookup import Lookup, Page, StudentFilter, Window
from adapters.model import Record, StudentId
from adapters.sandbox.serving import Sandbox
from adapters.testing.asking import ask, built, records_of, tell


class Windows:
    """Every paging lookup."""

    kind: type[Adapter]

    @pytest.mark.parametrize("first", [1, 7, 100])
    async def test_no_record_is_lost_or_doubled(self, paged: Lookup, first: int, sandbox: Sandbox) -> None:
        """Whatever the size of a page, each record comes once, and everybody whom the sandbox knows comes."""
        key = sandbox.known(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            records = await self.walk(adapter, paged, key, first, sandbox)
        ids = [record.vendor_id for record in records]

        assert len(set(ids)) == len(ids)
        if self.kind.identity is None and paged.about.value == "student_id":
            people = {getattr(record, "student_id", None) for record in records}
            assert set(sandbox.known("student")) <= people

    async def walk(self, adapter: Adapter, paged: Lookup, key: str, first: int, sandbox: Sandbox) -> list[Record]:
        """All records, a window at a time."""
        after: str | None = None
        records: list[Record] = []
        seen: set[str] = set()
        while True:
            page = (await ask(adapter, paged, [key], sandbox.arguments(), Window(first, after)))[key]
            assert isinstance(page, Page)
            assert len(page.items) <= first
            records += page.items
            if page.after is None:
                return records
            assert page.after not in seen, "a cursor that comes back"
            seen.add(page.after)
            after = page.after

    async def test_a_made_up_cursor_is_refused(self, paged: Lookup, sandbox: Sandbox) -> None:
        """A cursor that the list did not give is the asker's error; nothing else is read with it."""
        key = sandbox.known(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            told = await tell(adapter, paged, [key], sandbox.arguments(), Window(5, "\0 http://evil.example"))

        assert isinstance(told.get(key) if isinstance(told, dict) else told, BadKeyError)

    async def test_an_applied_filter_is_applied(self, paged: Lookup, sandbox: Sandbox) -> None:
        """What the vendor is said to have filtered by, it has."""
        if paged.about.value != "student_id" or self.kind.identity is not None:
            return
        wanted = StudentId(sandbox.known("student")[0])
        arguments = sandbox.arguments() | {"filter": StudentFilter(ids=(wanted,))}
        key = sandbox.known(paged.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            page = (await ask(adapter, paged, [key], arguments))[key]

        if "ids" in page.applied:
            assert {wanted} == {getattr(record, "student_id", None) for record in records_of(page)}
