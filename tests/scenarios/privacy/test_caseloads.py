"""Staff who serve students outside classes: which students they see, and the reasons that the graph gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.sandbox.facts import CohortFact, DistrictFacts
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import all_people
from student_graph.gateway.demo.people import DemoIssuer, Person
from student_graph.gateway.server.service import Service
from student_graph.resolvers.context import ViewerRole
from tests.gateway.servers import client_for
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts

MY_STUDENTS = "{ viewer { students(first: 100) { totalCount edges { node { id studentUniqueId } } } } }"
CASELOADS = """{ viewer { caseloads {
    key origin beginDate endDate students(first: 100) { totalCount edges { node { studentUniqueId } } }
} } }"""
REASONS = (
    "query ($id: ID!) { viewer { why(student: $id) { allowed reasons { kind text id } } } "
    "student(id: $id) { specialEducation { beginDate } } }"
)


@pytest.fixture(scope="module")
def staged() -> Iterator[tuple[DemoGateway, DistrictFacts]]:
    """A gateway over a district where a therapist, an aide and reading specialists are viewers."""
    districts = demo_districts("edfi", 120)
    facts = districts[0].facts
    titles = {"Speech therapist": "therapist", "Program aide": "aide", "Reading specialist": "reader"}
    with served(*districts[0].sandboxes.values()):
        district = districts[0].connect()
        staff = [
            Person(f"{title} {member.organization}", ViewerRole.TEACHER, (district.id,), {"staff_id": member.id})
            for member in facts.staff
            if (title := titles.get(member.title)) is not None
        ]
        issuer = DemoIssuer([*all_people(districts), *staff])
        with client_for(Service([district], {}, issuers=(issuer.issuer(),)).app()) as client:
            yield DemoGateway(client, issuer.tokens()), facts


def visible_students(gateway: DemoGateway, viewer: str) -> dict[str, str]:
    """Return the global ids of the students visible to a viewer, by student number."""
    page = gateway.post(MY_STUDENTS, viewer)["data"]["viewer"]["students"]
    nodes = [edge["node"] for edge in page["edges"]]
    assert page["totalCount"] == len(nodes)
    return {node["studentUniqueId"]: node["id"] for node in nodes}


def test_a_therapist_sees_the_students_of_the_program(staged: tuple[DemoGateway, DistrictFacts]) -> None:
    """These are today's students of the program at every school. An aide without recorded access sees none."""
    gateway, facts = staged
    today = facts.now.date()
    expected = {
        program.student
        for program in facts.programs
        if program.kind == "special education"
        and program.begin <= today
        and (program.end is None or today <= program.end)
    }
    assert set(visible_students(gateway, f"therapist {facts.lea}")) == expected != set()
    assert visible_students(gateway, f"aide {facts.lea}") == {}


def groups(facts: DistrictFacts, kind: str) -> list[CohortFact]:
    """Return the reading groups of all schools, or the students of counselors."""
    return [cohort for cohort in facts.cohorts if cohort.id.startswith(f"{kind}-")]


def test_the_counselor_of_the_demo_has_a_caseload(staged: tuple[DemoGateway, DistrictFacts]) -> None:
    """It lists those of the counselor's students who are seen outside classes."""
    gateway, facts = staged
    students = [{student for student, *_ in cohort.students} for cohort in groups(facts, "COUNSEL")]

    [caseload] = caseloads(gateway, "counselor")
    assert caseload in students
    assert caseload < set(visible_students(gateway, "counselor"))


def test_a_specialist_sees_the_group_at_their_own_school(staged: tuple[DemoGateway, DistrictFacts]) -> None:
    """Former members and groups of other schools are not visible. A specialist whose work has ended sees none."""
    gateway, facts = staged
    for cohort in groups(facts, "READ"):
        present = {student for student, _, end in cohort.students if end is None}
        assert set(visible_students(gateway, f"reader {cohort.organization}")) == present != set()
    assert visible_students(gateway, f"reader {facts.lea}") == {}


def test_a_caseload_grants_no_sensitivity_class(staged: tuple[DemoGateway, DistrictFacts]) -> None:
    """It is the reason why the student is visible; the records of the program still need a grant."""
    gateway, facts = staged
    therapist = f"therapist {facts.lea}"
    response: Any = gateway.post(REASONS, therapist, id=next(iter(visible_students(gateway, therapist).values())))
    assert response["data"]["viewer"]["why"] == {
        "allowed": True,
        "reasons": [{"kind": "CASELOAD", "text": "The student is on a caseload of the viewer.", "id": None}],
    }
    assert [error["extensions"]["code"] for error in response["errors"]] == ["FORBIDDEN"]


def caseloads(gateway: DemoGateway, viewer: str) -> list[set[str]]:
    """Return the student numbers of each caseload of a viewer."""
    pages = [caseload["students"] for caseload in gateway.post(CASELOADS, viewer)["data"]["viewer"]["caseloads"]]
    numbers = [{edge["node"]["studentUniqueId"] for edge in page["edges"]} for page in pages]
    assert [page["totalCount"] for page in pages] == [len(students) for students in numbers]
    return numbers


def test_a_caseload_lists_its_students_and_not_its_kind(staged: tuple[DemoGateway, DistrictFacts]) -> None:
    """A therapist's program and a specialist's group look alike; the text of the answer names neither."""
    gateway, facts = staged
    therapist, reader = f"therapist {facts.lea}", f"reader {facts.schools[0].id}"

    assert caseloads(gateway, therapist) == [set(visible_students(gateway, therapist))]
    assert caseloads(gateway, reader) == [set(visible_students(gateway, reader))]
    assert caseloads(gateway, f"aide {facts.lea}") == caseloads(gateway, f"reader {facts.lea}") == []
    answers = [gateway.post(CASELOADS, viewer)["data"]["viewer"]["caseloads"] for viewer in (therapist, reader)]
    texts = [str(answer) for answer in answers]
    assert not any(word in text for text in texts for word in ("Special", "program", "READ", "cohort"))
    assert len({len(answer[0]["key"]) for answer in answers}) == 1
