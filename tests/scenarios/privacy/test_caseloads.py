"""Staff who serve students beside classes, over real HTTP: whom they see, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import all_people
from student_graph.gateway.demo.people import DemoIssuer, Person
from student_graph.gateway.server import Service
from student_graph.resolvers.context import ViewerRole
from tests.gateway.servers import client_for
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts

MINE = "{ viewer { students(first: 100) { totalCount edges { node { id studentUniqueId } } } } }"
WHY = (
    "query ($id: ID!) { viewer { why(student: $id) { allowed reasons { kind text id } } } "
    "student(id: $id) { specialEducation { beginDate } } }"
)


@pytest.fixture(scope="module")
def asking() -> Iterator[tuple[DemoGateway, DistrictFacts]]:
    """A gateway over a district whose therapist, aide and reading specialists may ask."""
    made = demo_districts("edfi", 120)
    facts = made[0].facts
    titles = {"Speech therapist": "therapist", "Program aide": "aide", "Reading specialist": "reader"}
    with served(*made[0].sandboxes.values()):
        district = made[0].connect()
        folk = [
            Person(f"{title} {one.organization}", ViewerRole.TEACHER, (district.id,), {"staff_id": one.id})
            for one in facts.staff
            if (title := titles.get(one.title)) is not None
        ]
        issuer = DemoIssuer([*all_people(made), *folk])
        with client_for(Service([district], {}, issuers=(issuer.issuer(),)).app()) as client:
            yield DemoGateway(client, issuer.tokens()), facts


def seen(stand: DemoGateway, viewer: str) -> dict[str, str]:
    """Global ids of the students whom somebody sees, by their numbers."""
    found = stand.post(MINE, viewer)["data"]["viewer"]["students"]
    nodes = [edge["node"] for edge in found["edges"]]
    assert found["totalCount"] == len(nodes)
    return {node["studentUniqueId"]: node["id"] for node in nodes}


def test_a_therapist_sees_the_students_of_the_program(asking: tuple[DemoGateway, DistrictFacts]) -> None:
    """Those of today, of every school; an aide whose access nobody has recorded sees nobody."""
    stand, facts = asking
    today = facts.now.date()
    expected = {
        one.student
        for one in facts.programs
        if one.kind == "special education" and one.begin <= today and (one.end is None or today <= one.end)
    }
    assert set(seen(stand, f"therapist {facts.lea}")) == expected != set()
    assert seen(stand, f"aide {facts.lea}") == {}


def test_a_specialist_sees_the_group_at_the_own_school(asking: tuple[DemoGateway, DistrictFacts]) -> None:
    """Not who has left it, nor the other schools' groups; whose work there is over sees nobody."""
    stand, facts = asking
    for cohort in facts.cohorts:
        present = {student for student, _, end in cohort.students if end is None}
        assert set(seen(stand, f"reader {cohort.organization}")) == present != set()
    assert seen(stand, f"reader {facts.lea}") == {}


def test_a_caseload_opens_no_class_of_data(asking: tuple[DemoGateway, DistrictFacts]) -> None:
    """It says why the student is seen; what the program records needs its grant all the same."""
    stand, facts = asking
    therapist = f"therapist {facts.lea}"
    answer: Any = stand.post(WHY, therapist, id=next(iter(seen(stand, therapist).values())))
    assert answer["data"]["viewer"]["why"] == {
        "allowed": True,
        "reasons": [{"kind": "CASELOAD", "text": "The student is on a caseload of the viewer.", "id": None}],
    }
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
