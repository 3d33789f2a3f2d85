"""Calls of adapters: errors are translated, records are stamped and checked, time is limited."""

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


async def test_records_are_stamped_with_their_source() -> None:
    """The stamp holds the district, the source and the time."""
    sis = source(Sis, Ledger(students=["s1"]), "sis")
    answers = await fetch_from_vendor(sis, Ask(STUDENTS, ("s1", "nobody")))
    assert set(answers) == {"s1"}
    fetched = answers["s1"].value.fetched
    assert (fetched.district, fetched.source, fetched.at) == (DISTRICT, "sis", answers["s1"].fetched_at)


async def test_an_answer_about_another_key_is_an_error() -> None:
    """A record of another student is never returned."""

    class WrongStudentSis(Sis):
        async def students_by_id(self, ids: Any) -> Any:
            return {ids[0]: student("somebody-else")}

    answers = await fetch_from_vendor(source(WrongStudentSis, Ledger(), "sis"), Ask(STUDENTS, (StudentId("s1"),)))
    assert error_code(answers["s1"]) == "SOURCE_SCHEMA"
    assert answers["s1"].value.source == "sis"


async def test_an_exception_becomes_the_error_of_every_key() -> None:
    """The text of a connection error, which may hold names and addresses, is not shown."""
    ledger = Ledger(failing={"students_by_id": httpx.ConnectError("no route to Jane at http://secret.example")})
    answers = await fetch_from_vendor(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s2")))
    assert [error_code(a) for a in answers.values()] == ["SOURCE_UNAVAILABLE"] * 2
    assert "secret" not in str(answers["s1"].value) + answers["s1"].value.reason


@pytest.mark.row("B16")
async def test_a_bug_of_an_adapter_is_a_failure_of_its_source(caplog: pytest.LogCaptureFixture) -> None:
    """An unknown exception becomes INTERNAL; the log names the line of code and contains no value."""
    ledger = Ledger(failing={"students_by_id": KeyError("Jane Doe, token=SECRET")})
    with caplog.at_level(logging.ERROR):
        answers = await fetch_from_vendor(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1",)))
    assert error_code(answers["s1"]) == "INTERNAL"
    assert "KeyError" in caplog.text
    assert "small_district.py" in caplog.text
    assert not [text for text in ("Jane", "SECRET") if text in caplog.text]


async def test_a_source_that_hangs_is_cancelled() -> None:
    """The timeout is in the settings of the source."""
    sis = source(Sis, Ledger(), "sis", timeout=0.05)
    ended = []

    async def hang(_source: Any, _ask: Any, /) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    answers = await bounded(hang)(sis, Ask(STUDENTS, ("s1", "s2")))
    assert [error_code(a) for a in answers.values()] == ["SOURCE_UNAVAILABLE"] * 2
    assert ended == ["cancelled"]
