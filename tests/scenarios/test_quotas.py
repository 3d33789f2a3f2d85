"""Vendors that allow some requests a minute refuse none, and a page is complete within two requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters.model import StaffId
from student_graph.adapters.sandbox import serving
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.http import Gate, gate_of
from student_graph.gateway.http.budget import WINDOW_SECONDS
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.schema import make_schema
from tests.gateway.cache.slow_vendor import MovableLoop, on_movable_loop
from tests.long_runs import size
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

FACTS = make_district(size(60, 1_000))
REQUESTS_PER_MINUTE = size(14, 100)
OPERATION_SECONDS = 55.0
"""Less than a minute: what does not fit into the quota of this minute is not waited for."""
ORDINARY_CODES = {"NO_IDENTITY_LINK", "IDENTITY_CONFLICT", "IDENTITY_UNCONFIRMED", "FORBIDDEN"}
OWN_CLASSES = """{ viewer { sections { id courseTitle roster {
  student { studentUniqueId name { lastName } gradeLevel
    attendanceEvents(first: 100) { totalCount edges { node { date category } } }
    assessments { administrationDate scores { result } } }
  courseGrades { numeric letter }
  assignments { title status missing }
} } } }"""
"""A teacher's day."""


def busiest_teacher() -> StaffId:
    """The teacher with the most sections now."""
    today = FACTS.now.date()
    taught = [
        staff
        for section in FACTS.sections
        for staff, _, begin, end in section.staff
        if begin <= today and (end is None or today <= end)
    ]
    return StaffId(max(sorted(set(taught)), key=taught.count))


def largest_school() -> int:
    """The number of students in the largest school."""
    return max(Counter(enrollment.school for enrollment in FACTS.enrollments).values())


def gates(district: SandboxDistrict) -> list[Gate]:
    """The gates of both vendors, whose minutes are those of the test's event loop."""
    loop, vendor_gates = asyncio.get_running_loop(), []
    for source in district.district.sources:
        gate = gate_of(source.adapter.http)
        assert gate is not None
        gate._clock = gate._budget._clock = loop.time
        vendor_gates.append(gate)
    return vendor_gates


STABLE_POLLS = 25
"""How many times in a row a condition must hold: questions to Canvas gather for some milliseconds."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds for a while: between two requests that follow each other none is running."""
    held = 0
    async with asyncio.timeout(3600):  # of the event loop's time, which moves by minutes
        while held < STABLE_POLLS:
            held = held + 1 if condition() else 0
            await asyncio.sleep(0.002)  # the vendors answer from another thread


@pytest.mark.long_run
def test_a_teachers_day_at_a_small_quota_is_complete_at_the_second_request(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """The first request gets what fits into the quota. A minute later the second is complete: none is refused."""

    @on_movable_loop
    async def run() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovableLoop)
        monkeypatch.setattr(serving, "time", SimpleNamespace(monotonic=loop.time))
        schema: Any = make_schema(BreadthExecutor)
        teacher = Viewer("teacher", ViewerRole.TEACHER, frozenset({DISTRICT_ID}), staff_id=busiest_teacher())
        settings = {
            "timeout": OPERATION_SECONDS,
            "requests_per_minute": REQUESTS_PER_MINUTE,
            "students": len(FACTS.students),
            "school_students": largest_school(),
        }
        async with sandbox_district(FACTS, **settings) as district:
            for sandbox in district.sandboxes.values():
                sandbox.switches.requests_per_minute = REQUESTS_PER_MINUTE
            budgets = [gate._budget for gate in gates(district)]
            pipeline = FetchPipeline(
                [district.district], HmacSigner(b"0" * 32), operation_seconds=OPERATION_SECONDS
            )

            async def page() -> set[str]:
                context = pipeline.start_operation(teacher)
                result = await schema.execute(OWN_CLASSES, context_value=context)
                assert result.data is not None
                codes = {error.extensions.get("code") for error in result.errors or ()}
                return (codes | {part.code for part in context.operation.traffic.degraded}) - ORDINARY_CODES

            def is_waiting() -> bool:
                """Whether a vendor's minute is used up, and no vendor is answering."""
                is_used_up = any(not budget.left(in_background=False) for budget in budgets)
                return is_used_up and not any(budget._running for budget in budgets)

            cut_page = asyncio.create_task(page())
            await until(lambda: cut_page.done() or is_waiting())
            loop.move(OPERATION_SECONDS)
            first = await cut_page
            await until(lambda: not any(budget._running for budget in budgets))
            loop.move(WINDOW_SECONDS)
            second = await page()
            await pipeline.close()
            calls = {kind: len(sandbox.requests) for kind, sandbox in district.sandboxes.items()}
            refused = sum(sandbox.refused for sandbox in district.sandboxes.values())
            record_property("counts", f"quota: {calls} calls at {REQUESTS_PER_MINUTE} a minute, {refused} refused")
            assert (second, refused) == (set(), 0)
            assert first or max(calls.values()) <= REQUESTS_PER_MINUTE

    run()
