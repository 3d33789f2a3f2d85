"""What readers see of records that are unusual, and how somebody gets on whose token is not valid any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.dashboard.visit import Visit, needs_dashboard, visit
from tests.gateway.browser import browser_page, in_shared_browser
from tests.gateway.servers import RunningDemo
from tests.long_runs import LONG_RUNS

if TYPE_CHECKING:
    from playwright.async_api import Route

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS
NOTHING_KNOWN = "\N{EN DASH}"


async def change_answers(visitor: Visit, *changes: tuple[str, str]) -> None:
    """Replace what matches patterns in each answer, in whichever part of it."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        body = await response.text()
        for pattern, text in changes:
            body = re.sub(pattern, text, body)
        await route.fulfill(response=response, body=body)

    await visitor.page.route("**/graphql", answer)


@pytest.mark.parametrize(("due", "shown"), [
    ("2026-10-02T03:59:00+00:00", "Oct 1, 2026, 11:59 PM"),
    ("2026-10-02T00:00:00+00:00", "Oct 2, 2026"),
])  # fmt: skip
async def test_a_due_time_is_that_of_the_reader(running: RunningDemo, student: str, due: str, shown: str) -> None:
    """A minute before midnight in New York is on that day; of a system that keeps no times, the day is shown."""
    async with visit(running, "parent") as visitor:
        session = await visitor.page.context.new_cdp_session(visitor.page)
        await session.send("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
        await change_answers(visitor, (r'"dueAt":"[^"]+"', f'"dueAt":"{due}"'))
        await visitor.open(f"/student/{student}")
        days = await visitor.page.locator('td[data-label="Due"]').all_inner_texts()

    assert set(days) - {NOTHING_KNOWN} == {shown}
    assert visitor.errors == []


async def test_unusual_records_are_readable(running: RunningDemo, student: str) -> None:
    """A last day that is known long before, kindergarten, letters without numbers, and many absences."""
    query = "query ($id: ID!) { student(id: $id) { enrollments { school { name } } } }"
    [enrollment] = running.post(query, id=student)["data"]["student"]["enrollments"]
    async with visit(running, "parent") as visitor:
        await change_answers(
            visitor,
            (r'"gradeLevel":"[A-Z]+"', '"gradeLevel":"KINDERGARTEN"'),
            (r'"exitWithdrawDate":null', '"exitWithdrawDate":"2999-06-10"'),
            (r'"letter":("[^"]*"|null)', '"letter":"S"'),
            (r'"(numeric|score|pointsPossible)":[^,}]+', r'"\1":null'),
            (r'"totalCount":\d+', '"totalCount":130'),
        )
        text = await visitor.open(f"/student/{student}")
        head = await visitor.page.locator(".page-head").inner_text()
        grades = await visitor.page.locator('td[data-label="Posted"]').all_inner_texts()

    assert "\nKindergarten \N{MIDDLE DOT} No. " in head
    assert enrollment["school"]["name"] in head
    assert set(grades) <= {"S", NOTHING_KNOWN}
    assert "S" in grades
    assert f"{NOTHING_KNOWN} of" not in text
    assert "of 130 entries" in text
    assert visitor.errors == []


async def test_records_that_cannot_be_read_are_not_absent(running: RunningDemo, student: str) -> None:
    """Where bus and meals are missing for one reason, the page does not say that no bus is recorded."""
    async with visit(running, "teacher") as visitor:
        await change_answers(visitor, (r'"sensitivity":"(MEAL|LOCATION)"', '"sensitivity":"PII"'))
        text = await visitor.open(f"/student/{student}")

    assert "Your role does not open personal details." in text
    assert "No bus is recorded" not in text
    assert "No meal program is recorded" not in text
    assert visitor.errors == []


async def test_nobody_on_a_list_is_not_certain_while_students_are_undecided(running: RunningDemo) -> None:
    """The early-warning list and a group say that nobody is known to be in it."""
    async with visit(running, "counselor") as visitor:
        await change_answers(
            visitor,
            (r'"edges":\[.*\],"pageInfo"', '"edges":[],"pageInfo"'),
            (r'"totalCount":\d+,"undecided":\d+', '"totalCount":null,"undecided":5'),
        )
        warned = await visitor.open("/early-warning")
        await visitor.page.get_by_role("link", name="Find a group").click()
        await visitor.page.get_by_role("button", name="Find students").click()
        await visitor.page.get_by_text(" found").wait_for()
        group = await visitor.text()

    assert "Nobody is known to meet these signals." in warned
    assert "Students on the list; for 5 more students" in warned
    assert "Nobody is known to meet these conditions." in group
    assert "Students found; 5 more students" in group
    assert visitor.errors == []


async def test_somebody_whose_token_is_not_valid_any_more_can_sign_in_again(running: RunningDemo) -> None:
    """A button leads to the sign-in, and the link of the demo signs in, also in the tab of an older run."""
    dashboard: str = running.ready["dashboard"]
    async with browser_page() as page:
        await page.goto(dashboard.partition("#")[0])
        await page.evaluate("sessionStorage.setItem('student-graph.token', 'of an older run')")
        await page.reload()
        await page.get_by_text("You are no longer signed in.").wait_for()
        await page.get_by_role("button", name="Sign in again").click()
        await page.get_by_text("Open the link that the gateway's demo printed").wait_for()
        await page.evaluate("sessionStorage.setItem('student-graph.token', 'of an older run')")
        await page.goto(dashboard)
        await page.get_by_role("heading", name="Comparison").wait_for()
        address = page.url

    assert "code" not in address
