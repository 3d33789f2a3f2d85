"""Each page of the dashboard shows what the graph says, to everyone, on small screens and in the dark."""

from __future__ import annotations

import pytest

from tests.dashboard.visit import needs_dashboard, visit
from tests.gateway.browser import in_shared_browser
from tests.gateway.servers import RunningDemo

pytestmark = [needs_dashboard, in_shared_browser]


def full_name(name: dict[str, str]) -> str:
    """A name as the dashboard writes it."""
    return f"{name['firstName']} {name['lastName']}"


async def test_a_students_page_shows_every_part_with_its_source(running: RunningDemo, student: str) -> None:
    """Grades, attendance, work, tests, bus and meals of the graph are on the page, each with its source."""
    query = (
        "query ($id: ID!) { student(id: $id) { name { firstName lastName } assignments { title } "
        "courseGrades { courseName section { courseTitle } } assessments { assessment { title } } "
        "attendance { absentDays { value } } transportation { busNumber } "
        "foodService { services { codeValue } } } }"
    )
    expected = running.post(query, id=student)["data"]["student"]
    async with visit(running, "superintendent") as visitor:
        text = await visitor.open(f"/student/{student}")
        faults = await visitor.faults()
        sources = await visitor.page.get_by_role("list", name="Sources").all_inner_texts()

    assert full_name(expected["name"]) in text
    for part in (
        *(work["title"] for work in expected["assignments"]),
        *((grade["section"] or {}).get("courseTitle", grade["courseName"]) for grade in expected["courseGrades"]),
        *(result["assessment"]["title"] for result in expected["assessments"]),
        expected["transportation"]["busNumber"],
        *(service["codeValue"] for service in expected["foodService"]["services"]),
        f"Days absent\n{expected['attendance']['absentDays']['value']:g}",
    ):
        assert part in text
    assert any("The student information system, read" in source for source in sources)
    assert any("Canvas, read" in source for source in sources)
    assert faults == []
    assert visitor.sent_texts() == []


async def test_a_teacher_sees_the_classes_of_the_day(running: RunningDemo) -> None:
    """Each class has a tab; its students are listed with missing work, and the keyboard moves between classes."""
    query = "{ viewer { sections { classPeriods roster { student { name { firstName lastName } } } } } }"
    sections = running.post(query, "teacher")["data"]["viewer"]["sections"]
    rosters = {section["classPeriods"][0]: section["roster"] for section in sections}
    first, second, *_ = sorted(rosters)
    async with visit(running, "teacher") as visitor:
        text = await visitor.open("/day")
        await visitor.page.get_by_role("tab", name=first).focus()
        await visitor.page.keyboard.press("ArrowRight")
        await visitor.page.locator(f'[role="tab"][aria-selected="true"]:has-text("{second}")').wait_for()
        next_text = await visitor.text()
        faults = await visitor.faults()

    for name in (full_name(seat["student"]["name"]) for seat in rosters[first]):
        assert name in text
    for name in (full_name(seat["student"]["name"]) for seat in rosters[second]):
        assert name in next_text
    assert "Canvas, read" in text
    assert faults == []
    assert visitor.sent_texts() == []


async def test_a_principal_filters_the_early_warning_list(running: RunningDemo) -> None:
    """The list has the students of the graph with their reasons; another signal makes another list."""
    query = (
        "query ($signals: [StudentCondition!]!) { viewer { students(filter: {where: {any: $signals}}, first: 25) "
        "{ totalCount edges { node { name { firstName lastName } } } } } }"
    )
    absent = {"metric": {"metric": "CHRONIC_ABSENCE", "level": ["AT_RISK"]}}
    failing = {"metric": {"metric": "FAILING_COURSES", "atLeast": 1}}
    both, only_absent = (
        running.post(query, "superintendent", signals=signals)["data"]["viewer"]["students"]
        for signals in ([absent, failing], [absent])
    )
    async with visit(running, "superintendent") as visitor:
        text = await visitor.open("/early-warning")
        await visitor.page.get_by_text("Failing a course", exact=True).click()
        await visitor.page.get_by_text(f"{only_absent['totalCount']} student").first.wait_for()
        fewer = await visitor.text()
        faults = await visitor.faults()

    assert 0 < only_absent["totalCount"] < both["totalCount"]
    assert f"{both['totalCount']} students on the list" in text
    assert "Chronic absence: Absent on " in text
    for edge in both["edges"]:
        assert full_name(edge["node"]["name"]) in text
    for edge in only_absent["edges"]:
        assert full_name(edge["node"]["name"]) in fewer
    assert faults == []
    assert visitor.sent_texts() == []


async def test_a_superintendent_compares_schools(running: RunningDemo) -> None:
    """Every school is in the chart's table with the graph's number of students."""
    query = (
        "{ districts { metrics(metric: CHRONIC_ABSENCE, by: [SCHOOL]) { groups { population keys { group } } } "
        "schools { schoolId name } } }"
    )
    [district] = running.post(query)["data"]["districts"]
    names = {school["schoolId"]: school["name"] for school in district["schools"]}
    async with visit(running, "superintendent") as visitor:
        await visitor.open("/comparison")
        rows = await visitor.page.get_by_role("row").all_inner_texts()
        faults = await visitor.faults()

    for group in district["metrics"]["groups"]:
        if (name := names.get(group["keys"][0]["group"])) is not None:
            assert any(row.startswith(f"{name}\t{group['population']}\t") for row in rows)
    assert faults == []


async def test_hidden_cells_are_shown_as_hidden(running: RunningDemo) -> None:
    """A teacher reads `hidden` where the graph suppressed a number, never a zero or a dash."""
    query = (
        "{ viewer { schools { metrics(metric: CHRONIC_ABSENCE, by: [GRADE_LEVEL]) { groups { suppressed } } } } }"
    )
    [school] = running.post(query, "teacher")["data"]["viewer"]["schools"]
    suppressed = [group for group in school["metrics"]["groups"] if group["suppressed"]]
    async with visit(running, "teacher") as visitor:
        text = await visitor.open("/comparison")
        cells = await visitor.page.locator("tbody .hidden-cell").count()
        faults = await visitor.faults()

    assert suppressed
    assert cells >= len(suppressed)
    assert "few students are behind" in text
    assert faults == []


async def test_a_counselor_builds_a_group(running: RunningDemo) -> None:
    """Conditions of two systems become one filter, and the page lists the students that the graph finds."""
    query = (
        "query ($where: StudentCondition!) { viewer { students(filter: {where: $where}, first: 25) "
        "{ totalCount edges { node { name { firstName lastName } } } } } }"
    )
    where = {
        "any": [
            {"metric": {"metric": "CHRONIC_ABSENCE", "atLeast": 0.05}},
            {"metric": {"metric": "MISSING_WORK", "atLeast": 4}},
        ]
    }
    expected = running.post(query, "counselor", where=where)["data"]["viewer"]["students"]
    async with visit(running, "counselor") as visitor:
        await visitor.open("/population")
        page = visitor.page
        await page.get_by_role("button", name="A student meets").click()
        await page.get_by_role("option", name="any of these").click()
        await page.get_by_label("Works, at least").fill("4")
        await page.get_by_role("button", name="Find students").click()
        await page.get_by_text(" found").wait_for()
        text = await visitor.text()
        faults = await visitor.faults()

    assert expected["totalCount"] > 0
    assert f"{expected['totalCount']} student" in text
    for edge in expected["edges"]:
        assert full_name(edge["node"]["name"]) in text
    assert faults == []
    assert visitor.sent_texts() == []


@pytest.mark.parametrize("person", ["parent", "student"])
async def test_a_family_goes_straight_to_the_child(running: RunningDemo, student: str, person: str) -> None:
    """Parents and students have no list to look through."""
    async with visit(running, person) as visitor:
        text = await visitor.open("/")
        address = visitor.page.url

    assert address.endswith(f"#/student/{student}")
    assert "Attendance" in text
    assert visitor.errors == []


async def test_the_demos_link_signs_in_and_a_menu_changes_the_person(running: RunningDemo) -> None:
    """The code leaves the address at once; another person is chosen with the keyboard and gets other pages."""
    async with visit(running, "superintendent") as visitor:
        page = visitor.page
        await page.goto(running.ready["dashboard"])
        await page.get_by_role("heading", name="Comparison").wait_for()
        address = page.url
        await page.keyboard.press("Tab")
        first_stop = await page.evaluate("document.activeElement.textContent")
        await page.get_by_role("button", name="Viewing as").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("option", name="Superintendent").wait_for()
        await page.keyboard.press("Escape")
        await page.get_by_role("option", name="Superintendent").wait_for(state="detached")
        focused = await page.evaluate("document.activeElement.textContent")
        await page.keyboard.press("Enter")
        await page.get_by_role("option", name="Teacher").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="My classes").wait_for()
        pages = await page.get_by_role("navigation").inner_text()
        await visitor.text()

    assert "code" not in address
    assert first_stop == "Skip to the page"
    assert "Superintendent" in focused
    assert "My classes" in pages
    assert visitor.errors == []


async def test_a_search_by_name_lists_the_student(running: RunningDemo) -> None:
    """The list has the graph's pages, Enter searches, and a link leads the focus to the student's page."""
    query = "{ viewer { students(first: 26) { totalCount edges { node { name { firstName lastName } } } } } }"
    students = running.post(query)["data"]["viewer"]["students"]
    name = full_name(students["edges"][25]["node"]["name"])
    async with visit(running, "superintendent") as visitor:
        first_page = await visitor.open("/students")
        await visitor.page.get_by_role("button", name="Next page").click()
        await visitor.page.get_by_role("link", name=name).wait_for()
        await visitor.page.get_by_role("searchbox", name="Name").fill(name)
        await visitor.page.keyboard.press("Enter")
        await visitor.page.get_by_text("Page 2").wait_for(state="detached")
        await visitor.page.get_by_role("link", name=name).wait_for()
        faults = await visitor.faults()
        await visitor.page.get_by_role("link", name=name).click()
        await visitor.page.get_by_role("heading", name=name).wait_for()
        focused = await visitor.page.evaluate("document.activeElement.id")

    assert f"{students['totalCount']} students" in first_page
    assert name not in first_page
    assert focused == "main"
    assert faults == []
