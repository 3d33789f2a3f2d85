"""What people do first: open an example, run it, complete a field, and become somebody else."""

from __future__ import annotations

from student_graph.gateway.server.service import Service
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.browser import in_shared_browser, needs_graphiql
from tests.gateway.servers import RunningDemo, client_for
from tests.gateway.small_district import DISTRICT, Ledger, district
from tests.graphiql.visit import Visit, address_of, visit_to

pytestmark = [needs_graphiql, in_shared_browser]
SUGGESTION_MILLISECONDS = 2_000
"""How long one attempt to complete a field waits: the editor knows the schema some time after it is shown."""


async def test_an_example_is_searched_and_executed_by_keyboard(running: RunningDemo) -> None:
    """Search, Tab, Enter opens it; Enter again runs it. Ctrl-M lets Tab leave an editor; no token stays."""
    async with visit_to(address_of(running)) as visit:
        await visit.page.get_by_role("searchbox").focus()
        await visit.page.keyboard.type("EVERYTHING student")
        await visit.page.get_by_text("1 of ").wait_for()
        await visit.page.keyboard.press("Tab")
        await visit.page.keyboard.press("Enter")
        await visit.page.locator(".graphiql-query-editor", has_text="OneStudent").wait_for()
        await visit.page.keyboard.press("Enter")
        await visit.page.locator("[data-phase=done]").wait_for()

        assert (await visit.response())["data"]["student"]["provenance"]["source"] == "edfi"
        assert "token" not in visit.page.url

        await visit.page.locator(".graphiql-query-editor textarea").focus()
        await visit.page.keyboard.press("Control+m")
        await visit.page.keyboard.press("Tab")
        assert await visit.page.evaluate("() => document.activeElement.closest('.monaco-editor')") is None


async def test_people_run_the_same_query(running: RunningDemo) -> None:
    """The link that the demo prints offers its people; its code is removed from the page's address."""
    async with visit_to(running.ready["graphiql"]) as visit:
        roles = []
        for name in ("teacher", "superintendent"):
            await visit.choose_person(name)
            await visit.run()
            roles.append((await visit.response())["data"]["viewer"]["role"])
            offers_plans = await visit.page.get_by_role("switch", name="Explain").is_enabled()
            assert offers_plans is (name == "superintendent")

        assert roles == ["TEACHER", "SUPERINTENDENT"]
        assert "code" not in visit.page.url


async def test_fields_are_completed_and_unknown_names_corrected(running: RunningDemo) -> None:
    """The editor completes a field of the schema; the gateway suggests one for a name that it does not know."""
    async with visit_to(address_of(running)) as visit:
        await visit.write("{ viewer { opera } }")
        await visit.page.evaluate("() => __MONACO.editor.getEditors()[0].setPosition({lineNumber: 1, column: 17})")
        await visit.page.locator(".graphiql-query-editor textarea").focus()
        await _complete(visit, "operator")
        completed = await visit.page.evaluate("() => __MONACO.editor.getEditors()[0].getValue()")
        assert completed == "{ viewer { operator } }"

        await visit.write("{ viewer { rol } }")
        await visit.run()
        assert "Did you mean 'role'?" in (await visit.response())["errors"][0]["message"]
        await visit.show("Sources and gaps")
        await visit.page.get_by_role("button", name="line 1, column 12 of the query").wait_for()


async def _complete(visit: Visit, name: str) -> None:
    """Ask for suggestions until a field is among them, and take it."""
    from playwright.async_api import TimeoutError as PlaywrightTimeoutError  # noqa: PLC0415 - slow to import, and few processes need it

    suggestion = visit.page.locator(".suggest-widget .monaco-list-row", has_text=name).first
    while True:
        await visit.page.keyboard.press("Control+Space")
        try:
            await suggestion.wait_for(timeout=SUGGESTION_MILLISECONDS)
        except PlaywrightTimeoutError:
            await visit.page.keyboard.press("Escape")
        else:
            return await suggestion.click()


async def test_an_example_replaces_only_an_unchanged_example(running: RunningDemo) -> None:
    """Texts that somebody wrote stay in their tab, and a document that is open is shown again."""
    async with visit_to(address_of(running)) as visit:
        tabs = visit.page.locator(".graphiql-tab")
        for name in ("01-one-student", "04-find-students"):
            await visit.open_example(name)
        assert await tabs.count() == 1

        await visit.write("{ viewer { grants } }")
        await visit.open_example("03-sources")
        assert await tabs.count() == 2

        await visit.page.locator(".graphiql-tab-button").first.click()
        await visit.open_example("03-sources")
        assert await tabs.count() == 2
        assert await visit.page.locator(".graphiql-tab-active").inner_text() == "Sources"


async def test_the_controls_are_headers_of_requests(running: RunningDemo) -> None:
    """The purpose is one that the demo knows; the switches ask for new answers and for the plan."""
    async with visit_to(address_of(running)) as visit:
        await visit.page.get_by_test_id("purpose").select_option("instruction")
        await visit.page.get_by_role("switch", name="No cache").check()
        await visit.page.get_by_role("switch", name="Explain").check()
        async with visit.page.expect_request(
            lambda request: "viewer { role } other: viewer" in (request.post_data or "")
        ) as sent:
            await visit.write("{ viewer { role } other: viewer { role } }")
            await visit.run()
        headers = (await sent.value).headers
        response = await visit.response()

    assert headers["student-graph-purpose"] == "instruction"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-student-graph-explain"] == "1"
    assert response["extensions"]["explain"][0]["field"] == "viewer"


async def test_a_purpose_that_is_required_is_chosen_first() -> None:
    """Without one even the schema is refused; with one the editor gets it, and the query is answered."""
    token = "0123456789abcdef0123456789abcdef"
    viewer = Viewer("ada", ViewerRole.TEACHER, frozenset({DISTRICT}))
    purposes = Purposes(frozenset({"counseling", "instruction"}), required=True)
    service = Service([district(Ledger())], {token: viewer}, GraphiQLPage(), purposes=purposes)
    with client_for(service.app()) as client:
        async with visit_to(f"{client.base_url}/graphql#token={token}") as visit:
            await visit.page.locator(".result-window", has_text="State the purpose").wait_for()
            await visit.page.get_by_test_id("purpose").select_option("counseling")
            await visit.show("Documentation Explorer")
            await visit.page.get_by_text("Root Types").wait_for()
            await visit.run()
            assert (await visit.response())["data"] == {"viewer": {"role": "TEACHER"}}
            visit.errors.clear()  # Chromium reports the refusal of the first request, with status 403
