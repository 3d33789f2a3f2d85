"""What the cache holds is bounded, in bytes and in number, and what was used longest ago goes first."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest

from student_graph.adapters.answers import Ask
from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.cache.limits import MIB
from student_graph.gateway.cache.purges import Purged
from tests.gateway.cache.small_cache import EVENTS, PAGES, STUDENTS, THIS_YEAR, Kept
from tests.gateway.small_district import DISTRICT, Ledger, Lms, Sis, source


async def test_what_was_used_longest_ago_goes_first() -> None:
    """With room for three answers, the one that nobody asked for since is the one that is asked again."""
    kept = Kept(limits=Limits(entries=3))
    for number in ("s1", "s2", "s3"):
        await kept.students(number)
    await kept.students("s1")
    await kept.students("s4")
    kept.ledger.calls.clear()
    for number in ("s1", "s3", "s4", "s2"):
        await kept.students(number)
    assert kept.calls == [("s2",)]


async def test_a_batch_that_is_used_keeps_its_answers_in_use() -> None:
    """Answers that are served as one batch count as used, each of them."""
    kept = Kept(limits=Limits(entries=12))
    batch = tuple(f"s{n}" for n in range(8))
    await kept.students(*batch)
    await kept.students("s8", "s9", "s10", "s11")
    await kept.students(*batch)
    await kept.students(*batch)
    await kept.students("s12", "s13")
    kept.ledger.calls.clear()
    await kept.students(*batch)
    assert kept.calls == []


async def test_the_same_batch_is_the_same_mapping_until_one_of_its_answers_is_another() -> None:
    """Layers above may remember what they found out about a batch by its identity."""
    kept = Kept()
    batch = Ask(STUDENTS, tuple(f"s{n}" for n in range(8)))
    await kept.ask(batch)
    first, second = await kept.ask(batch), await kept.ask(batch)
    assert first is second
    await kept.students("s3", liked=-1)
    third = await kept.ask(batch)
    assert third is not first
    assert list(third) == list(first)


@pytest.mark.row("D11")
@pytest.mark.parametrize("memory", [1, 3])
async def test_bytes_stay_within_their_bound_and_are_what_python_says(memory: int) -> None:
    """Far more is asked than fits; what is held is as the interpreter counts it, give or take a fifth."""
    kept = Kept(limits=Limits(memory=memory * MIB))
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for start in range(0, 20_000, 50):
        numbers = [str(100_000 + start + n) for n in range(50)]
        kept.ledger.students = numbers
        await kept.students(*numbers)
        kept.ledger.calls.clear()
    kept.ledger.students = []
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert kept.cache.store.bytes <= memory * MIB
    assert len(kept.cache.store) > 300
    assert grown <= memory * MIB * 1.2


async def test_nothing_is_counted_that_is_gone() -> None:
    """Whatever is kept, used, replaced and purged at random: empty is empty."""
    chance = random.Random(7)  # noqa: S311 - a test's numbers
    kept = Kept(limits=Limits(entries=40), ledger=Ledger(students=[f"s{n}" for n in range(60)]))
    for _ in range(600):
        some = chance.sample([f"s{n}" for n in range(60)], chance.randint(1, 12))
        await kept.students(*some, liked=chance.choice([None, -1]))
        await kept.ask(Ask(EVENTS, tuple(some), THIS_YEAR))
        if chance.random() < 0.2:
            await kept.cache.purge(Purge(district=DISTRICT, students=frozenset(some)))
        assert len(kept.cache.store) <= 40
    await kept.cache.purge(Purge(district=DISTRICT))
    assert (len(kept.cache.store), kept.cache.store.bytes) == (0, 0)


PURGES = [
    (Purge(district=DISTRICT), {"students", "events", "pages", "work"}),
    (Purge(district=DISTRICT, source="sis"), {"students", "events", "pages"}),
    (Purge(district=DISTRICT, records=frozenset({"AttendanceEvent"})), {"events"}),
    (Purge(district=DISTRICT, students=frozenset({"s1"})), {"students", "events", "pages", "work"}),
    (Purge(district=DISTRICT, students=frozenset({"s2"})), {"pages", "work"}),
    (Purge(district=DISTRICT, source="lms", students=frozenset({"s1"}), own=True), {"work"}),
    (Purge(district=DISTRICT, source="lms", students=frozenset({"s2"}), own=True), set()),
    (Purge(district="dale", students=frozenset({"s1"})), set()),  # type: ignore[arg-type] # a district of that id
]


@pytest.mark.parametrize(("purge", "taken"), PURGES)
def test_a_purge_takes_what_may_be_wrong_and_no_more(purge: Purge, taken: set[str]) -> None:
    """By a student's number: that student's answers, all that name many, all of a source with other numbers."""
    sis, lms = source(Sis, Ledger(), "sis"), source(Lms, Ledger(), "lms")
    work = next(each for each in Lms.capabilities() if each.name == "assignment_work_by_student")
    held = {
        "students": (sis, STUDENTS, "s1"),
        "events": (sis, EVENTS, "s1"),
        "pages": (sis, PAGES, DISTRICT),
        "work": (lms, work, "sis_user_id:s1"),
    }
    told = {name for name, (whose, what, key) in held.items() if purge.concerns(whose, what)
            and purge.takes(whose, what, key)}  # fmt: skip
    assert told == taken
    purged = Purged()
    purged.note(purge, 5.0)
    assert {name for name, place in held.items() if purged.last(*place)} == taken
