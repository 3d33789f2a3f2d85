"""Populations are kept for viewers of one scope: who gets them, and when they are computed again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import Grant
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.cached_district import CachedDistrict, facts
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, VIEWER

LIST = """query($filter: StudentFilter!, $orderBy: StudentOrder) {
    students(filter: $filter, orderBy: $orderBy, first: 100) {
        totalCount undecided edges { node { studentUniqueId } }
    }
}"""
BY_RISK = {"metric": "CHRONIC_ABSENCE", "preset": "federal_10pct"}
TITLE_I = {"where": {"program": {"kind": "TITLE_I"}}}
OTHER = replace(VIEWER, subject="another superintendent")


class Stage(CachedDistrict):
    """The district, and its lists of students."""

    async def students(self, viewer: Viewer = VIEWER, **variables: Any) -> Any:
        """Return a list of a viewer, or the codes of its errors."""
        data = await self.execute(LIST, viewer, **variables)
        return data if isinstance(data, list) else data["students"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """The district's student information system alone."""
    async with Stage.opened() as stage:
        yield stage


async def test_viewers_of_one_scope_share_a_population(stage: Stage) -> None:
    """The second viewer's list is the same, and the record of disclosures has the same classes of data."""
    first = await stage.students(filter=TITLE_I, orderBy=BY_RISK)
    classes = {name: set(kinds) for name, kinds in stage.operation.disclosures.classes_read.items()}
    second = await stage.students(OTHER, filter=TITLE_I, orderBy=BY_RISK)

    assert first == second
    assert first["totalCount"] > 0
    assert stage.cached_tables == 1
    assert stage.operation.disclosures.classes_read == classes


async def test_another_scope_gets_a_population_of_its_own(stage: Stage) -> None:
    """Without the grant the list is refused, also if another is kept; a limited grant decides some students."""
    everybody = await stage.students(filter=TITLE_I, orderBy=BY_RISK)
    bare = replace(VIEWER, subject="bare", grants=frozenset())
    [number, *_] = [edge["node"]["studentUniqueId"] for edge in everybody["edges"]]
    limited = Grant(frozenset({Sensitivity.PROGRAM}), students=frozenset({number}))
    some = replace(bare, subject="some", grants=frozenset({limited}))

    assert await stage.students(bare, filter=TITLE_I, orderBy=BY_RISK) == ["FORBIDDEN"]
    page = await stage.students(some, filter=TITLE_I, orderBy=BY_RISK)
    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == [number]
    assert page["undecided"] > 0
    assert stage.cached_tables == 2


async def test_a_smaller_reach_gets_a_smaller_population(stage: Stage) -> None:
    """A student sees the list of one, whoever asked before."""
    everybody = await stage.students(filter={}, orderBy=BY_RISK)
    number = everybody["edges"][0]["node"]["studentUniqueId"]
    student = Viewer("student", ViewerRole.STUDENT, frozenset({DISTRICT_ID}), student_id=number)

    page = await stage.students(student, filter={}, orderBy=BY_RISK)

    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == [number]
    assert page["totalCount"] == 1


async def test_another_request_is_another_population(stage: Stage) -> None:
    """Conditions, orders and days are parts of what a table is kept under."""
    where = {"where": {"metric": {**BY_RISK, "atLeast": 0.1}}}
    lists = [
        await stage.students(filter=filter, orderBy=order)
        for filter, order in (
            (where, BY_RISK),
            (where, {**BY_RISK, "direction": "ASCENDING"}),
            ({"where": {"metric": {**BY_RISK, "atLeast": 0.11}}}, BY_RISK),
            ({**where, "asOf": "2026-10-01"}, BY_RISK),
        )
    ]
    assert stage.cached_tables == len(lists)


async def test_a_population_is_computed_again_after_a_purge(stage: Stage) -> None:
    """A webhook or an operator says that records have changed: no table that rests on them is used again."""
    await stage.students(filter=TITLE_I, orderBy=BY_RISK)
    await stage.pipeline.cache.purge(Purge(district=DISTRICT_ID, records=frozenset({"AttendanceEvent"})))
    assert stage.cached_tables == 0
    stage.district.new_calls()
    await stage.students(filter=TITLE_I, orderBy=BY_RISK)
    assert stage.cached_tables == 1
    assert any("AttendanceEvents" in name for name in stage.district.new_calls())


async def test_work_is_judged_at_the_time_of_the_request() -> None:
    """Work becomes missing during the day, so a population by missing work is not kept."""
    where = {"metric": {"metric": "MISSING_WORK", "atLeast": 0}}
    async with Stage.opened(("edfi", "canvas")) as stage:
        page = await stage.students(filter={"where": where, "ids": [facts().students[0].id]})
        assert page["totalCount"] == 1
        assert stage.cached_tables == 0


async def test_without_a_cache_nothing_is_kept(stage: Stage) -> None:
    """A process that caches nothing computes each population."""
    stage.pipeline = FetchPipeline(
        [stage.district.district], HmacSigner(b"0" * 32), Limits(memory=0), operation_seconds=OPERATION_SECONDS
    )
    for _ in range(2):
        assert (await stage.students(VIEWER, filter=TITLE_I))["totalCount"] > 0
    assert stage.cached_tables == 0
