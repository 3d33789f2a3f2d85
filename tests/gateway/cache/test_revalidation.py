"""A source that marks its state is asked for the mark before it is asked again for what was kept."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache.revalidation import LOOKED, WITHOUT
from tests.adapters.edfi.scripted import connected
from tests.gateway.cache.small_cache import ACTIONS, STUDENTS, Kept
from tests.gateway.small_district import Sis

HOUR = 3600.0
TOO_OLD = HOUR + 301


class Marked(Sis):
    """An SIS that has a mark: the number of calls to change something."""

    mark: str | None = "1"

    async def version(self) -> str | None:
        self.ledger.asked("version", ())
        return self.mark


def marked() -> tuple[Kept, Marked]:
    """A cache over it, and the SIS."""
    kept = Kept(kind=Marked)
    sis = kept.sis.adapter
    assert isinstance(sis, Marked)
    return kept, sis


def named(kept: Kept) -> list[str]:
    """What the vendor was asked since the last time."""
    names = [name for name, _ in kept.ledger.calls]
    kept.ledger.calls.clear()
    return names


async def test_what_did_not_change_is_confirmed_and_not_fetched() -> None:
    """The second time it is no longer fresh: a class costs one small request, and is fresh again."""
    kept, sis = marked()
    await kept.students("s1", "s2")
    assert named(kept) == ["students_by_id"]  # what was never kept costs nothing more
    kept.clock.now += TOO_OLD
    await kept.students("s1", "s2")
    assert named(kept) == ["version", "students_by_id"]
    for _ in range(3):
        kept.clock.now += TOO_OLD
        assert await kept.students("s1", "s2") == {"s1": False, "s2": False}
        assert named(kept) == ["version"]
        assert await kept.students("s1", "s2") == {"s1": False, "s2": False}
        assert named(kept) == []
    sis.mark = "2"
    kept.clock.now += TOO_OLD
    await kept.students("s1", "s2")
    assert named(kept) == ["version", "students_by_id"]


async def test_of_a_batch_only_what_was_never_kept_is_fetched() -> None:
    """A student who was not asked for before."""
    kept, _ = marked()
    for _ in range(2):
        await kept.students("s1", "s2")
        kept.clock.now += TOO_OLD
    kept.ledger.calls.clear()
    await kept.students("s1", "s2", "s3")
    assert kept.ledger.calls == [("version", ()), ("students_by_id", ("s3",))]


async def test_a_mark_is_looked_for_by_one_for_all() -> None:
    """And holds for some seconds, whatever is asked."""
    kept, _ = marked()
    await kept.students("s1")
    await kept.students("s2")
    kept.clock.now += TOO_OLD
    await asyncio.gather(kept.students("s1"), kept.students("s2"))
    assert named(kept).count("version") == 1
    kept.clock.now += TOO_OLD + LOOKED
    await kept.students("s1")
    assert named(kept) == ["version"]


@pytest.mark.parametrize("trouble", ["none", "fails"])
async def test_without_a_mark_all_is_fetched_as_ever(trouble: str) -> None:
    """A source that tells none, or fails to, is not asked for it again for a while."""
    kept, sis = marked()
    sis.mark = None
    if trouble == "fails":
        kept.ledger.failing["version"] = httpx.ConnectError("refused")
    await kept.students("s1")
    named(kept)
    kept.clock.now += TOO_OLD
    await kept.students("s1")
    assert named(kept) == ["version", "students_by_id"]
    await kept.students("s2")
    named(kept)
    kept.clock.now += WITHOUT - 1
    kept.cache.store.expire(kept.sis, Ask(STUDENTS, ()), kept.clock.now)
    await kept.students("s1", "s2", "s3")
    assert "version" not in named(kept)
    kept.clock.now += TOO_OLD
    await kept.students("s1")
    assert named(kept) == ["version", "students_by_id"]


async def test_restricted_data_and_who_wants_it_newer_are_not_answered_by_a_mark() -> None:
    """They are fetched."""
    kept, _ = marked()
    for _ in range(3):
        await kept.ask(Ask(ACTIONS, ("s1",)))
        await kept.ask(Ask(STUDENTS, ("s1",)), liked=0)
        kept.clock.now += TOO_OLD
    assert "version" not in named(kept)


async def test_ed_fi_tells_the_number_of_its_last_change() -> None:
    """As `availableChangeVersions` does; it grows with each change, and is none where the API does not tell it."""
    sandbox = EdFiSandbox(make_district(30))
    async with connected(sandbox) as adapter:
        first = await adapter.version()
        sandbox.changes += 3
        second = await adapter.version()
    assert first is not None
    assert second is not None
    assert int(second) == int(first) + 3
