"""The teacher's day changes when the vendor's data do, and says so; without live documents it is as before."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboard.attendance import Attendance, demo_with_attendance
from tests.dashboard.test_pages import full_name
from tests.dashboard.visit import needs_dashboard, visit
from tests.gateway.browser import expect, in_shared_browser
from tests.long_runs import LONG_RUNS

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page, Route

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS
CLASSES = """{ viewer { sections { classPeriods roster { student {
    studentUniqueId
    name { firstName lastName }
    attendance(window: LAST_4_WEEKS) { absentDays { value } }
} } } } }"""
CHANGE_MILLISECONDS = 180_000
"""Attendance is fresh for a minute; a slow and busy machine needs longer."""


@pytest.fixture(scope="module")
def attendance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attendance]:
    """Who takes attendance in a demo with the dashboard."""
    with demo_with_attendance(tmp_path_factory.mktemp("attendance")) as taking:
        yield taking


def students_of_first_class(attendance: Attendance) -> list[dict[str, Any]]:
    """The students of the teacher's first class who were never absent lately."""
    sections = attendance.running.post(CLASSES, "teacher")["data"]["viewer"]["sections"]
    first = min(sections, key=lambda section: int(re.sub(r"\D", "", section["classPeriods"][0])))
    students = [entry["student"] for entry in first["roster"]]
    return [student for student in students if student["attendance"]["absentDays"]["value"] == 0]


def days_absent(page: Page, student: dict[str, Any]) -> Locator:
    """The cell with a student's days of absence."""
    return (
        page.get_by_role("row").filter(has_text=full_name(student["name"])).locator('td[data-label="Days absent"]')
    )


@pytest.mark.parametrize("cause", ["a purge", "age"])
async def test_the_page_changes_when_the_vendor_does(attendance: Attendance, cause: str) -> None:
    """A report of the change brings it at once, and the age of the attendance alone brings it a minute later."""
    student = students_of_first_class(attendance)[0]
    async with visit(attendance.running, "teacher") as visitor:
        await visitor.open("/day")
        page = visitor.page
        state = page.locator("p.live")
        await state.get_by_text("Live, read at").wait_for()
        before = await days_absent(page, student).inner_text()
        attendance.record_absence(student["studentUniqueId"])
        if cause == "a purge":
            attendance.running.purge_cache()
        await expect(days_absent(page, student)).to_have_text("1", timeout=CHANGE_MILLISECONDS)
        text = await state.inner_text()
        role = await state.get_attribute("role")
        faults = await visitor.faults()

    assert before == "0"
    assert text.startswith("Live, read at ")
    assert role == "status"
    assert faults == []
    assert visitor.sent_texts() == []


async def test_without_live_documents_the_page_is_as_it_was_opened(attendance: Attendance) -> None:
    """A gateway that refuses them is asked once; the page is complete, and says nothing about it."""
    refused = 0

    async def refuse(route: Route) -> None:
        nonlocal refused
        if route.request.headers["accept"] != "text/event-stream":
            await route.continue_()
            return
        refused += 1
        error = '{"errors": [{"message": "Accept application/json.", "extensions": {"code": "BAD_REQUEST"}}]}'
        await route.fulfill(status=406, content_type="application/json", body=error)

    async with visit(attendance.running, "teacher") as visitor:
        await visitor.page.route("**/graphql", refuse)
        async with visitor.page.expect_response(lambda response: response.status == 406):
            text = await visitor.open("/day")
        state = await visitor.page.locator("p.live").inner_text()

    assert state == ""
    assert "Days absent" in text
    assert refused == 1


async def test_the_page_says_that_the_gateway_stopped(tmp_path: Path) -> None:
    """The page stays, says that it is not live, and the gateway's process ends in good order."""
    with demo_with_attendance(tmp_path) as attendance:
        async with visit(attendance.running, "teacher") as visitor:
            await visitor.open("/day")
            state = visitor.page.locator("p.live")
            await state.get_by_text("Live, read at").wait_for()
            attendance.running.process.send_signal(signal.SIGTERM)
            await state.get_by_text("Not live at the moment, read at").wait_for()
            rows = await visitor.page.get_by_role("row").count()
        assert attendance.running.process.wait(60) == 0

    assert rows > 1
