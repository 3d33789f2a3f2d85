"""Lookups of one page that need the same rows of sections read them once."""

from __future__ import annotations

import asyncio

from student_graph.adapters.edfi.client.keys import school_of_section
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SectionId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import connected


async def test_sections_and_their_courses_share_the_sections_of_a_school() -> None:
    """One after the other they return the same, with one call more."""
    sandbox = EdFiSandbox(make_district(120))
    ids = [SectionId(key) for key in sandbox.known_keys("section")]
    school = [id for id in ids if school_of_section(id) == school_of_section(ids[0])]
    async with connected(sandbox, school_students=100) as adapter:
        lookups = adapter.sections_by_id, adapter.courses_by_section
        alone = [await lookup(school) for lookup in lookups]
        calls_alone = _calls_for_sections(sandbox)
        together = await asyncio.gather(*(lookup(school) for lookup in lookups))

    assert list(map(repr, together)) == list(map(repr, alone))
    assert (calls_alone, _calls_for_sections(sandbox)) == (2, 1)


def _calls_for_sections(sandbox: EdFiSandbox) -> int:
    """The requests for `sections` since the last call."""
    count = sum("/ed-fi/sections?" in request for request in sandbox.requests)
    sandbox.requests.clear()
    return count
