"""A page that is cut at its deadline and asked for again continues where it was: nothing is read twice."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sources import District
from student_graph.gateway.config.districts import connect
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import make_schema
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, VIEWER

FACTS = make_district(60)
PAGE = """{ section(id: "%s") { courseTitle roster { student { studentUniqueId name { lastName }
    courseGrades { courseName letter } attendanceEvents(first: 100) { edges { node { date category } } }
    assessments { administrationDate } } } } }"""
SECTION_OF = '{ student(studentUniqueId: "%s") { sections { section { id } } } }'
CUT_AFTER = (3, 20)
"""Requests that the vendor answers before the first page is cut, and before the second one is."""
OPERATION_SECONDS = 0.3
MAX_PAGES = 50


class HeldSandbox(EdFiSandbox):
    """An Ed-Fi API that answers so many requests for records, and then waits."""

    answers = 10**9
    """How many further requests are answered."""

    def app(self) -> ASGIApp:
        """The application, which holds requests."""
        app = super().app()

        async def hold(scope: Scope, receive: Receive, send: Send) -> None:
            if "/ed-fi/" in scope.get("path", ""):
                while self.answers <= 0:  # noqa: ASYNC110 - the test changes it in another thread
                    await asyncio.sleep(0.002)
                self.answers -= 1
            await app(scope, receive, send)

        return hold

    def calls(self) -> Counter[str]:
        """The requests for records since the last time."""
        calls = Counter(line for line in self.requests if "/ed-fi/" in line)
        self.requests.clear()
        return calls


@functools.cache
def schema() -> Any:
    """The schema with the breadth-first executor."""
    return make_schema(BreadthExecutor)


async def read(pipeline: FetchPipeline, query: str) -> tuple[Any, set[str]]:
    """The data of a response, and the codes of its errors."""
    result = await schema().execute(query, context_value=pipeline.start_operation(VIEWER))
    codes = {(error.extensions or {}).get("code", str(error)) for error in result.errors or ()}
    return result.data, codes


@pytest.mark.parametrize("paths", [True, False])
async def test_cut_pages_together_are_one_full_read(*, paths: bool) -> None:
    """
    Cut twice, the page is complete at the third request or soon after, and equal to one that was never cut.

    All its requests together are those of one full read: none is missing and none was repeated. This holds with
    access paths and, if the adapter has none, with single reads.
    """
    async with held_district(paths=paths) as (sandbox, district):
        async with pipeline_of(district) as other:
            student, _ = await read(other, SECTION_OF % FACTS.students[0].id)
        page = PAGE % student["student"]["sections"][0]["section"]["id"]
        sandbox.calls()
        async with pipeline_of(district) as full:
            expected, codes = await read(full, page)
        assert codes == set()
        full_read = sandbox.calls()
        async with pipeline_of(district, operation_seconds=OPERATION_SECONDS) as cut:
            sandbox.answers = 0
            for answers in CUT_AFTER:
                sandbox.answers += answers
                _, codes = await read(cut, page)
                assert codes == {"DEADLINE"}
            sandbox.answers = 10**9
            for _ in range(MAX_PAGES):
                data, codes = await read(cut, page)
                if not codes:
                    break
        assert data == expected
        assert sandbox.calls() == full_read


@contextlib.asynccontextmanager
async def pipeline_of(district: District, **options: Any) -> AsyncIterator[FetchPipeline]:
    """A fetch pipeline of a district; its work ends with the block."""
    for source in district.sources:
        vars(source.adapter).pop("_person_reads", None)  # else it takes rows that another pipeline has read
    pipeline = FetchPipeline([district], HmacSigner(b"k" * 32), **options)
    try:
        yield pipeline
    finally:
        await pipeline.close()


@contextlib.asynccontextmanager
async def held_district(*, paths: bool) -> AsyncIterator[tuple[HeldSandbox, District]]:
    """A district over a held sandbox, whose adapter has its access paths or none."""
    sandbox = HeldSandbox(FACTS)
    with served(sandbox):
        settings = find_adapter("edfi").settings_type().model_validate(sandbox.source_settings())
        source = connect(DISTRICT_ID, "sis", "edfi", settings)
        if not paths:
            source.adapter.paths = {}  # type: ignore[misc]
        async with source.adapter.http:
            yield sandbox, District(DISTRICT_ID, FACTS.name, (source,), frozen_on=FACTS.now)
