"""Calls of adapters: errors are translated, records are stamped and checked, and passed on when they arrive."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.reading import SharedReads, report_unreadable_row
from student_graph.gateway.concurrency.arrivals import receiving_arrivals
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import DISTRICT, Ledger, Sis, error_code, source, student

STUDENTS = lookup_of(Adapter.students_by_id)


async def test_records_are_stamped_with_their_source() -> None:
    """The stamp holds the district, the source and the time."""
    sis = source(Sis, Ledger(students=["s1"]), "sis")
    answers = await fetch_from_vendor(sis, Ask(STUDENTS, ("s1", "nobody")))
    assert set(answers) == {"s1"}
    fetched = answers["s1"].value.fetched
    assert (fetched.district, fetched.source, fetched.at) == (DISTRICT, "sis", answers["s1"].fetched_at)


class SharingSis(Sis):
    """An SIS whose lookups of students share one read, which ends when the test lets it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.reads, self.may_end = SharedReads(), asyncio.Event()

    async def students_by_id(self, ids: Any) -> Any:
        if "reported" in ids:
            return await answer_by_key(ids, self._read_shared, 1)
        return {key: await self._read_shared(key) for key in ids}

    async def _read_shared(self, key: str) -> Any:
        await self.reads.read("all students", self.may_end.wait)
        return student(key)


@pytest.mark.parametrize("key", ["s1", "reported"])
async def test_an_answer_from_a_shared_read_is_as_old_as_the_read(key: str) -> None:
    """Whoever joins a read gets rows from before its own request."""
    sis = source(SharingSis, Ledger(), "sis")
    adapter = sis.adapter
    assert isinstance(adapter, SharingSis)
    first = asyncio.create_task(fetch_from_vendor(sis, Ask(STUDENTS, ("first",))))
    await asyncio.sleep(0)
    before_joining = datetime.now(UTC)
    second = asyncio.create_task(fetch_from_vendor(sis, Ask(STUDENTS, (key,))))
    await asyncio.sleep(0)
    adapter.may_end.set()
    await first
    answers = await second
    assert answers[key].fetched_at < before_joining
    assert answers[key].value.fetched.at == answers[key].fetched_at


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


class ReportingSis(Sis):
    """An SIS that answers its students one by one."""

    async def students_by_id(self, ids: Any) -> Any:
        return await answer_by_key(ids, self._read, 1)

    async def _read(self, key: str) -> Any:
        self.ledger.record_call("students_by_id", (key,))
        match key:
            case "down":
                raise httpx.ConnectError("refused")
            case "mixed up":
                return student("somebody-else")
            case "bug":
                raise KeyError(key)
        return student(key) if key in self.ledger.students else None


async def test_an_answer_is_passed_on_checked_and_stamped_when_the_adapter_has_it() -> None:
    """Also errors and unknown keys; the batch at the end holds the same answers."""
    arrived: dict[str, Any] = {}
    ledger = Ledger(students=["s1", "s2"])
    sis = source(ReportingSis, ledger, "sis")
    keys = ("s1", "nobody", "down", "mixed up", "s2")
    with receiving_arrivals(arrived.update):
        answers = await fetch_from_vendor(sis, Ask(STUDENTS, keys))
    assert tuple(arrived) == keys
    assert answers == {key: answer for key, answer in arrived.items() if answer is not None}
    assert arrived["nobody"] is None
    fetched = arrived["s1"].value.fetched
    assert (fetched.district, fetched.source, fetched.at) == (DISTRICT, "sis", arrived["s1"].fetched_at)
    codes = {key: error_code(answer) for key, answer in answers.items()}
    assert codes == {"s1": None, "down": "SOURCE_UNAVAILABLE", "mixed up": "SOURCE_SCHEMA", "s2": None}


async def test_what_a_batch_says_about_a_reported_key_does_not_count() -> None:
    """A key has one answer: the one that was passed on."""

    class InconsistentSis(ReportingSis):
        async def students_by_id(self, ids: Any) -> Any:
            await super().students_by_id(ids)
            return {"s1": student("s1"), "nobody": student("nobody"), "s2": student("s2")}

    arrived: dict[str, Any] = {}
    with receiving_arrivals(arrived.update):
        answers = await fetch_from_vendor(
            source(InconsistentSis, Ledger(students=["s1"]), "sis"), Ask(STUDENTS, ("s1", "nobody"))
        )
    assert set(arrived) == {"s1", "nobody"}
    assert set(answers) == {"s1", "s2"}
    assert answers["s1"] is arrived["s1"]


async def test_a_bug_of_an_adapter_leaves_the_answers_before_it() -> None:
    """Only the keys without an answer fail."""
    sis = source(ReportingSis, Ledger(students=["s1", "s2"]), "sis")
    answers = await fetch_from_vendor(sis, Ask(STUDENTS, ("s1", "bug", "s2")))
    assert {key: error_code(answer) for key, answer in answers.items()} == {
        "s1": None,
        "bug": "INTERNAL",
        "s2": "INTERNAL",
    }


async def test_an_answer_is_as_old_as_the_beginning_of_its_reading() -> None:
    """A reported key as its own reading, any other as the whole batch."""
    ended: dict[str, datetime] = {}

    class SlowSis(ReportingSis):
        async def students_by_id(self, ids: Any) -> Any:
            reported = await super().students_by_id([key for key in ids if key != "unreported"])
            return reported | {"unreported": student("unreported")}

        async def _read(self, key: str) -> Any:
            await asyncio.sleep(0.01)  # the time that the reading takes
            ended[key] = datetime.now(UTC)
            return student(key)

    answers = await fetch_from_vendor(source(SlowSis, Ledger(), "sis"), Ask(STUDENTS, ("s1", "s2", "unreported")))
    assert answers["unreported"].fetched_at < answers["s1"].fetched_at < ended["s1"]
    assert ended["s1"] <= answers["s2"].fetched_at < ended["s2"]


class OddSis(Sis):
    """An SIS with a row that cannot be read at each of two keys."""

    async def students_by_id(self, ids: Any) -> Any:
        return await answer_by_key(ids, self._read, 1)

    async def _read(self, key: str) -> Any:
        if key != "s1":
            report_unreadable_row(key.encode(), PayloadError("unexpected shape", code="SOURCE_SCHEMA"))
        return None if key == "odd" else student(key)


@pytest.mark.parametrize("arriving", [False, True])
async def test_a_row_that_cannot_be_read_is_an_error_of_its_key(arriving: bool) -> None:
    """A record without a part of it says so; a key without its only row is an error, and never unknown."""
    arrived: dict[str, Any] = {}
    with receiving_arrivals(arrived.update):
        answers = await fetch_from_vendor(source(OddSis, Ledger(), "sis"), Ask(STUDENTS, ("s1", "part", "odd")))
    received = arrived if arriving else answers

    assert received["s1"].withheld == ()
    assert [(error.code, error.source) for error in received["part"].withheld] == [("SOURCE_SCHEMA", "sis")]
    assert error_code(received["odd"]) == "SOURCE_SCHEMA"
