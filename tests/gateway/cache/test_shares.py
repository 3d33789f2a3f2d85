"""A district that fills the cache evicts nothing of another one that is within a fair share."""

from __future__ import annotations

from datetime import UTC, datetime

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import EntryTimes
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.store import Store
from tests.gateway.cache.small_cache import STUDENTS
from tests.gateway.small_district import Ledger, Sis, source, student

HILL, DALE = (source(Sis, Ledger(), "sis", DistrictId(name)) for name in ("hill", "dale"))
LONG = EntryTimes(0.0, 1e6, 1e6, 1e6)


def fill(store: Store, of: Source, numbers: range) -> None:
    """Cache students of a source."""
    for number in numbers:
        answer = Answer(student(f"s{number}"), of.name, datetime.now(UTC))
        store.set(of, Ask(STUDENTS, (f"s{number}",)), {f"s{number}": answer}, LONG)


def cached(store: Store, of: Source) -> set[str]:
    """The numbers of the students of a source that are cached."""
    bucket = store.bucket(of, Ask(STUDENTS, ()))
    return set(bucket.entries) if bucket is not None else set()


def size_of(count: int) -> int:
    """Bytes of so many cached students."""
    store = Store(Limits())
    fill(store, HILL, range(100, 100 + count))
    return store.used_bytes


def test_the_district_with_most_bytes_gives_way() -> None:
    """Hill fills all of the memory; then Dale keeps its forty students, and Hill its latest ones."""
    store = Store(Limits(memory=size_of(100)))
    fill(store, HILL, range(100, 400))
    assert len(cached(store, HILL)) == 100
    fill(store, DALE, range(100, 140))
    fill(store, HILL, range(400, 900))
    assert len(cached(store, DALE)) == 40
    assert {"s899", "s860"} <= cached(store, HILL)
    fill(store, DALE, range(100, 500))
    assert abs(len(cached(store, DALE)) - len(cached(store, HILL))) <= 1
    used = store.bytes_by_district()
    assert sum(used.values()) == store.used_bytes <= store.max_bytes


def test_the_district_with_most_entries_gives_way() -> None:
    """The number of answers is shared in the same way, by weight."""
    store = Store(Limits(entries=60))
    store.share_among({HILL.district: 2.0})
    fill(store, HILL, range(100))
    fill(store, DALE, range(100))
    assert (len(cached(store, HILL)), len(cached(store, DALE))) == (40, 20)


def test_many_small_batches_of_one_district_drop_none_of_another() -> None:
    """Many small batches of one district drop none of another: its cached responses rest on them."""
    store = Store(Limits(memory=size_of(200)))
    batches = {}
    for of in (DALE, HILL):
        fill(store, of, range(10))
        bucket = store.bucket(of, Ask(STUDENTS, ()))
        assert bucket is not None
        for size in range(1, 10) if of is HILL else (10,):
            for start in range(10 - size + 1):
                keys = tuple(f"s{number}" for number in range(start, start + size))
                batches[of, keys] = store.add_batch(bucket, keys, [bucket.entries[key] for key in keys])
    current = [of for (of, _), batch in batches.items() if batch.is_current]
    assert current.count(DALE) == 1
    assert 1 < current.count(HILL) < 45


def test_nothing_of_a_district_without_answers_is_left() -> None:
    """A district that was removed takes no place in the store."""
    store = Store(Limits())
    fill(store, HILL, range(10))
    fill(store, DALE, range(10))
    store.forget([HILL])
    assert store.bytes_by_district().keys() == {DALE.district}
    assert len(store) == 10
