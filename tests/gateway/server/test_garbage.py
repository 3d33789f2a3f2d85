"""Garbage collection: full caches do not make it longer, and what it sets aside is collected later."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from student_graph.gateway.server.garbage import (
    BYTES_PER_CACHED_OBJECT,
    COUNT_INTERVAL_SECONDS,
    FULL_INTERVAL_SECONDS,
    IDLE_SECONDS,
    MAX_FULL_INTERVAL_SECONDS,
    MAX_WAIT_SECONDS,
    GarbageCollection,
)
from tests.gateway.cache.small_cache import Clock
from tests.gateway.forked import forked

CACHED_OBJECTS = 100_000


class Node:
    """An object that may refer to itself, which only the collector can free."""

    me: Any = None


class FakeCollector:
    """Counts collections of everything."""

    def __init__(self) -> None:
        self.callbacks: list[Any] = []
        self.collections = 0
        self.frozen = False
        self.objects = self.living = 1_000

    def collect(self) -> int:
        """Count a collection, of everything if nothing is set aside, and keep the objects that live."""
        self.collections += not self.frozen
        if not self.frozen:
            self.objects = self.living
        return 0

    def freeze(self) -> None:
        """Set all objects aside."""
        self.frozen = True

    def unfreeze(self) -> None:
        """Take back what was set aside."""
        self.frozen = False

    def get_freeze_count(self) -> int:
        """How many objects are set aside."""
        return self.objects

    def get_threshold(self) -> tuple[int, int, int]:
        """Those of Python."""
        return (700, 10, 10)

    def set_threshold(self, *_: int) -> None:
        """Change nothing."""


@contextlib.contextmanager
def real_collection(clock: Clock) -> Iterator[GarbageCollection]:
    """A running collection of this process."""
    thresholds = gc.get_threshold()
    collection = GarbageCollection(clock)
    collection.start()
    yield collection
    collection.stop()
    assert gc.get_threshold() == thresholds


def run_in_small_process(function: Callable[[], None]) -> None:
    """Call a function where far fewer objects exist than in a process of the tests: all of them are collected."""
    with forked(function) as process:
        assert process.wait(timeout=60) == 0, process.stderr.read()


def test_a_full_collection_visits_only_what_is_new_however_much_is_cached() -> None:
    """The oldest generation never holds more than a fraction of the objects: what survived once is set aside."""
    run_in_small_process(fill_a_cache)


def fill_a_cache() -> None:
    """Make many objects that stay, and count those that a full collection would visit."""
    cached, largest = [], 0
    with real_collection(Clock()):
        for number in range(CACHED_OBJECTS):
            cached.append([number])
            if number % 1_000 == 0:
                largest = max(largest, sum(len(gc.get_objects(generation)) for generation in range(3)))
        assert largest < CACHED_OBJECTS / 2
        assert gc.get_freeze_count() > CACHED_OBJECTS / 2


def test_garbage_that_was_set_aside_is_freed_when_nobody_is_answered() -> None:
    """Not while requests are answered, nor again before its time."""
    run_in_small_process(leave_garbage)


def leave_garbage() -> None:
    """Set an object aside that nobody needs, and see when it is freed."""
    clock = Clock()
    with real_collection(clock) as collection:
        node = Node()
        node.me = node
        gc.collect()
        freed = weakref.ref(node)
        del node
        gc.collect()
        clock.now += FULL_INTERVAL_SECONDS
        collection.check(is_idle=False)
        assert freed() is not None
        clock.now += IDLE_SECONDS
        collection.check(is_idle=True)
        assert freed() is None


def test_everything_is_collected_in_quiet_moments_and_once_an_hour() -> None:
    """Each ten minutes if a second passes without a request, and after an hour without such a second."""
    clock, collector = Clock(), FakeCollector()
    collection = GarbageCollection(clock, collector)
    collection.start()
    assert collector.collections == 1
    for minutes, is_idle, expected in ((9, True, 1), (2, True, 2), (50, False, 2), (11, False, 3), (7, True, 3)):
        for _ in range(minutes * 60):
            clock.now += 1
            collection.check(is_idle=is_idle)
        assert collector.collections == expected
    assert collector.frozen
    assert MAX_FULL_INTERVAL_SECONDS == 3600
    collection.stop()
    assert (collector.callbacks, collector.frozen) == ([], False)


def test_everything_is_collected_while_requests_are_answered_if_what_is_set_aside_grows() -> None:
    """It may be garbage, as it is here: Python itself collects everything after a growth by a quarter."""
    clock, collector = Clock(), FakeCollector()
    collection = GarbageCollection(clock, collector)
    collection.start()
    for objects, expected in ((1_250, 1), (1_251, 2), (1_250, 2), (1_300, 3)):
        collector.objects = objects
        clock.now += COUNT_INTERVAL_SECONDS
        collection.check(is_idle=True)
        assert collector.collections == expected


def test_caches_that_fill_are_collected_seldom() -> None:
    """After a growth that lived the next one may be twice as large, up to a doubling, until garbage is found."""
    clock, collector = Clock(), FakeCollector()
    collection = GarbageCollection(clock, collector)
    collection.start()
    for objects, living, expected in (
        (1_260, 1_260, 2),
        (1_880, 1_880, 2),  # less than half as much again
        (1_900, 1_900, 3),
        (3_790, 3_790, 3),  # less than twice as much
        (3_810, 1_900, 4),
        (2_400, 1_900, 5),
    ):
        collector.objects, collector.living = objects, living
        clock.now += COUNT_INTERVAL_SECONDS
        collection.check(is_idle=True)
        assert collector.collections == expected


def test_objects_that_the_caches_took_in_are_no_reason_to_collect() -> None:
    """They live. What grows beside them may be garbage, and what the caches give back explains nothing."""
    clock, collector, cached = Clock(), FakeCollector(), [50 * BYTES_PER_CACHED_OBJECT]
    collection = GarbageCollection(clock, collector, cached_bytes=lambda: cached[0])
    collection.start()
    for objects, cached_objects, expected in ((5_200, 4_050, 1), (5_251, 4_050, 2), (1_260, 0, 3)):
        collector.objects, cached[0] = objects, cached_objects * BYTES_PER_CACHED_OBJECT
        clock.now += COUNT_INTERVAL_SECONDS
        collection.check(is_idle=True)
        assert collector.collections == expected


def test_a_collection_that_is_due_waits_for_a_moment_without_requests() -> None:
    """So it holds up nobody who is being answered; it waits for some seconds and not longer."""
    for is_idle, seconds, expected in (
        (True, 1, 2),
        (False, MAX_WAIT_SECONDS - 1, 1),
        (False, MAX_WAIT_SECONDS, 2),
    ):
        clock, collector = Clock(), FakeCollector()
        collection = GarbageCollection(clock, collector)
        collection.start()
        collector.objects = 2_000
        clock.now += COUNT_INTERVAL_SECONDS
        collection.check(is_idle=False)
        assert collector.collections == 1
        clock.now += seconds
        collection.check(is_idle=is_idle)
        assert collector.collections == expected
