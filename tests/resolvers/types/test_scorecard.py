"""Who may see the scorecard of a source and of a district, and how much of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.resolvers.context import ViewerRole
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import World

FINDINGS = "findings { measure source measured text details numerator denominator }"
ROWS = f"model statement calls measuredFrom measuredUntil rows {{ title notMeasured {FINDINGS} }}"
QUERY = f"{{ sources {{ scorecard {{ {ROWS} }} }} districts {{ scorecard {{ {ROWS} }} }} }}"
LINKED = IdentityRules(students=(IdentityRule(field="sis_id"),))
LMS = VendorData({"assignment_work_by_student": {}, "students_by_id": {}})


def world(**viewer: Any) -> World:
    """A district with one source, and its superintendent with changes."""
    return World([third_party_source("lms", LMS), third_party_source("far", LMS, "birch")]).as_viewer(**viewer)


def counted(data: Any) -> list[str]:
    """The measures of all findings with counts."""
    cards = [row["scorecard"] for part in ("sources", "districts") for row in data[part]]
    findings = [finding for card in cards for row in card["rows"] for finding in row["findings"]]
    return sorted({finding["measure"] for finding in findings if finding["denominator"] is not None})


@pytest.mark.parametrize("role", [role for role in ViewerRole if role is not ViewerRole.SUPERINTENDENT])
async def test_only_operators_and_superintendents_see_a_scorecard(role: ViewerRole) -> None:
    """Both fields are FORBIDDEN for every other role, and hold nothing."""
    result = await world(role=role).ask(QUERY)

    assert [(error.extensions or {}).get("code") for error in result.errors or []] == ["FORBIDDEN"] * 2
    assert result.data == {"sources": [{"scorecard": None}], "districts": [{"scorecard": None}]}


async def test_a_superintendent_sees_no_count_of_students_or_rows() -> None:
    """Calls and lookups are counted, children are not: `HEALTH` has 10 links of 15."""
    data = await world().data(QUERY)

    assert counted(data) == ["COVERAGE", "ERRORS", "THROTTLING"]
    [source] = data["sources"]
    assert source["scorecard"]["model"] == "Project Unicorn: vendor rubric"
    assert [row["title"] for row in data["districts"][0]["scorecard"]["rows"]][2] == "Data Governance"


@pytest.mark.parametrize("role", [ViewerRole.SERVICE, ViewerRole.TEACHER])
async def test_an_operator_sees_counts(role: ViewerRole) -> None:
    """As with the counts of identity links, being an operator decides and not the role."""
    linked = World([third_party_source("lms", LMS, identity=LINKED)]).as_viewer(role=role, operator=True)
    data = await linked.data(QUERY)

    assert "IDENTITY_MATCH" in counted(data)
    assert "10 of 15 students linked (67 %); 2 without a link, 3 in conflict" in json.dumps(data)
    superintendent = linked.as_viewer(role=ViewerRole.SUPERINTENDENT, operator=False)
    assert "10 of 15" not in json.dumps(await superintendent.data(QUERY))


async def test_a_district_of_others_has_no_scorecard() -> None:
    """Its sources are not listed, and it looks like a district that does not exist."""
    data = await world(operator=True).data(
        f'{{ sources {{ name }} other: district(id: "birch") {{ scorecard {{ {ROWS} }} }} }}'
    )

    assert data == {"sources": [{"name": "lms"}], "other": None}
