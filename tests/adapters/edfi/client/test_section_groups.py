"""Sections of one course offering are read together, and have the same records as when each is read alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import SectionId
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.client.test_loose_keys import id_of, section_reference
from tests.adapters.edfi.comparing_sandbox import ComparingSandbox
from tests.adapters.edfi.scripted_sandbox import connected

METHODS: list[LookupMethod] = [
    Adapter.section_enrollments_by_section,
    Adapter.section_attendance_events_by_section,
    Adapter.section_staff_by_section,
    Adapter.course_grades_by_section,
]
NAMES = ("trad1", "trad2", "trad3")
SECTIONS = [id_of(section_reference(sectionIdentifier=name)) for name in NAMES]
"""Three sections of one offering."""


@pytest.fixture(scope="module")
def usual() -> EdFiSandbox:
    """A district with sections of many offerings."""
    return EdFiSandbox(make_district(400))


def member(number: int, section: str, **properties: Any) -> dict[str, Any]:
    """A row of `studentSectionAssociations`."""
    student = {"studentReference": {"studentUniqueId": f"s{number}"}, "beginDate": "2021-09-01"}
    reference = {"sectionReference": section_reference(sectionIdentifier=section)}
    return {"id": f"r{number}", **student, **reference, **properties}


def members(*rows: dict[str, Any], ignores_case: bool = True) -> ComparingSandbox:
    """A server with rows of `studentSectionAssociations`."""
    return ComparingSandbox({"studentSectionAssociations": rows}, ignores_case=ignores_case)


def calls(sandbox: Any) -> int:
    """Requests for lists since the last call."""
    count = sum("/ed-fi/" in request for request in sandbox.requests)
    sandbox.requests.clear()
    return count


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
async def test_sections_that_are_read_together_have_their_own_records(
    method: LookupMethod, usual: EdFiSandbox
) -> None:
    """With one call for each offering of several sections, in place of one for each section."""
    ids = [SectionId(key) for key in usual.known_keys("section")]
    offerings = Counter(id.rpartition("/")[0] for id in ids)
    assert len(offerings) < len(ids)
    async with connected(usual) as adapter:
        lookup = getattr(adapter, method.__name__)
        calls(usual)
        together = await lookup(ids)
        assert calls(usual) == len(offerings)
        alone = {id: (await lookup([id]))[id] for id in ids}

    assert {id: list(map(repr, rows)) for id, rows in together.items()} == {
        id: list(map(repr, rows)) for id, rows in alone.items()
    }
    assert any(together.values())


async def test_a_list_that_is_longer_than_the_sections_is_read_once_for_its_length() -> None:
    """Then each section is read by itself, also the next time: its class is a small part of a large course."""
    rows = [member(n, NAMES[n % 3] if n < 3 else f"other{n}") for n in range(40)]
    sandbox = members(*rows)
    async with connected(sandbox, page_size=10) as adapter:
        first = await adapter.section_enrollments_by_section(SECTIONS)
        assert calls(sandbox) == 1 + len(SECTIONS)
        again = await adapter.section_enrollments_by_section(SECTIONS)
        assert calls(sandbox) == len(SECTIONS)

    assert [row.student_id for id in SECTIONS for row in first[id]] == ["s0", "s1", "s2"]  # type: ignore[union-attr] # no errors
    assert repr(again) == repr(first)


@pytest.mark.parametrize("ignores_case", [True, False])
async def test_a_section_that_rows_spell_otherwise_is_read_alone(*, ignores_case: bool) -> None:
    """Only the server knows whether a row of `TRAD1` is one of `trad1`; the others are read together."""
    sandbox = members(
        member(1, "TRAD1"), member(2, "trad1"), member(3, "trad2"), member(4, "trad3"), ignores_case=ignores_case
    )
    async with connected(sandbox) as adapter:
        batch = await adapter.section_enrollments_by_section(SECTIONS)
        # The list, the section, and where spellings do not count a trial that the server applies the filter.
        assert calls(sandbox) == (3 if ignores_case else 2)
        alone = [(await adapter.section_enrollments_by_section([id]))[id] for id in SECTIONS]

    assert repr([batch[id] for id in SECTIONS]) == repr(alone)
    assert len(batch[SECTIONS[0]]) == (2 if ignores_case else 1)  # type: ignore[arg-type] # no error


async def test_an_unreadable_row_of_one_section_does_not_concern_the_others() -> None:
    """A row that cannot be read is reported for its section alone, as when each is read by itself."""
    sandbox = members(member(1, "trad1"), member(2, "trad2", beginDate="no date"), member(3, "trad3"))
    async with connected(sandbox) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch = await adapter.section_enrollments_by_section(SECTIONS)

    assert {id: len(rows) for id, rows in batch.items()} == dict(zip(SECTIONS, (1, 0, 1), strict=True))  # type: ignore[arg-type] # no errors
    assert unreadable.errors_by_key(SECTIONS).keys() == {SECTIONS[1]}


async def test_a_server_that_fails_gets_a_single_request() -> None:
    """All sections of the list get its error, which a later request may not get."""
    sandbox = members(member(1, "trad1"))
    async with connected(sandbox) as adapter:
        await adapter.section_enrollments_by_section(SECTIONS[:1])
        sandbox.switches.throttled = True
        calls(sandbox)
        batch = await adapter.section_enrollments_by_section(SECTIONS)

    assert calls(sandbox) == 1
    assert all(isinstance(answer, UnavailableError) for answer in batch.values())


async def test_a_text_that_is_no_section_and_sections_of_other_offerings_are_read_by_themselves() -> None:
    """One invalid id fails alone."""
    other = id_of(section_reference(localCourseCode="geo"))
    sandbox = members(member(1, "trad1"), member(2, "trad2"))
    async with connected(sandbox) as adapter:
        batch = await adapter.section_enrollments_by_section([*SECTIONS[:2], other, SectionId("none")])

    assert calls(sandbox) == 2
    assert [len(batch[id]) for id in (*SECTIONS[:2], other)] == [1, 1, 0]  # type: ignore[arg-type] # no errors
    assert getattr(batch[SectionId("none")], "code", None) is not None
