"""A viewer of several districts chooses one where a list needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.visit import needs_dashboard, visit
from tests.gateway.browser import in_shared_browser
from tests.gateway.servers import running_demo
from tests.long_runs import LONG_RUNS

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS


async def test_a_county_lists_the_students_of_one_district_after_the_other(tmp_path: Path) -> None:
    """The first is chosen at first, a menu brings the other one. Numbers that only one of them keeps say so."""
    query = "{ viewer { districts { name schools { name } } } }"
    with running_demo(tmp_path, "--students", "30", "--district", "both", "--dashboard") as running:
        districts = running.post(query, "county")["data"]["viewer"]["districts"]
        first_schools, other_schools = [
            [school["name"] for school in district["schools"]] for district in districts
        ]
        async with visit(running, "county") as visitor:
            first = await visitor.open("/students")
            await visitor.page.get_by_role("button", name="District").click()
            await visitor.page.get_by_role("option", name=districts[1]["name"]).click()
            await visitor.page.get_by_role("cell", name=other_schools[0]).first.wait_for()
            other = await visitor.text()
            faults = await visitor.faults()
            await visitor.page.get_by_role("link", name="Comparison").click()
            await visitor.page.get_by_role("region", name=districts[1]["name"]).wait_for()
            without = await visitor.page.get_by_role("region", name=districts[1]["name"]).inner_text()

    assert any(school in first for school in first_schools)
    assert not any(school in first for school in other_schools)
    assert not any(school in other for school in first_schools)
    assert "No system of the district keeps this." in without
    assert faults == []
