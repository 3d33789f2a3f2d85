"""The panes beside the editors: sources, gaps, the plan, tables, and parts that arrive later."""

from __future__ import annotations

from tests.clients import post
from tests.gateway.browser import in_shared_browser, needs_graphiql
from tests.gateway.servers import RunningDemo
from tests.graphiql.visit import Visit, address_of, visit_to

pytestmark = [needs_graphiql, in_shared_browser]
SLOW_MILLISECONDS = 1_000
"""How long a slow vendor takes for each response."""
DEFERRED = """
{
  student(studentUniqueId: "%s") {
    name { firstName }
    ... @defer(label: "lms") { assignments { title } }
  }
}
"""
RECORD_STATES = """() => {
  const status = document.querySelector("[data-testid=status]");
  const result = document.querySelector(".result-window");
  window.states = [];
  const record = () => window.states.push([status.dataset.phase, status.textContent, result.textContent]);
  const changes = {attributes: true, characterData: true, childList: true, subtree: true};
  new MutationObserver(record).observe(status, changes);
}"""
"""Keeps what the page shows each time that the line below the response changes."""


def switch(running: RunningDemo, source: str, **switches: object) -> None:
    """Change the switches of a sandbox."""
    post(f"{running.ready['sources'][source]['url']}/-/switches", json=switches).raise_for_status()


async def table(visit: Visit, name: str) -> list[list[str]]:
    """The texts of a table's cells, by row."""
    rows = visit.page.get_by_test_id(name).locator("tr")
    return [await row.locator("th, td").all_inner_texts() for row in await rows.all()]


async def test_a_deferred_part_is_shown_when_it_comes(running: RunningDemo) -> None:
    """First the name, with the label of what is still to come; then the whole response as one."""
    [edge] = running.post("{ students(filter: {}, first: 1) { edges { node { studentUniqueId } } } }")["data"][
        "students"
    ]["edges"]
    switch(running, "canvas", latency=SLOW_MILLISECONDS)
    try:
        async with visit_to(address_of(running)) as visit:
            await visit.write(DEFERRED % edge["node"]["studentUniqueId"])
            await visit.page.evaluate(RECORD_STATES)
            await visit.run()
            states = await visit.page.evaluate("() => window.states")
            response = await visit.response()
    finally:
        switch(running, "canvas", latency=0)

    waiting = [shown for phase, text, shown in states if phase == "parts" and "waiting for lms" in text]
    assert waiting
    assert [shown for shown in waiting if "assignments" in shown] == []
    assert response["data"]["student"].keys() == {"name", "assignments"}
    assert "canvas" in "".join(response["extensions"]["sources"])


async def test_sources_and_gaps_are_shown_and_select_their_position(running: RunningDemo) -> None:
    """Each source with its vendor and health; what is missing is a list, whose items select their position."""
    running.purge_cache()
    switch(running, "canvas", down=True)
    try:
        async with visit_to(address_of(running)) as visit:
            await visit.open_example("01-one-student")
            await visit.run()
            await visit.page.get_by_role("button", name="Sources, ").click()
            await visit.page.get_by_text("failed last (SOURCE_UNAVAILABLE)").wait_for()
            head, health, calls, *_ = await table(visit, "sources")
            sources = (await visit.response())["extensions"]["sources"]
            await visit.page.get_by_role("button", name="student.assignments", exact=True).click()
            selected = await visit.selected_text()
    finally:
        switch(running, "canvas", down=False)

    columns = {name.split("\n")[0]: index for index, name in enumerate(head)}
    assert "Ed-Fi ODS/API" in head[columns["edfi"]]
    assert health[columns["edfi"]].startswith("answered last")
    assert int(calls[columns["edfi"]]) == sources["cedar-hollow-school-district/edfi"]["calls"]
    assert selected == '"assignments": null'


async def test_the_plan_has_lookups_with_their_prices(running: RunningDemo) -> None:
    """Fields with a price first; those that are read from their parent are there on demand."""
    async with visit_to(address_of(running)) as visit:
        await visit.page.get_by_role("switch", name="Explain").check()
        await visit.open_example("01-one-student")
        await visit.run()
        await visit.page.get_by_role("button", name="Plan", exact=True).click()
        await visit.page.get_by_test_id("plan").wait_for()
        fields = visit.page.get_by_test_id("plan").get_by_role("listitem")
        priced = await fields.all_inner_texts()
        await visit.page.get_by_role("checkbox", name="Show fields").check()
        lines = (await visit.response())["extensions"]["explain"]
        number = await fields.count()

    assert "students_by_id" in priced[0]
    assert "per student" in priced[0]
    assert number == len(lines) > len(priced)


async def test_lists_are_tables_in_which_a_missing_value_has_its_reason(running: RunningDemo) -> None:
    """A row leads to its place in the response; a class of data that is not granted is no empty cell."""
    async with visit_to(address_of(running, "teacher")) as visit:
        await visit.write(
            "{ viewer { students(first: 3) { edges { node "
            "{ studentUniqueId name { lastName } demographics { birthDate } } } } } }"
        )
        await visit.run()
        await visit.show("Table")
        head, *rows = await table(visit, "table")
        students = [edge["node"] for edge in (await visit.response())["data"]["viewer"]["students"]["edges"]]
        await visit.page.get_by_role("button", name="Row 2: show in the response").click()
        selected = await visit.selected_text()

    assert head == ["Row", "studentUniqueId", "name.lastName", "demographics"]
    assert [row[1:] for row in rows] == [
        [student["studentUniqueId"], student["name"]["lastName"], "FORBIDDEN"] for student in students
    ]
    assert students[1]["studentUniqueId"] in selected
