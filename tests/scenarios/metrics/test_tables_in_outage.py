"""A table while a source is down: who is counted, who is missing, and that the response says so."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from student_graph.adapters.sandbox.serving import served
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

WORK = """metrics(metric: MISSING_WORK, by: [SCHOOL]) {
    total { population missing } groups { population missing } missingSources { source code students }
}"""


def ask(gateway: DemoGateway, query: str) -> Any:
    """The response to the superintendent, whatever is missing from it."""
    headers = {"Authorization": f"Bearer {gateway.tokens['superintendent']}"}
    return gateway.client.post("/graphql", json={"query": query}, headers=headers, timeout=120).json()


@pytest.mark.row("K12")
def test_a_stopped_source_leaves_a_partial_table_that_says_who_is_missing() -> None:
    """
    The LMS is stopped after a section was counted: its students have values, those of other sections are missing.

    The numbers of missing students of all schools add up to the one of the source.
    """
    [district] = demo_districts("edfi", 60)
    canvas = district.sandboxes["canvas"]
    others = [sandbox for sandbox in district.sandboxes.values() if sandbox is not canvas]
    with contextlib.ExitStack() as lms, served(*others):
        lms.enter_context(served(canvas))
        with demo_gateway([district]) as gateway:
            sections = ask(gateway, "{ districts { schools { sections { id } } } }")["data"]["districts"][0]
            section = next(part for school in sections["schools"] for part in school["sections"])["id"]
            query = f'{{ section(id: "{section}") {{ {WORK} }} }}'
            of_section = ask(gateway, query)["data"]["section"]["metrics"]
            ask(gateway, "{ districts { metrics(metric: CHRONIC_ABSENCE) { complete } } }")
            lms.close()
            response = ask(gateway, f"{{ districts {{ {WORK} }} }}")
    table = response["data"]["districts"][0]["metrics"]
    counted = of_section["total"]["population"] - of_section["total"]["missing"]
    assert counted > 0
    total = table["total"]
    assert total["population"] - total["missing"] == counted
    assert sum(group["missing"] for group in table["groups"]) >= total["missing"]
    down = [source for source in table["missingSources"] if source["code"] == "SOURCE_UNAVAILABLE"]
    assert [source["source"] for source in down] == ["canvas"]
    assert sum(source["students"] for source in table["missingSources"]) == total["missing"]
    degraded = response["extensions"]["degraded"]
    assert ("canvas", "SOURCE_UNAVAILABLE") in {(part["source"], part["code"]) for part in degraded}
