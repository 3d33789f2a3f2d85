"""Operations that get the same cached answers share what is computed from them, and answer as ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

import pytest
from graphql import parse, validate

from student_graph.adapters.answers import Answer, Ask, SharedValues
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    DistrictId,
    GradeSource,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    StudentId,
)
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.disclosure.entries import disclosed_records
from student_graph.gateway.execution.row_cache import RowCache
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.operation import Disclosures
from tests.gateway.execution import differential
from tests.gateway.execution.bounds.test_row_cache import CORE, Caching
from tests.gateway.execution.comparison import differences
from tests.gateway.execution.differential import execute_with
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.product import STUDENTS, grade, sis, world
from tests.gateway.execution.test_differential import VALUES
from tests.long_runs import size
from tests.resolvers.third_party import RecordingFetch, VendorData, third_party_source
from tests.resolvers.two_districts import VIEWER, World

CLASS = SectionId("101/2027/Fall")


@dataclass
class SharedFetch(RecordingFetch):
    """A fetch that returns the same batch for the same ask, as a cache does, until `forget`."""

    batches: dict[Any, SharedBatch] = field(default_factory=dict)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """Answer one ask."""
        stale: bool = source.adapter.data.stale  # type: ignore[attr-defined]
        key = (source.name, ask.call_key, ask.keys, stale)
        if key not in self.batches:
            self.batches[key] = SharedBatch(await super().__call__(source, ask))
        return self.batches[key]

    def forget(self, source: str) -> None:
        """Let the next asks to a source get new batches, whose records are copies."""
        self.batches = {key: batch for key, batch in self.batches.items() if key[0] != source}


@pytest.mark.long_run
async def test_operations_that_share_answers_give_the_same_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random queries of the product: first, again, with other grades, with a stale source, and after that."""
    monkeypatch.setitem(differential.EXECUTORS, "caching", Caching)
    monkeypatch.setattr(differential, "Encoded", Caching)
    monkeypatch.setattr(Caching, "row_cache", RowCache())
    writer = Writer(CORE, Random(29), VALUES, max_depth=5)  # noqa: S311 - the same queries each time
    vendors: list[VendorData] = []
    district = world(lambda sis, lms: vendors.extend((sis, lms)))
    shared = district.fetch = SharedFetch()
    sis_data = vendors[0]
    queries = 0
    while queries < size(12, 150):
        text, variables = writer.document()
        document = parse(text)
        if validate(CORE, document):
            continue
        queries += 1
        for step in ("first", "again", "other grades", "stale", "fresh"):
            sis_data.stale = step == "stale"
            if step == "other grades":
                shared.forget("sis")
                sis_data.answers["course_grades_by_student"] = {
                    number: [replace(grade(number, GradeSource.SIS), numeric=50.0 + queries)]
                    for number in STUDENTS
                }
            results, disclosures = [], []
            for name in ("caching", "stock"):
                results.append(await execute_with(name, document, variables, district.context(), CORE))
                disclosures.append(await _disclosed(district.operation.disclosures))
            assert differences(*results) == [], (step, text)
            if not results[0].errors:  # with errors, graphql-core may note records that are then lost
                assert disclosures[0] == disclosures[1], (step, text)


async def test_lists_of_shared_rows_give_the_same_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class is executed again, and again with other grades: its roster is then one piece of JSON."""
    row_cache = RowCache()
    monkeypatch.setitem(differential.EXECUTORS, "caching", Caching)
    monkeypatch.setattr(differential, "Encoded", Caching)
    monkeypatch.setattr(Caching, "row_cache", row_cache)
    data = sis()
    data.answers["sections_by_id"] = {
        CLASS: Section(
            vendor_id="class",
            section_id=CLASS,
            section_identifier="A",
            session_name="Fall",
            school_id=SchoolId("101"),
            school_year=2027,
            local_course_code="ALG",
        )
    }
    data.answers["section_enrollments_by_section"] = {
        CLASS: [
            SectionEnrollment(
                vendor_id=number, student_id=StudentId(number), section_id=CLASS, begin_date=date(2026, 9, 1)
            )
            for number in STUDENTS
        ]
    }
    district = World([third_party_source("sis", data)], VIEWER)
    shared = district.fetch = SharedFetch()
    identifier = encode(GlobalId("Section", DistrictId("cedar"), CLASS))
    query = parse(
        f'{{ section(id: "{identifier}") {{'
        "  roster { beginDate student { id courseGrades { numeric provenance { stale } } } }"
        "} }"
    )
    for numeric in (50.0, 60.0):
        data.answers["course_grades_by_student"] = {
            number: [replace(grade(number, GradeSource.SIS), numeric=numeric + int(number))] for number in STUDENTS
        }
        shared.forget("sis")
        for _ in range(3):
            results, disclosures = [], []
            for name in ("caching", "stock"):
                results.append(await execute_with(name, query, {}, district.context(), CORE))
                disclosures.append(await _disclosed(district.operation.disclosures))
            assert not results[0].errors
            assert differences(*results) == []
            assert disclosures[0] == disclosures[1]
    assert any(level.lists for level in row_cache._levels.values())


async def _disclosed(disclosures: Disclosures) -> Any:
    by_district = await disclosed_records(disclosures.records)
    return {
        district: {sensitivity: dict(counts) for sensitivity, counts in records.counts.items()}
        for district, records in by_district.items()
    }


async def test_shared_records_count_for_every_response() -> None:
    """A page that shows the same shared records twice discloses them twice, and so does the next page."""
    fetch, district = SharedFetch(), world()
    source = district.sources[0]
    numbers = tuple(STUDENTS)
    batch = await fetch(source, Ask(lookup_of(Adapter.course_grades_by_student), numbers))
    lists = SharedValues([answer.value for answer in batch.values()])

    once = await disclosed_records([lists])
    twice = await disclosed_records([lists, lists])

    [grades] = once["cedar"].counts.values()  # type: ignore[index]
    assert dict(grades) == dict.fromkeys(numbers, 1)
    [grades] = twice["cedar"].counts.values()  # type: ignore[index]
    assert dict(grades) == dict.fromkeys(numbers, 2)
    assert await disclosed_records([lists]) == once


def test_values_from_shared_values_are_computed_once() -> None:
    """And for the latest basis, if it depends on one; the values cannot be changed."""
    values, calls = SharedValues([1, 2]), []

    def total(shared: SharedValues) -> int:
        calls.append(shared)
        return sum(shared)

    assert [values.once("total", total), values.once("total", total)] == [3, 3]
    assert [values.latest("plus", day, total) for day in (1, 1, 2)] == [3, 3, 3]
    assert calls == [values] * 3
    with pytest.raises(TypeError):
        values[0] = 5  # type: ignore[index]
