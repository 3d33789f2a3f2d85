"""If a source has a change version, it is read before cached answers are fetched again."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache.revalidation import NO_VERSION_SECONDS, VERSION_SECONDS
from tests.adapters.edfi.scripted_sandbox import connected
from tests.gateway.cache.slow_vendor import SlowLedger, SlowSis, settle
from tests.gateway.cache.small_cache import ACTIONS, STUDENTS, CacheHarness
from tests.gateway.small_district import Sis

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
