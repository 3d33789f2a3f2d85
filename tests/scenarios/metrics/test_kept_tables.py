"""Tables of metrics are kept for viewers of one scope: who gets them, and when they are computed again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.model import Sensitivity
from student_graph.gateway.cache import Purge
from student_graph.resolvers.access import Grant
from student_graph.resolvers.cohorts.aggregates import members
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.scenarios.helpers.cached_district import CachedDistrict, facts
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, VIEWER

QUERY = """{{ districts {{ metrics({arguments}) {{
    complete total {{ population mean suppressed }} groups {{ keys {{ group }} population mean suppressed }}
    missingSources {{ source code students }}
}} }} }}"""
ABSENCE = 'metric: CHRONIC_ABSENCE, preset: "federal_10pct", by: [GRADE_LEVEL]'
ROUTES = "metric: ABSENT_DAYS, by: [BUS_ROUTE]"
PUBLISHED = "metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL]"
OTHER = replace(VIEWER, subject="another superintendent")
COUNTER = replace(VIEWER, subject="counter", role=ViewerRole.SERVICE, counts_only=True, operator=False)


class Stage(CachedDistrict):
    """The district, and its tables."""

    async def table(self, arguments: str = ABSENCE, viewer: Viewer = VIEWER) -> Any:
        """Return a table of the district, or the codes of the errors."""
        data = await self.execute(QUERY.format(arguments=arguments), viewer)
        return data if isinstance(data, list) else data["districts"][0]["metrics"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """The district's student information system alone."""
    async with Stage.opened() as stage:
        yield stage


async def test_viewers_of_one_scope_share_a_table(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is measured for the second viewer, and the record of disclosures has the same classes of data."""
    arguments = "metric: CHRONIC_ABSENCE, by: [MEAL_STATUS]"
    first = await stage.table(arguments)
    classes = {name: set(kinds) for name, kinds in stage.operation.disclosures.classes_read.items()}
    assert classes[DISTRICT_ID]
    monkeypatch.setattr("student_graph.resolvers.cohorts.aggregates.aggregate.measure_students", None)

    assert await stage.table(arguments, OTHER) == first
    assert stage.cached_tables == 1
    assert stage.operation.disclosures.classes_read == classes


async def test_a_table_of_a_restricted_class_asks_no_source_again(stage: Stage) -> None:
    """The response itself is never cached: the table is, for as long as its records may be."""
    first = await stage.table(ROUTES)
    stage.district.new_calls()
    assert await stage.table(ROUTES) == first
    assert not stage.district.new_calls()


async def test_complete_tables_and_tables_without_small_cells_are_cached_separately(stage: Stage) -> None:
    """Whoever asks first: a service that only counts gets no mean, and the superintendent every number."""
    hidden = await stage.table(PUBLISHED, COUNTER)
    complete = await stage.table(PUBLISHED)
    assert (hidden["complete"], complete["complete"]) == (False, True)
    assert await stage.table(PUBLISHED, COUNTER) == hidden
    assert {group["mean"] for group in hidden["groups"]} == {None}
    assert any(group["population"] is None for group in hidden["groups"])
    assert stage.cached_tables == 2


async def test_a_viewer_who_may_not_count_gets_no_kept_table(stage: Stage) -> None:
    """Refusals come before the kept tables: by role, by grant, by a grant for some students, by break-glass."""
    arguments = "metric: CHRONIC_ABSENCE, by: [MEAL_STATUS]"
    assert (await stage.table(arguments))["complete"]
    bare = replace(VIEWER, subject="bare", grants=frozenset())
    number = facts().students[0].id
    limited = replace(bare, grants=frozenset({Grant(frozenset(Sensitivity), students=frozenset({number}))}))
    student = Viewer("student", ViewerRole.STUDENT, frozenset({DISTRICT_ID}), student_id=number)
    for viewer in (bare, limited, student):
        assert await stage.table(arguments, viewer) == ["FORBIDDEN"]
    assert stage.cached_tables == 1


async def test_a_refused_choice_is_refused_while_its_table_is_cached(stage: Stage) -> None:
    """The superintendent's second definition is kept, and is no oracle for a service that counts."""
    arguments = 'metric: CHRONIC_ABSENCE, preset: "edu_90_20", by: [GRADE_LEVEL]'
    assert (await stage.table(arguments))["complete"]
    assert await stage.table(arguments, COUNTER) == ["SUPPRESSED"]


async def test_another_request_is_another_table(stage: Stage) -> None:
    """Metric, preset, dimensions, windows and the second metric are parts of what a table is kept under."""
    tables = [
        "metric: CHRONIC_ABSENCE",
        "metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL]",
        "metric: CHRONIC_ABSENCE, by: [SCHOOL, GRADE_LEVEL]",
        "metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL, SCHOOL]",
        'metric: CHRONIC_ABSENCE, preset: "edu_90_20"',
        "metric: CHRONIC_ABSENCE, window: LAST_4_WEEKS",
        'metric: CHRONIC_ABSENCE, asOf: "2026-10-30"',
        "metric: ABSENT_DAYS",
        'metric: CHRONIC_ABSENCE, crossedWith: {metric: FAILING_COURSES, preset: "acumened_abc"}',
    ]
    for arguments in tables:
        await stage.table(arguments)
    assert stage.cached_tables == len(tables)


@pytest.mark.parametrize("remembered", [0, members.MAX_REMEMBERED_STUDENTS])
async def test_a_table_is_computed_again_after_a_purge(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    """Also one of a large district, which holds no record that it was computed from."""
    monkeypatch.setattr("student_graph.resolvers.cohorts.aggregates.aggregate.MAX_REMEMBERED_STUDENTS", remembered)
    monkeypatch.setattr(members, "MAX_REMEMBERED_STUDENTS", remembered)
    first = await stage.table()
    assert stage.cached_tables == 1
    await stage.pipeline.cache.purge(Purge(district=DISTRICT_ID, records=frozenset({"AttendanceEvent"})))
    assert stage.cached_tables == 0
    stage.district.new_calls()
    assert await stage.table() == first
    assert any("AttendanceEvents" in name for name in stage.district.new_calls())


async def test_a_table_that_lacks_a_source_is_not_kept(stage: Stage) -> None:
    """Who asks after the outage gets the records."""
    arguments = "metric: FAILING_COURSES, by: [GRADE_LEVEL]"
    await stage.table()
    stage.district.sandboxes["edfi"].switches.down = True
    assert await stage.table(arguments) == ["SOURCE_UNAVAILABLE"]
    assert stage.cached_tables == 1


def section_without_special_cases() -> str:
    """The id of a section in the LMS whose students are all linked to an account of their own."""
    special = {student for students in facts().special_cases.values() for student in students}
    in_lms = {course.section.key for course in facts().lms_courses if course.section}
    enrollments = [row for row in facts().section_enrollments if row.section.key in in_lms]
    excluded = {row.section.key for row in enrollments if row.student in special}
    section = next(row.section for row in enrollments if row.section.key not in excluded)
    key = section_id(section.school, section.year, section.session, section.course, section.identifier)
    return encode(GlobalId("Section", DISTRICT_ID, key))


async def test_work_is_judged_at_the_time_of_the_request() -> None:
    """Work becomes missing during the day, so a table of missing work is not kept."""
    query = "query($id: ID!) { section(id: $id) { metrics(metric: %s) { missingSources { code } } } }"
    async with Stage.opened(("edfi", "canvas")) as stage:
        tables = {}
        for metric in ("MISSING_WORK", "ABSENT_DAYS"):
            data = await stage.execute(query % metric, VIEWER, id=section_without_special_cases())
            tables[metric] = (data["section"]["metrics"]["missingSources"], stage.cached_tables)
    assert tables == {"MISSING_WORK": ([], 0), "ABSENT_DAYS": ([], 1)}
