"""The id of a section contains its school and year, so no read is needed to know which list holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.client.keys import parse_section_id, school_of_section, section_id
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolId, SectionId
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.signing import HmacSigner
from tests.scenarios.helpers.sandbox_district import VIEWER, SandboxDistrict, sandbox_district
from tests.scenarios.test_access_paths import without_fetch_time

FACTS = make_district(120)
SECTIONS, OF_SCHOOL = lookup_of(Adapter.sections_by_id), lookup_of(Adapter.sections_by_school)


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district whose Ed-Fi expects the list of all sections to be long."""
    async with sandbox_district(FACTS, ["edfi"], students=20_000, school_students=100) as district:
        yield district


def section_ids(district: SandboxDistrict) -> list[SectionId]:
    """The sections of one school."""
    ids = [SectionId(key) for key in sorted(district.sandboxes["edfi"].known_keys("section"))]
    return [id for id in ids if school_of_section(id) == school_of_section(ids[0])]


async def answers_and_calls(district: SandboxDistrict, *asks: Ask[Any]) -> tuple[list[Answers], int]:
    """The answers to asks that follow each other on a page, and the requests for sections."""
    pipeline = FetchPipeline([district.district], HmacSigner(b"0" * 32))
    fetch = pipeline.start_operation(VIEWER).sources.fetch
    district.new_calls()
    answers = [await fetch(district.source("edfi"), ask) for ask in asks]
    await pipeline.close()
    return answers, district.new_calls()["edfi sections"]


async def test_sections_and_the_list_of_their_school_are_one_request(district: SandboxDistrict) -> None:
    """The list that confirms the sections' identifiers has answered for the sections before."""
    ids = section_ids(district)
    school = SchoolId(school_of_section(ids[0]))
    asks = Ask(SECTIONS, tuple(ids)), Ask(OF_SCHOOL, (school,), {"school_year": FACTS.year})

    [by_id, of_school], calls = await answers_and_calls(district, *asks)

    assert calls == 1
    assert without_fetch_time(by_id) == without_fetch_time(
        await fetch_from_vendor(district.source("edfi"), asks[0])
    )
    assert without_fetch_time(of_school) == without_fetch_time(
        await fetch_from_vendor(district.source("edfi"), asks[1])
    )


async def test_keys_that_their_list_does_not_hold_are_read_alone(district: SandboxDistrict) -> None:
    """Ids come from clients: the vendor decides about one that is in no list, and about one that is no id."""
    ids = section_ids(district)
    key = parse_section_id(ids[0])
    odd = [section_id(*key[:4], "no such section"), SectionId("no-section"), SectionId(f"0{ids[0]}")]
    ask = Ask(SECTIONS, (*ids, *odd))

    [answers], _ = await answers_and_calls(district, ask)

    assert without_fetch_time(answers) == without_fetch_time(await fetch_from_vendor(district.source("edfi"), ask))
    assert not isinstance(answers[ids[0]].value, Exception)


async def test_sections_of_two_years_are_not_looked_for_in_the_list_of_one(district: SandboxDistrict) -> None:
    """The list of a school needs a school year, and one list cannot have two."""
    ids = section_ids(district)
    key = parse_section_id(ids[0])
    ask = Ask(SECTIONS, (*ids, section_id(*key._replace(school_year=key.school_year - 1))))

    [answers], _ = await answers_and_calls(district, ask)

    assert without_fetch_time(answers) == without_fetch_time(await fetch_from_vendor(district.source("edfi"), ask))
    assert answers.keys() == set(ids)
