"""Vendor calls of populations in a district of sandboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.schema import make_schema
from tests.long_runs import size
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import VIEWER, SandboxDistrict, sandbox_district

SCHEMA = make_schema(BreadthExecutor)
STUDENTS = size(300, 2_000)
MAX_LIST_CALLS = 60
"""Calls of a school's early-warning list, with nothing cached."""
UNCOUNTED = {"edfi token", "edfi ", "edfi availableChangeVersions"}
"""Requests that read no page: for credentials, discovery and change versions."""

LIST = """query($filter: StudentFilter!, $orderBy: StudentOrder) {
    students(filter: $filter, orderBy: $orderBy, first: 50) {
        totalCount undecided edges { node { studentUniqueId name { lastName } } }
    }
}"""
BY_RISK = {"metric": "CHRONIC_ABSENCE", "preset": "federal_10pct"}
AT_RISK = {"metric": {**BY_RISK, "level": "AT_RISK"}}
LANGUAGE = {"program": {"kind": "LANGUAGE_INSTRUCTION"}}
NOT_PROFICIENT = {"not": {"assessment": {"family": "ACT", "subject": "MATHEMATICS", "proficient": True}}}


@dataclass
class Stage:
    """The district, and a pipeline with a cache."""

    district: SandboxDistrict
    pipeline: FetchPipeline

    async def students(self, viewer: Viewer = VIEWER, **variables: Any) -> tuple[Any, dict[str, int]]:
        """Return a list and the calls that it needed, by kind and resource."""
        self.district.new_calls()
        context = self.pipeline.start_operation(viewer)
        result: Any = await SCHEMA.execute(LIST, variable_values=variables, context_value=context)
        assert result.errors is None
        calls = self.district.new_calls()
        return result.data["students"], {name: n for name, n in calls.items() if name not in UNCOUNTED}


@cache
def facts() -> DistrictFacts:
    """Return the district's facts, which no test changes."""
    return make_district(STUDENTS)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A district with the default settings."""
    options: dict[str, Any] = {"students": STUDENTS}
    async with sandbox_district(facts(), **options) as district:
        yield Stage(
            district,
            FetchPipeline(
                [district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS
            ),
        )


@pytest.mark.long_run
async def test_a_schools_list_by_risk_reads_lists(stage: Stage) -> None:
    """Sixty calls are enough for the early-warning list of a school; the next list needs none."""
    filter = {"school": str(stage.district.facts.enrollments[0].school)}
    page, calls = await stage.students(filter=filter, orderBy=BY_RISK)
    at_risk, more_calls = await stage.students(filter={**filter, "where": AT_RISK}, orderBy=BY_RISK)

    assert sum(calls.values()) <= MAX_LIST_CALLS, calls
    assert more_calls == {}
    assert page["undecided"] == 0
    count = at_risk["totalCount"]
    assert 0 < count < page["totalCount"]
    assert at_risk["edges"] == page["edges"][:count]


@pytest.mark.long_run
async def test_three_systems_meet_in_the_shortest_list(stage: Stage) -> None:
    """Attendance and tests are read only of students in a language program, in the cheapest way."""
    page, calls = await stage.students(filter={"where": {"all": [AT_RISK, LANGUAGE, NOT_PROFICIENT]}})
    language, _ = await stage.students(filter={"where": LANGUAGE})

    assert page["totalCount"] < language["totalCount"] < STUDENTS / 2
    lists = sum(count for name, count in calls.items() if "Program" in name)
    of_schools = 3 * len(stage.district.facts.schools)  # the days of school, and enrollments that name schools
    assert sum(calls.values()) <= lists + 2 * language["totalCount"] + of_schools, calls


async def test_a_class_without_a_grant_is_not_read(stage: Stage) -> None:
    """The refusal costs no call."""
    stage.district.new_calls()
    viewer = Viewer("bare", VIEWER.role, VIEWER.districts)
    context = stage.pipeline.start_operation(viewer)
    result: Any = await SCHEMA.execute(
        LIST, variable_values={"filter": {"where": LANGUAGE}}, context_value=context
    )
    assert [error.extensions["code"] for error in result.errors] == ["FORBIDDEN"]
    assert sum(stage.district.new_calls().values()) == 0
