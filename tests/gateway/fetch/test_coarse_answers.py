"""Answers from cached lists: sorted by key once, as old and as stale as the list, and removed with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from student_graph.adapters.answers import Answer, Answers, Ask, Ref
from student_graph.adapters.contract import AccessPath, Adapter, Batch, CallCost
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.fetch.access_paths import RoutedFetch
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.fetch.way_costs import named_coarse_keys
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Sis, enrollment, event, source

EVENTS = lookup_of(Adapter.attendance_events_by_student)
VIEWER = Viewer("all", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), unlimited_grants(*Sensitivity))
STUDENTS = tuple(f"s{number}" for number in range(28))


@dataclass
class School:
    """A pipeline over a school with one event for each student, and a clock that tests set."""

    now: float = 0.0
    ledger: Ledger = field(default_factory=lambda: Ledger(
        students=list(STUDENTS),
        enrollments=[enrollment(student, "1") for student in STUDENTS],
        events=[event(student, "1", 3) for student in STUDENTS],
    ))  # fmt: skip

    def __post_init__(self) -> None:
        self.source = source(Sis, self.ledger, "sis")
        district = District(DISTRICT, "Hill", (self.source,))
        self.pipeline = FetchPipeline([district], HmacSigner(b"0" * 32), clock=lambda: self.now)

    async def answers(self, keys: Sequence[str] = STUDENTS, max_age: timedelta | None = None) -> Answers:
        """The events of some students, from a new operation that prefers answers of some age."""
        context = self.pipeline.start_operation(VIEWER)
        context.operation.staleness.max_age = max_age
        return await context.sources.fetch(self.source, Ask(EVENTS, tuple(keys), {"school_year": YEAR}))

    def new_calls(self) -> list[str]:
        """The names of the lookups that were called since the last time."""
        names = [name for name, _ in self.ledger.calls]
        self.ledger.calls.clear()
        return names


async def test_a_class_is_answered_from_the_list_of_its_school() -> None:
    """Without a call, and with the same records."""
    school = School()
    everybody = await school.answers()
    school.new_calls()
    some = await school.answers(STUDENTS[:5])
    assert school.new_calls() == []
    assert [some[key].value for key in STUDENTS[:5]] == [everybody[key].value for key in STUDENTS[:5]]


async def test_equal_asks_share_their_answers() -> None:
    """From the second cached one on, they get the same mapping, which the policy has checked already."""
    school = School()
    await school.answers()
    assert await school.answers(STUDENTS[:9]) is await school.answers(STUDENTS[:9])


async def test_an_answer_from_a_list_is_as_old_as_the_list() -> None:
    """When the list is refreshed, so are the answers; until then they say that they are stale."""
    school = School()
    fresh = await school.answers()
    school.now += 90
    stale = await school.answers()
    assert [answers["s3"].stale for answers in (fresh, stale)] == [False, True]
    assert stale["s3"].fetched_at == fresh["s3"].fetched_at
    await school.pipeline.close()


async def test_a_changed_list_changes_the_answers() -> None:
    """An operation that prefers new answers reads the list again; the next one gets what it read."""
    school = School()
    await school.answers()
    school.now += 30
    school.ledger.events.append(event("s3", "1", 9))
    assert len((await school.answers(max_age=timedelta()))["s3"].value) == 2
    school.new_calls()
    assert len((await school.answers())["s3"].value) == 2
    assert school.new_calls() == []


async def test_an_invalidation_of_a_student_removes_the_answers_from_lists() -> None:
    """The list may hold the student; so it is read again for everybody."""
    school = School()
    await school.answers()
    await school.answers()
    school.ledger.events.append(event("s3", "1", 9))
    await school.pipeline.cache.purge(Purge(district=DISTRICT, students=frozenset({"s3"})))
    school.new_calls()
    assert len((await school.answers())["s3"].value) == 2
    assert "attendance_events_by_school" in school.new_calls()


async def test_groups_count_towards_the_memory_of_the_cache() -> None:
    """They are removed with the list."""
    school = School()
    await school.answers()
    store = school.pipeline.cache.store
    entry = next(entry for entry in store.entries() if entry.bucket.lookup.name == "attendance_events_by_school")
    assert list(entry.derived) == [EVENTS.name]
    await school.pipeline.cache.purge(Purge(district=DISTRICT))
    assert store.used_bytes == 0


async def test_a_list_that_the_vendor_refuses_is_replaced_by_point_reads() -> None:
    """Nothing is missing from the answer."""
    school = School()
    school.ledger.failing["attendance_events_by_school"] = RefusedError("not for this client")
    answers = await school.answers()
    assert [len(answers[key].value) for key in STUDENTS] == [1] * 28


class Rosters(Sis):
    """Finds students in the lists of schools, which do not name all schools of a student."""

    paths: ClassVar[Any] = {
        Adapter.students_by_id: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_school,
                key_of=lambda e: e.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
            ),
        )
    }

    async def school_enrollments_by_school(self, ids: Sequence[Any]) -> Batch[Any, Any]:
        self.ledger.record_call("school_enrollments_by_school", ids)
        return {i: [e for e in self.ledger.enrollments if e.school_id == i] for i in ids}


@pytest.mark.parametrize("reached_via", [(), (Ref("school", "1"),)])
async def test_a_record_comes_from_the_list_from_which_the_query_came(reached_via: tuple[Ref, ...]) -> None:
    """A student who is not in it gets a point read; without a school, all do."""
    ledger = Ledger(students=["a", "b", "c"], enrollments=[enrollment("a", "1"), enrollment("b", "1")])
    keys = (StudentId("a"), StudentId("b"), StudentId("c"))
    ask: Ask[Any] = Ask(lookup_of(Adapter.students_by_id), keys, reached_via=frozenset(reached_via))
    answers = await RoutedFetch(Batcher(fetch_from_vendor))(source(Rosters, ledger, "sis"), ask)
    assert answers.keys() == set(keys)
    expected = [("school_enrollments_by_school", ("1",)), ("students_by_id", ("c",))]
    assert ledger.calls == (expected if reached_via else [("students_by_id", keys)])


class Incomplete(Sis):
    """Its lists of schools miss records, unless the settings say otherwise."""

    paths: ClassVar[Any] = {
        **Sis.paths,
        Adapter.attendance_events_by_student: tuple(
            replace(path, is_complete=lambda settings: settings.coarse_calls > 3)
            for path in Sis.paths[Adapter.attendance_events_by_student]
        ),
    }


@pytest.mark.parametrize(("coarse_calls", "is_used"), [(3, False), (4, True)])
async def test_a_path_is_used_only_where_its_lists_are_complete(coarse_calls: int, *, is_used: bool) -> None:
    """The settings of the source say so."""
    ledger = School().ledger
    sis = source(Incomplete, ledger, "sis", coarse_calls=coarse_calls)
    await RoutedFetch(Batcher(fetch_from_vendor))(sis, Ask(EVENTS, STUDENTS, {"school_year": YEAR}))
    assert ("attendance_events_by_school" in [name for name, _ in ledger.calls]) is is_used


class ByAccount(Sis):
    """One record names all schools of a student; keys of another kind are not in the lists."""

    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: (
            AccessPath(
                coarse_lookup=Adapter.attendance_events_by_school,
                key_of=lambda e: e.student_id,
                cost=lambda _: CallCost(per_key=3, per_coarse_key=1),
                coarse_keys_from=Adapter.students_by_id,
                coarse_keys_of=lambda student: () if student.student_id == "new" else ("1",),
                accepts=lambda key: ":" not in key,
            ),
        )
    }


async def test_a_record_names_the_coarse_keys_of_a_key() -> None:
    """A key without any has no records, one without the record is unknown, and another kind is read alone."""
    ledger = Ledger(students=["s1", "new"], events=[event("s1", "1", 3), event("login:7", "1", 4)])
    ask: Ask[Any] = Ask(EVENTS, ("s1", "new", "unknown", "login:7"), {"school_year": YEAR})
    answers = await RoutedFetch(Batcher(fetch_from_vendor))(source(ByAccount, ledger, "sis"), ask)
    assert {key: [e.date.day for e in answer.value] for key, answer in answers.items()} == {
        "s1": [3],
        "new": [],
        "login:7": [4],
    }
    assert ledger.calls == [
        ("students_by_id", ("s1", "new", "unknown")),
        ("attendance_events_by_school", ("1",)),
        ("attendance_events_by_student", ("login:7",)),
    ]


@pytest.mark.parametrize("names_all_keys", [True, False])
def test_keys_that_name_no_coarse_key_are_unknown_only_where_all_are_named(*, names_all_keys: bool) -> None:
    """Then the source is not asked for them; otherwise they get point reads."""
    path = replace(Sis.paths[Adapter.attendance_events_by_student][0], names_all_keys=names_all_keys)
    named = Answer([enrollment("s1", "1")], "sis", datetime(2026, 1, 1, tzinfo=UTC))
    keys = named_coarse_keys(path, ["s1", "new"], {"s1": named})
    assert keys.coarse_keys_of == {"s1": frozenset({"1"})}
    assert keys.unknown == ({"new"} if names_all_keys else frozenset())


class ChangingSis(Sis):
    """Brings a list up to date by what changed in it."""

    @property
    def reads_changes(self) -> bool:
        """True."""
        return True


async def test_an_old_list_that_needs_only_its_changes_costs_few_calls() -> None:
    """Where a list in full would cost more than point reads, an old one is brought up to date."""
    school, lists = School(), []
    for kind in (Sis, ChangingSis):
        school.source = source(kind, school.ledger, "sis", coarse_calls=20)
        school.pipeline = FetchPipeline(
            [District(DISTRICT, "Hill", (school.source,))], HmacSigner(b"0" * 32), clock=lambda: school.now
        )
        await school.answers()
        school.now += 3_000
        school.new_calls()
        await school.answers(STUDENTS[:10])
        lists.append("attendance_events_by_school" in school.new_calls())
        await school.pipeline.close()
    assert lists == [False, True]


async def test_sorted_records_remain_with_a_list_that_the_source_confirms() -> None:
    """The records are the same ones, and are not sorted again."""
    school = School()
    await school.answers()
    store = school.pipeline.cache.store
    entry = next(entry for entry in store.entries() if entry.bucket.lookup.name == "attendance_events_by_school")
    groups, used_bytes = entry.derived[EVENTS.name], store.used_bytes
    ask: Ask[Any] = Ask(entry.bucket.lookup, (entry.key,), {"school_year": YEAR})
    store.set(school.source, ask, {entry.key: entry.answer}, entry.times)
    assert entry.bucket.entries[entry.key].derived[EVENTS.name] is groups
    assert store.used_bytes == used_bytes
