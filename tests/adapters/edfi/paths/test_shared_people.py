"""Lookups of a page that want the rows of the same person share them, also one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, VIEWER, SandboxDistrict, sandbox_district

FACTS = make_district(30)
STUDENTS = tuple(sorted(StudentId(student.id) for student in FACTS.students)[:5])
NAMES, LINKS = Adapter.students_by_id, Adapter.student_identities_by_id
LARGE = 1_000_000
"""Students of a district whose lists are too long to be read."""


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A student information system that expects long lists, so that students are read one by one."""
    async with sandbox_district(FACTS, ("edfi",), students=LARGE) as district:
        yield district


def pipeline_of(district: SandboxDistrict, limits: Limits | None = None) -> FetchPipeline:
    """A pipeline with an empty cache."""
    return FetchPipeline([district.district], HmacSigner(b"0" * 32), limits or Limits())


async def rows_read(
    district: SandboxDistrict, pipeline: FetchPipeline, *methods: LookupMethod, max_age: timedelta | None = None
) -> int:
    """How many requests for a student's own row an operation makes that uses lookups one after the other."""
    district.new_calls()
    fetch = pipeline.start_operation(VIEWER).sources.fetch
    for method in methods:
        answers = await fetch(district.source("edfi"), Ask(lookup_of(method), STUDENTS, max_age=max_age))
        assert answers.keys() == set(STUDENTS)
    return district.new_calls()["edfi students"]


async def test_names_and_links_of_a_student_come_from_one_row(district: SandboxDistrict) -> None:
    """The second lookup reads only what the first one has not read, and has the records of single reads."""
    pipeline = pipeline_of(district)
    assert await rows_read(district, pipeline, NAMES, LINKS) == len(STUDENTS)

    ask = Ask(lookup_of(LINKS), STUDENTS)
    source = district.source("edfi")
    shared = await pipeline.start_operation(VIEWER).sources.fetch(source, ask)
    alone = await pipeline_of(district).start_operation(VIEWER).sources.fetch(source, ask)
    assert set(alone) == set(STUDENTS)
    for key, answer in alone.items():
        assert shared[key].value == replace(answer.value, fetched=shared[key].value.fetched)


async def test_an_answer_from_a_shared_row_is_as_old_as_the_row(district: SandboxDistrict) -> None:
    """Links that are made from rows of names are from before these were requested."""
    fetch = pipeline_of(district).start_operation(VIEWER).sources.fetch
    source = district.source("edfi")
    await fetch(source, Ask(lookup_of(NAMES), STUDENTS))
    names_read_at = datetime.now(UTC)
    links = await fetch(source, Ask(lookup_of(LINKS), STUDENTS))
    assert all(links[key].fetched_at < names_read_at for key in STUDENTS)


async def test_rows_from_before_a_purge_are_read_again(district: SandboxDistrict) -> None:
    """A webhook says that a student has changed: no later answer has the earlier row."""
    pipeline = pipeline_of(district)
    assert await rows_read(district, pipeline, NAMES) == len(STUDENTS)
    await pipeline.cache.purge(Purge(district=DISTRICT_ID))
    assert await rows_read(district, pipeline, LINKS) == len(STUDENTS)


async def test_rows_are_read_again_for_who_wants_nothing_older(district: SandboxDistrict) -> None:
    """A request with a maximum age, and a gateway that keeps no answers."""
    pipeline = pipeline_of(district)
    assert await rows_read(district, pipeline, NAMES) == len(STUDENTS)
    assert await rows_read(district, pipeline, LINKS, max_age=timedelta(0)) == len(STUDENTS)

    without_cache = pipeline_of(district, Limits(memory=0))
    assert await rows_read(district, without_cache, NAMES, LINKS) == 2 * len(STUDENTS)
