"""A long list is brought up to date by its changes, and equals the list that is read in full."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.changes import EarlierAnswer, earlier_answers
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.client.changes import REFUSAL_SECONDS, ChangeReader
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import AttendanceEvent, SchoolId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts.school_life import AttendanceFact
from tests.adapters.edfi.scripted_sandbox import connected

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


async def test_changes_cost_two_requests_at_any_length(sandbox: EdFiSandbox) -> None:
    """One for the new and changed rows and one for the deletions; the length is compared once in a while."""
    async with connected(sandbox, **SMALL_PAGES) as adapter:
        current, records = await version(adapter), await read(adapter)
        assert len(requests_for(sandbox)) > 3
        await read(adapter, EarlierAnswer(records, current))
        assert requests_for(sandbox) == ["", "/deletes", ""]  # the length, for the first time
        sandbox.insert(RESOURCE, EVENTS[0])
        records = await read(adapter, EarlierAnswer(records, current))
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
