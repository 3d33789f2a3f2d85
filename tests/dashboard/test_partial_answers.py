"""What is missing on a page has a reason in plain words, and the rest of the page is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients import post
from tests.dashboard.visit import needs_dashboard, visit
from tests.gateway.browser import in_shared_browser
from tests.gateway.servers import RunningDemo
from tests.long_runs import LONG_RUNS

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS
NOTHING_KNOWN = "\N{EN DASH}"
SLOW_MILLISECONDS = 1_000
ORDER_SCRIPT = """
window.order = [];
new MutationObserver(() => {
  for (const card of document.querySelectorAll("section.card:not(:has(.waiting))")) {
    const title = card.querySelector("h2").textContent;
    if (!window.order.includes(title)) window.order.push(title);
  }
}).observe(document, { childList: true, subtree: true });
"""
"""Notes in which order the parts of a page arrive."""
TOPS_SCRIPT = """
window.tops = [];
new MutationObserver(() => {
  const list = document.querySelector("[role=tablist]");
  if (list) window.tops.push(Math.round(list.getBoundingClientRect().top));
}).observe(document, { childList: true, subtree: true });
"""
"""Notes where the classes of a teacher are in the window, whenever something is added to the page."""


def switch(running: RunningDemo, source: str = "canvas", **switches: object) -> None:
    """Set switches of a source, and forget what was read from all."""
    post(f"{running.ready['sources'][source]['url']}/-/switches", json=switches).raise_for_status()
    running.purge_cache()


@pytest.fixture
def canvas(running: RunningDemo, student: str) -> Iterator[RunningDemo]:
    """The demo, whose Canvas works again after the test, and is asked again."""
    yield running
    switch(running, down=False, latency=0)
    query = "query ($student: ID!) { node(id: $student) { ... on Student { assignments { title } } } }"
    while "errors" in running.post(query, student=student):  # a failed source is left alone for a moment
        running.purge_cache()


@pytest.fixture
def edfi(running: RunningDemo) -> Iterator[RunningDemo]:
    """The demo, whose student information system works again after the test, and is asked again."""
    yield running
    switch(running, "edfi", down=False)
    while "errors" in running.post("{ viewer { sections { courseTitle room } } }", "teacher"):
        running.purge_cache()


def card(title: str) -> str:
    """Selector of a part of the page."""
    return f'section.card:has(h2:text-is("{title}"))'


async def test_a_source_that_is_down_costs_its_own_parts_only(canvas: RunningDemo, student: str) -> None:
    """Posted grades and attendance are there; work says that Canvas did not answer, and can be asked again."""
    switch(canvas, down=True)
    async with visit(canvas, "superintendent") as visitor:
        await visitor.open(f"/student/{student}")
        page = visitor.page
        work = await page.locator(card("Work in class")).inner_text()
        courses = await page.locator(card("Courses and grades")).inner_text()
        attendance = await page.locator(card("Attendance")).inner_text()
        faults = await visitor.faults()
        switch(canvas, down=False)
        again = page.locator(card("Work in class")).get_by_role("button", name="Try again")
        while await again.count():  # the gateway leaves a failed source alone for a moment
            async with page.expect_response("**/graphql"):
                await again.click()
            await visitor.text()
        assert await page.locator(card("Work in class")).get_by_role("table").is_visible()

    assert "Canvas did not answer in time." in work
    assert "Canvas did not answer in time." in courses
    assert "Posted" in courses
    assert "The student information system, read" in courses
    assert "Days in school" in attendance
    assert "did not answer" not in attendance
    assert faults == []


async def test_a_teachers_day_without_canvas_has_the_classes(canvas: RunningDemo) -> None:
    """The classes and days of absence are there; missing work is unknown, and the page says why."""
    switch(canvas, down=True)
    async with visit(canvas, "teacher") as visitor:
        text = await visitor.open("/day")
        cells = await visitor.page.locator('td[data-label="Missing work"]').all_inner_texts()
        faults = await visitor.faults()

    assert "Canvas did not answer in time." in text
    assert cells
    assert set(cells) == {NOTHING_KNOWN}
    assert f"not known: missing work of {len(cells)} student" in text
    assert faults == []


async def test_a_teachers_day_that_is_not_known_is_no_day_without_classes(edfi: RunningDemo) -> None:
    """The page says which system did not answer, and no number of classes."""
    switch(edfi, "edfi", down=True)
    async with visit(edfi, "teacher") as visitor:
        text = await visitor.open("/day")

    assert "The student information system did not answer in time." in text
    assert "classes today" not in text
    assert "You teach no class" not in text
    assert visitor.errors == []


async def test_a_reason_that_comes_late_moves_nothing(canvas: RunningDemo) -> None:
    """The classes come first. Why missing work is unknown appears in the window, and they stay where they are."""
    switch(canvas, down=True)
    async with visit(canvas, "teacher") as visitor:
        await visitor.page.add_init_script(TOPS_SCRIPT)
        await visitor.open("/day")
        tops = await visitor.page.evaluate("window.tops")
        notice = visitor.page.locator(".notice", has_text="Canvas did not answer in time.")
        box = await notice.bounding_box()
        assert visitor.page.viewport_size is not None
        height = visitor.page.viewport_size["height"]

    assert len(tops) > 1
    assert len(set(tops)) == 1
    assert box is not None
    assert 0 <= box["y"] <= height - box["height"]


async def test_a_slow_source_does_not_hold_the_page(canvas: RunningDemo, student: str) -> None:
    """Attendance and behavior appear while Canvas still works on its answer, which appears when it comes."""
    switch(canvas, latency=SLOW_MILLISECONDS)
    async with visit(canvas, "superintendent") as visitor:
        await visitor.page.add_init_script(ORDER_SCRIPT)
        await visitor.open(f"/student/{student}")
        order = await visitor.page.evaluate("window.order")

    assert order.index("Attendance") < order.index("Work in class")
    assert order.index("Behavior") < order.index("Work in class")
    assert visitor.errors == []


async def test_a_class_of_data_without_a_grant_is_named(running: RunningDemo, student: str) -> None:
    """A teacher reads which records the role does not open; the rest of the page is there."""
    async with visit(running, "teacher") as visitor:
        text = await visitor.open(f"/student/{student}")
        codes = await visitor.page.locator("[data-code]").evaluate_all("nodes => nodes.map(n => n.dataset.code)")
        faults = await visitor.faults()

    assert "Your role does not open discipline records. The district can grant it." in text
    assert "Your role does not open meal records. The district can grant it." in text
    assert "Your role does not open addresses and buses. The district can grant it." in text
    assert set(codes) == {"FORBIDDEN"}
    assert "Days in school" in text
    assert faults == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("NO_IDENTITY_LINK", "There is no account in Canvas."),
        ("IDENTITY_CONFLICT", "It is not certain whose account in Canvas this is"),
    ],
)
async def test_a_student_who_is_not_known_for_certain(running: RunningDemo, code: str, sentence: str) -> None:
    """No account and a doubtful account are two sentences; neither is an empty list of work."""
    query = "{ viewer { students(first: 40) { edges { node { id assignments { title } } } } } }"
    answer = running.post(query)
    edges = answer["data"]["viewer"]["students"]["edges"]
    student = next(
        edges[error["path"][3]]["node"]["id"] for error in answer["errors"] if error["extensions"]["code"] == code
    )
    async with visit(running, "superintendent") as visitor:
        await visitor.open(f"/student/{student}")
        work = await visitor.page.locator(card("Work in class")).inner_text()

    assert sentence in work
    assert "Nothing is assigned" not in work
    assert visitor.errors == []


async def test_a_student_outside_the_viewers_reach_is_like_nobody(running: RunningDemo) -> None:
    """A parent who opens the page of another child reads that there is no such student."""
    own = running.post("{ viewer { students(first: 1) { edges { node { id } } } } }", "parent")
    query = "{ viewer { students(first: 2) { edges { node { id name { firstName } } } } } }"
    edges = running.post(query)["data"]["viewer"]["students"]["edges"]
    known = own["data"]["viewer"]["students"]["edges"][0]["node"]["id"]
    other = next(edge["node"] for edge in edges if edge["node"]["id"] != known)
    async with visit(running, "parent") as visitor:
        text = await visitor.open(f"/student/{other['id']}")

    assert "There is no such student among yours." in text
    assert other["name"]["firstName"] not in text
    assert visitor.errors == []
