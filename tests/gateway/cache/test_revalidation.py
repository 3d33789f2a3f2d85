"""If a source has a change version, it is read before cached answers are fetched again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.changes import earlier_answer
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolId
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sources import Freshness
from student_graph.gateway.cache.revalidation import NO_VERSION_SECONDS, VERSION_SECONDS
from tests.adapters.edfi.scripted_sandbox import connected
from tests.gateway.cache.slow_vendor import SlowLedger, SlowSis, settle
from tests.gateway.cache.small_cache import ACTIONS, STUDENTS, THIS_YEAR, CacheHarness
from tests.gateway.small_district import Sis, event

HOUR = 3600.0
TOO_OLD = HOUR + 301


class VersionedSis(Sis):
    """An SIS with a change version."""

    change_version: str | None = "1"

    async def version(self) -> str | None:
        self.ledger.record_call("version", ())
        return self.change_version


def versioned() -> tuple[CacheHarness, VersionedSis]:
    """A cache over a versioned SIS, and the SIS."""
    harness = CacheHarness(adapter_type=VersionedSis)
    sis = harness.source.adapter
    assert isinstance(sis, VersionedSis)
    return harness, sis


def new_calls(harness: CacheHarness) -> list[str]:
    """The names of the calls to the vendor since the last time."""
    names = [name for name, _ in harness.ledger.calls]
    harness.ledger.calls.clear()
    return names


async def test_unchanged_answers_are_confirmed_and_not_fetched() -> None:
    """Once the version of a class is known, one small request makes the class fresh again."""
    harness, sis = versioned()
    await harness.students("s1", "s2")
    assert new_calls(harness) == ["students_by_id"]  # keys that were never cached cost no extra request
    harness.clock.now += TOO_OLD
    await harness.students("s1", "s2")
    assert new_calls(harness) == ["version", "students_by_id"]
    for _ in range(3):
        harness.clock.now += TOO_OLD
        assert await harness.students("s1", "s2") == {"s1": False, "s2": False}
        assert new_calls(harness) == ["version"]
        assert await harness.students("s1", "s2") == {"s1": False, "s2": False}
        assert new_calls(harness) == []
    sis.change_version = "2"
    harness.clock.now += TOO_OLD
    await harness.students("s1", "s2")
    assert new_calls(harness) == ["version", "students_by_id"]


async def test_a_confirmed_answer_is_as_old_as_the_version_that_confirmed_it() -> None:
    """A version is used for some seconds: what it confirms later was unchanged when the version was requested."""
    harness, _ = versioned()
    for _ in range(2):
        await harness.students("s1", "s2")
        harness.clock.now += TOO_OLD
    await harness.students("s1")
    new_calls(harness)
    later = datetime.now(UTC)

    answers = await harness.ask(Ask(STUDENTS, ("s2",)))
    assert new_calls(harness) == []
    assert answers["s2"].fetched_at < later


async def test_a_version_is_read_again_when_it_is_older_than_answers_are_fresh() -> None:
    """What an old version confirms would not be fresh."""
    harness, _ = versioned()
    harness.source = replace(
        harness.source, freshness_by_lookup={STUDENTS.name: Freshness(timedelta(seconds=1), timedelta(0))}
    )
    for _ in range(2):
        await harness.students("s1")
        harness.clock.now += TOO_OLD
    new_calls(harness)
    for _ in range(2):
        await harness.students("s1")
        harness.clock.now += 1.5
    assert new_calls(harness) == ["version", "version"]


async def test_only_the_new_keys_of_a_batch_are_fetched() -> None:
    """Cached students are confirmed, and a student who was not requested before is fetched."""
    harness, _ = versioned()
    for _ in range(2):
        await harness.students("s1", "s2")
        harness.clock.now += TOO_OLD
    harness.ledger.calls.clear()
    await harness.students("s1", "s2", "s3")
    assert harness.ledger.calls == [("version", ()), ("students_by_id", ("s3",))]


async def test_concurrent_asks_share_one_request_for_the_version() -> None:
    """The version is then used for some seconds, for all lookups."""
    harness, _ = versioned()
    await harness.students("s1")
    await harness.students("s2")
    harness.clock.now += TOO_OLD
    await asyncio.gather(harness.students("s1"), harness.students("s2"))
    assert new_calls(harness).count("version") == 1
    harness.clock.now += TOO_OLD + VERSION_SECONDS
    await harness.students("s1")
    assert new_calls(harness) == ["version"]


@pytest.mark.parametrize("version", ["none", "fails"])
async def test_without_a_version_all_answers_are_fetched(version: str) -> None:
    """A source that has no version, or fails to return it, is not asked for it again for a while."""
    harness, sis = versioned()
    sis.change_version = None
    if version == "fails":
        harness.ledger.failing["version"] = httpx.ConnectError("refused")
    await harness.students("s1")
    new_calls(harness)
    harness.clock.now += TOO_OLD
    await harness.students("s1")
    assert new_calls(harness) == ["version", "students_by_id"]
    await harness.students("s2")
    new_calls(harness)
    harness.clock.now += NO_VERSION_SECONDS - 1
    harness.cache.store.expire(harness.source, Ask(STUDENTS, ()), harness.clock.now)
    await harness.students("s1", "s2", "s3")
    assert "version" not in new_calls(harness)
    harness.clock.now += TOO_OLD
    await harness.students("s1")
    assert new_calls(harness) == ["version", "students_by_id"]


async def test_answers_that_arrive_one_by_one_have_the_version_that_was_read_before() -> None:
    """Confirmed answers arrive before the others are read. Later all of them are confirmed by the version."""

    class SlowVersionedSis(SlowSis, VersionedSis):
        pass

    ledger = SlowLedger(students=["s1", "s2"])
    harness = CacheHarness(ledger, adapter_type=SlowVersionedSis)
    ledger.event("s1").set()
    for _ in range(2):  # the second time with a version
        await harness.students("s1")
        harness.clock.now += TOO_OLD
    page = asyncio.create_task(harness.students("s1", "s2"))
    await settle()
    assert await harness.students("s1") == {"s1": False}
    assert not page.done()
    ledger.event("s2").set()
    assert await page == {"s1": False, "s2": False}
    new_calls(harness)
    harness.clock.now += TOO_OLD
    await harness.students("s1", "s2")
    assert new_calls(harness) == ["version"]


class ChangesSis(VersionedSis):
    """An SIS whose list of a school's attendance is brought up to date."""

    async def attendance_events_by_school(self, ids: Sequence[SchoolId], *, school_year: int) -> Any:
        """The events, which are recorded with the earlier answer that the lookup got."""
        earlier = earlier_answer(ids[0])
        self.ledger.record_call("changes" if earlier else "all", (earlier.version if earlier else None,))
        return await super().attendance_events_by_school(ids, school_year=school_year)


async def test_a_long_list_gets_its_earlier_answer_and_version() -> None:
    """The first answer has the version that was read before it; later reads get the answer with its version."""
    harness = CacheHarness(adapter_type=ChangesSis)
    sis = harness.source.adapter
    assert isinstance(sis, ChangesSis)
    harness.ledger.events = [event("s1", "1", 3)]
    ask = Ask(lookup_of(Adapter.attendance_events_by_school), ("1",), THIS_YEAR)

    async def calls_of_a_read() -> list[tuple[str, tuple[Any, ...]]]:
        harness.ledger.calls.clear()
        await harness.ask(ask)
        await settle()
        harness.clock.now += TOO_OLD
        return [call for call in harness.ledger.calls if call[0] != "attendance_events_by_school"]

    assert await calls_of_a_read() == [("version", ()), ("all", (None,))]
    assert await calls_of_a_read() == [("version", ())]
    sis.change_version = "2"
    assert await calls_of_a_read() == [("version", ()), ("changes", ("1",))]
    sis.change_version = "3"
    assert await calls_of_a_read() == [("version", ()), ("changes", ("2",))]


class UnreadableSis(ChangesSis):
    """An SIS whose list of a school's attendance has a row that cannot be read."""

    async def attendance_events_by_school(self, ids: Sequence[SchoolId], *, school_year: int) -> Any:
        """The other events."""
        report_unreadable_row(b"{}", PayloadError("a row", code="SOURCE_SCHEMA"))
        return await super().attendance_events_by_school(ids, school_year=school_year)


async def test_a_list_with_an_unreadable_row_is_read_in_full_when_it_has_changed() -> None:
    """Changes would not say whether the row is still there; unchanged, the list is confirmed and says it again."""
    harness = CacheHarness(adapter_type=UnreadableSis)
    sis = harness.source.adapter
    assert isinstance(sis, UnreadableSis)
    ask = Ask(lookup_of(Adapter.attendance_events_by_school), ("1",), THIS_YEAR)
    calls = []
    for sis.change_version in ("1", "1", "2"):
        harness.ledger.calls.clear()
        answers = await harness.ask(ask)
        await settle()
        harness.clock.now += TOO_OLD
        assert [error.code for error in answers["1"].withheld] == ["SOURCE_SCHEMA"]
        calls.append([name for name, _ in harness.ledger.calls if name != "attendance_events_by_school"])

    assert calls == [["version", "all"], ["version"], ["version", "all"]]


async def test_a_version_that_goes_back_forgets_all_answers_of_the_source(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a restore the earlier answers are wrong: nothing is confirmed or brought up to date from them."""
    harness = CacheHarness(adapter_type=ChangesSis)
    sis = harness.source.adapter
    assert isinstance(sis, ChangesSis)
    sis.change_version = "20"
    ask = Ask(lookup_of(Adapter.attendance_events_by_school), ("1",), THIS_YEAR)
    await harness.ask(ask)
    await harness.students("s1")
    harness.clock.now += VERSION_SECONDS + 61
    sis.change_version = "19"
    harness.ledger.calls.clear()
    await harness.ask(ask)  # a stale answer, which is refreshed in the background
    await settle()
    await harness.ask(ask)
    await harness.students("s1")

    assert [name for name, _ in harness.ledger.calls] == [
        "version",
        "all",
        "attendance_events_by_school",
        "students_by_id",
    ]
    assert "went back from change version 20 to 19" in caplog.text


async def test_restricted_data_and_newer_answers_are_fetched() -> None:
    """Restricted data, and answers newer than the cached ones, are never confirmed by a version."""
    harness, _ = versioned()
    for _ in range(3):
        await harness.ask(Ask(ACTIONS, ("s1",)))
        await harness.ask(Ask(STUDENTS, ("s1",)), preferred_age=0)
        harness.clock.now += TOO_OLD
    assert "version" not in new_calls(harness)


async def test_the_version_of_ed_fi_is_the_number_of_its_last_change() -> None:
    """`availableChangeVersions` has the number, which grows with each change."""
    sandbox = EdFiSandbox(make_district(30))
    async with connected(sandbox) as adapter:
        first = await adapter.version()
        sandbox.newest_change_version += 3
        second = await adapter.version()
    assert first is not None
    assert second is not None
    assert int(second) == int(first) + 3
