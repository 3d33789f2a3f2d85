"""The boundary of foreign code: errors translated, records stamped and checked, time bounded."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.gateway.fetch.vendor import bounded, fetch_from_vendor
from tests.gateway.small_district import DISTRICT, Ledger, Sis, error_code, source, student

STUDENTS = lookup_of(Adapter.students_by_id)


async def test_records_are_stamped() -> None:
    """A record says which source of which district gave it, and when."""
    sis = source(Sis, Ledger(students=["s1"]), "sis")
    told = await fetch_from_vendor(sis, Ask(STUDENTS, ("s1", "nobody")))
    assert set(told) == {"s1"}
    fetched = told["s1"].value.fetched
    assert (fetched.district, fetched.source, fetched.at) == (DISTRICT, "sis", told["s1"].fetched_at)


async def test_an_answer_about_another_key_is_an_error() -> None:
    """A vendor that answers for somebody else gives nobody anything."""

    class Crossed(Sis):
        async def students_by_id(self, ids: Any) -> Any:
            return {ids[0]: student("somebody-else")}

    told = await fetch_from_vendor(source(Crossed, Ledger(), "sis"), Ask(STUDENTS, (StudentId("s1"),)))
    assert error_code(told["s1"]) == "SOURCE_SCHEMA"
    assert told["s1"].value.source == "sis"


async def test_what_a_vendor_did_is_one_of_the_family() -> None:
    """A connection that fails stands at every key of the batch."""
    ledger = Ledger(failing={"students_by_id": httpx.ConnectError("no route to Jane at http://secret.example")})
    told = await fetch_from_vendor(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s2")))
    assert [error_code(a) for a in told.values()] == ["SOURCE_UNAVAILABLE"] * 2
    assert "secret" not in str(told["s1"].value) + told["s1"].value.reason


@pytest.mark.row("B16")
async def test_a_bug_of_an_adapter_is_its_sources_failure(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody knows becomes INTERNAL; the log names the place and holds no value."""
    ledger = Ledger(failing={"students_by_id": KeyError("Jane Doe, token=SECRET")})
    with caplog.at_level(logging.ERROR):
        told = await fetch_from_vendor(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1",)))
    assert error_code(told["s1"]) == "INTERNAL"
    assert "KeyError" in caplog.text
    assert "small.py" in caplog.text
    assert not [text for text in ("Jane", "SECRET") if text in caplog.text]


async def test_a_source_that_hangs_is_cut() -> None:
    """A source has its own time, and no more."""
    sis = source(Sis, Ledger(), "sis", timeout=0.05)
    ended = []

    async def hang(_source: Any, _ask: Any, /) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cut")

    told = await bounded(hang)(sis, Ask(STUDENTS, ("s1", "s2")))
    assert [error_code(a) for a in told.values()] == ["SOURCE_UNAVAILABLE"] * 2
    assert ended == ["cut"]
