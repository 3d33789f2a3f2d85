"""A long list is brought up to date by its changes, and equals the list that is read in full."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from student_graph.adapters.changes import EarlierAnswer, earlier_answers
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.client.changes import REFUSAL_SECONDS, ChangeReader
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AttendanceEvent, SchoolId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts.school_life import AttendanceFact
from tests.adapters.edfi.scripted_sandbox import connected

K, V = TypeVar("K"), TypeVar("V")
SECTION_EVENTS = "studentSectionAttendanceEvents"
RESOURCE = "studentSchoolAttendanceEvents"
FACTS = make_district(60)
EVENTS = [event for event in FACTS.attendance if event.section is None]
SCHOOL = SchoolId(str(EVENTS[0].school))
SMALL_PAGES = {"page_size": 5}
"""So that the list of a small school is a long one."""


@pytest.fixture
def sandbox() -> EdFiSandbox:
    """A vendor whose data a test changes."""
    return EdFiSandbox(FACTS)


async def read(adapter: EdFi, earlier: EarlierAnswer | None = None) -> list[AttendanceEvent]:
    """The attendance of the school, by its changes if there is an earlier answer."""
    with earlier_answers({} if earlier is None else {SCHOOL: earlier}):
        batch = await adapter.attendance_events_by_school([SCHOOL], school_year=FACTS.year)
    answer = batch[SCHOOL]
    assert isinstance(answer, list)
    return answer


def list_of(batch: Batch[K, list[V]], key: K) -> list[V]:
    """The records of a key, which is no error."""
    answer = batch[key]
    assert isinstance(answer, list)
    return answer


async def version(adapter: EdFi) -> str:
    """The vendor's version."""
    value = await adapter.version()
    assert value is not None
    return value


def change(sandbox: EdFiSandbox, rng: random.Random, inserted: dict[str, AttendanceFact]) -> None:
    """Insert an event, or change or delete an inserted one. The API does not let an event get another key."""
    category = rng.choice(["Tardy", "Excused Absence", "In Attendance"])
    id = rng.choice([*inserted, ""])
    match rng.randrange(3):
        case 1 if id:
            inserted[id] = replace(inserted[id], category=category)
            sandbox.update(RESOURCE, id, inserted[id])
        case 2 if id:
            sandbox.delete(RESOURCE, id)
            del inserted[id]
        case _:
            event = replace(rng.choice(EVENTS), category=category)
            inserted[sandbox.insert(RESOURCE, event)] = event


def requests_for(sandbox: EdFiSandbox) -> list[str]:
    """The paths of the requests for the resource since the last time."""
    paths = [request.split(" ")[1].split("?")[0] for request in sandbox.requests if RESOURCE in request]
    sandbox.requests.clear()
    return [path.partition(RESOURCE)[2] for path in paths]


async def test_a_list_after_its_changes_equals_the_list_read_in_full(sandbox: EdFiSandbox) -> None:
    """After any insertions, changes and deletions, record for record and in order."""
    rng, inserted = random.Random(7), dict[str, AttendanceFact]()  # noqa: S311 - not used for security
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        current = await version(adapter)
        records = await read(adapter)
        for _ in range(30):
            for _ in range(rng.randrange(6)):
                change(sandbox, rng, inserted)
            earlier, current = EarlierAnswer(records, current), await version(adapter)
            before = list(records)
            records = await read(adapter, earlier)

            assert list(earlier.records) == before
            assert records == await read(adapter)


async def test_a_row_whose_key_changed_leaves_the_list_of_its_old_key(sandbox: EdFiSandbox) -> None:
    """An enrollment that moved to another school is in the list of that one alone, each read by its changes."""
    enrollments = sandbox.rows("studentSchoolAssociations")
    (old, _), (new, _) = Counter(fact.school for _, fact in enrollments).most_common(2)
    id, enrollment = next((id, fact) for id, fact in enrollments if fact.school == old)
    keys = [SchoolId(str(old)), SchoolId(str(new))]
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        adapter._changes.has_length = assumed_length  # type: ignore[method-assign]
        current, before = await version(adapter), await adapter.school_enrollments_by_school(keys)
        sandbox.change_key("studentSchoolAssociations", id, replace(enrollment, school=new))
        with earlier_answers({key: EarlierAnswer(list_of(before, key), current) for key in keys}):
            after = await adapter.school_enrollments_by_school(keys)
        in_full = await adapter.school_enrollments_by_school(keys)

    assert [id in {row.vendor_id for row in list_of(after, key)} for key in keys] == [False, True]
    assert after == in_full


async def test_a_row_that_names_another_section_after_its_section_got_another_key_leaves_the_list(
    sandbox: EdFiSandbox,
) -> None:
    """The key of a section is a part of the keys of its rows."""
    [(id, event), *_] = sandbox.rows(SECTION_EVENTS)
    assert event.section is not None
    other = next(section for section in FACTS.sections if section.key != event.section.key)
    key = section_id(*event.section.key)
    async with connected(sandbox, page_size=1) as adapter:
        adapter._changes.has_length = assumed_length  # type: ignore[method-assign]
        for _ in range(2):  # a list of one page is read in full
            sandbox.insert(SECTION_EVENTS, event)
        current, before = await version(adapter), await adapter.section_attendance_events_by_section([key])
        sandbox.change_key(SECTION_EVENTS, id, replace(event, section=other))
        with earlier_answers({key: EarlierAnswer(list_of(before, key), current)}):
            after = await adapter.section_attendance_events_by_section([key])
        in_full = await adapter.section_attendance_events_by_section([key])

    assert id not in {event.vendor_id for event in list_of(after, key)}
    assert list_of(after, key) == list_of(in_full, key)


async def test_a_row_leaves_a_list_by_a_property_that_is_no_part_of_its_key(sandbox: EdFiSandbox) -> None:
    """A result that another school reports now: no deletion and no change of its key says so."""
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        adapter._changes.has_length = assumed_length  # type: ignore[method-assign]
        current, before = await version(adapter), await adapter.assessment_results_by_school([SCHOOL])
        results = dict(sandbox.rows("studentAssessments"))
        id = next(record.vendor_id for record in list_of(before, SCHOOL) if record.vendor_id in results)
        sandbox.update("studentAssessments", id, replace(results[id], year=FACTS.year - 1))
        with earlier_answers({SCHOOL: EarlierAnswer(list_of(before, SCHOOL), current)}):
            after = await adapter.assessment_results_by_school([SCHOOL])
        in_full = await adapter.assessment_results_by_school([SCHOOL])

    assert id not in {result.vendor_id for result in list_of(after, SCHOOL)}
    assert list_of(after, SCHOOL) == list_of(in_full, SCHOOL)


async def assumed_length(*_: Any) -> bool:
    """A length that was compared a moment ago."""
    return True


def forget_lengths(adapter: Any) -> None:
    """Let a quarter of an hour pass for the lengths of lists."""
    adapter._changes._checked_totals.clear()


async def test_changes_cost_two_requests_at_any_length(sandbox: EdFiSandbox) -> None:
    """One for the new and changed rows and one for the deletions; the length is compared once in a while."""
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        current, records = await version(adapter), await read(adapter)
        assert len(requests_for(sandbox)) > 3
        await read(adapter, EarlierAnswer(records, current))
        assert requests_for(sandbox) == ["", "/deletes"]  # the list was read in full a moment ago
        forget_lengths(adapter)
        sandbox.insert(RESOURCE, EVENTS[0])
        records = await read(adapter, EarlierAnswer(records, current))
        assert requests_for(sandbox) == ["", "/deletes", ""]
        await read(adapter, EarlierAnswer(records, await version(adapter)))
        assert requests_for(sandbox) == ["", "/deletes"]
        assert adapter.reads_changes is True


async def test_a_short_list_is_read_in_full(sandbox: EdFiSandbox) -> None:
    """One page costs less than its changes."""
    async with connected(sandbox) as adapter:
        records = await read(adapter)
        requests_for(sandbox)
        await read(adapter, EarlierAnswer(records, await version(adapter)))

        assert requests_for(sandbox) == [""]


async def test_rows_that_vanished_without_a_deletion_change_the_length_of_the_list(sandbox: EdFiSandbox) -> None:
    """A client may lose the right to see a row: the list is then read in full."""
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        current, records = await version(adapter), await read(adapter)
        sandbox.switches.missing = 3
        forget_lengths(adapter)

        assert await read(adapter, EarlierAnswer(records, current)) == await read(adapter)


async def test_a_server_that_refuses_changes_is_read_in_full_for_a_while(
    sandbox: EdFiSandbox,
) -> None:
    """The answer is right, and `reads_changes` says that the server refused."""
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        current, records = await version(adapter), await read(adapter)
        sandbox.refuses_changes = True
        sandbox.insert(RESOURCE, EVENTS[0])
        assert len(await read(adapter, EarlierAnswer(records, current))) == len(records) + 1
        assert adapter.reads_changes is False
        sandbox.refuses_changes = False
        requests_for(sandbox)
        await read(adapter, EarlierAnswer(records, current))
        assert "/deletes" not in requests_for(sandbox)


async def test_a_server_that_refused_changes_gets_another_change_query_after_an_hour(sandbox: EdFiSandbox) -> None:
    """It may have been upgraded since."""
    now = 0.0
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        adapter._changes = ChangeReader(adapter.client, lambda: now)
        current, records = await version(adapter), await read(adapter)
        earlier: Any = EarlierAnswer(records, current)
        sandbox.refuses_changes = True
        await read(adapter, earlier)
        sandbox.refuses_changes = False
        now = REFUSAL_SECONDS + 1
        await read(adapter, earlier)

        assert adapter.reads_changes is True
