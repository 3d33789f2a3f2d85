"""The status page shows an operator the objectives of a district, and how fast their budgets burn."""

from __future__ import annotations

from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.telemetry.levels import LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.objectives import Objective
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.browser import WAIT_MILLISECONDS, browser_page, in_shared_browser, needs_chromium
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district
from tests.graphiql.visit import Visit, needs_axe

VIEWERS = {"operator": Viewer("operator", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), operator=True)}
OBJECTIVES = Objectives(2.5, {Objective.IN_TIME: 0.95, Objective.COMPLETE: 0.9})


@needs_chromium
@in_shared_browser
@needs_axe
async def test_the_page_shows_objectives_in_words() -> None:
    """Beside the sources; before the first page it says that there was none."""
    levels = LevelSettings(objectives={DISTRICT: OBJECTIVES})
    application = Application(Service([district(Ledger())], VIEWERS, levels=levels))
    with client_for(application.asgi) as http:
        pages = application.observer.pages
        async with browser_page(1000, 800) as page:
            visit = Visit(page)
            visit.watch()
            await page.goto(str(http.base_url))
            await page.get_by_label("Token of a viewer").fill("operator")
            await page.get_by_role("button", name="Show").click()
            row = page.locator("section > dl > dd").first
            await row.wait_for(timeout=WAIT_MILLISECONDS)
            assert await row.text_content() == "no pages in 3 days, 95.0 % wanted"
            assert pages == {}
            http.post(
                "/graphql", json={"query": "{ districts { name } }"}, headers={"Authorization": "Bearer operator"}
            )
            application.recorder.update()
            await page.locator("dd", has_text="100.0 % in 3 days").first.wait_for(timeout=WAIT_MILLISECONDS)
            names = await page.locator("section > dl > dt").all_text_contents()
            texts = await page.locator("section > dl > dd").all_text_contents()
            assert names == ["Pages within 2.5 s", "Pages without a gap"]
            assert texts[1] == "100.0 % in 3 days, 90.0 % wanted; budget burns with 0.0 (1 h), 0.0 (6 h)"
            assert await visit.accessibility_problems() == []
            assert visit.problems() == []
