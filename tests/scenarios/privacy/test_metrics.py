"""Metrics and indicators reveal nothing of a class that is not granted, and nothing of a student out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.answers import Ref
from student_graph.adapters.model import SchoolId, Sensitivity, StudentId
from student_graph.gateway.authorization.policy import authorized
from student_graph.resolvers.access import Grant, Reach, unlimited_grants
from student_graph.resolvers.context import Context, ViewerRole
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import SCHEMAS, VIEWER, World, attendance_event, student

DISCIPLINE = frozenset({Sensitivity.DISCIPLINE})
REACH = Reach(groups={Ref("section", "A"): frozenset({StudentId("1"), StudentId("2")})})
"""The students of a teacher: 3 is in another class."""
LIMITED = replace(REACH, limited_classes={Sensitivity.DISCIPLINE: frozenset({StudentId("1")})})
GRANTS = {
    "none": (frozenset[Grant](), REACH),
    "some students": (frozenset({Grant(DISCIPLINE, students=frozenset({StudentId("1")}))}), LIMITED),
    "all": (unlimited_grants(Sensitivity.DISCIPLINE), REACH),
}
"""Grants and reach of a teacher, by which students' discipline they may see."""

QUERY = """{ students(filter: {ids: ["1", "2", "3"]}) { edges { node {
    studentUniqueId
    attendance { absentDays { value } }
    behavior { incidents { value level evidence { totalCount } } suspensions { value reasons } }
    indicators(preset: "acumened_abc") { domain level points reasons dataQuality measures { metric value } }
    riskProfile(preset: "acumened_abc") { level riskScore maxRiskScore reasons }
} } } }"""


def incident(number: str) -> model.DisciplineIncident:
    """Return an incident in which a student is a perpetrator."""
    return model.DisciplineIncident(
        vendor_id=f"incident-{number}",
        student_id=StudentId(number),
        school_id=SchoolId("101"),
        incident_identifier=f"I{number}",
        date=date(2027, 2, 1),
        behaviors=[model.Descriptor(code_value="State Offense")],
        participation=[model.Descriptor(code_value="Perpetrator")],
    )


class GuardedWorld(World):
    """A world whose sources are read through the access policy."""

    def context(self) -> Context:
        """Return the context of a new operation."""
        context = super().context()
        context.sources.fetch = authorized(
            context.sources.fetch,
            self.viewer,
            context.sources.districts,
            context.reach,
            context.operation.disclosures,
        )
        return context


async def answer(grants: str, incidents: Sequence[str], executor: str) -> Any:
    """Return data and errors of the query for a teacher, in a school where these students had incidents."""
    data = VendorData(
        {
            "students_by_id": {number: student(number) for number in ("1", "2", "3")},
            "attendance_events_by_student": {
                number: [attendance_event(number, date(2027, 2, 1))] for number in ("1", "2", "3")
            },
            "discipline_incidents_by_student": {number: [incident(number)] * 4 for number in incidents},
            "discipline_actions_by_student": {},
        }
    )
    granted, reach = GRANTS[grants]
    viewer = replace(VIEWER, role=ViewerRole.TEACHER, grants=granted)
    world = GuardedWorld([third_party_source("sis", data)], viewer, reach=reach)
    result: Any = await SCHEMAS[executor].execute(QUERY, context_value=world.context())
    assert result.data is not None
    students = {edge["node"]["studentUniqueId"]: edge["node"] for edge in result.data["students"]["edges"]}
    errors = [(error.message, tuple(error.path or ()), error.extensions) for error in result.errors or []]
    return students, errors


@pytest.mark.parametrize("executor", SCHEMAS)
@pytest.mark.parametrize(("grants", "seen"), [("none", set()), ("some students", {"1"}), ("all", {"1", "2"})])
async def test_a_response_does_not_depend_on_what_is_not_granted(
    grants: str, seen: set[str], executor: str
) -> None:
    """Whether a student without the grant, or of another class, had incidents changes nothing in the response."""
    hidden = sorted({"1", "2", "3"} - seen)

    assert await answer(grants, hidden, executor) == await answer(grants, [], executor)


@pytest.mark.parametrize("grants", GRANTS)
async def test_only_students_with_the_grant_have_behavior(grants: str) -> None:
    """The others have FORBIDDEN in its place, and an indicator that is not evaluated."""
    students, errors = await answer(grants, ["1", "2", "3"], "breadth")
    seen = {"none": set(), "some students": {"1"}, "all": {"1", "2"}}[grants]
    behavior = {
        number: next(row for row in student["indicators"] if row["domain"] == "BEHAVIOR")
        for number, student in students.items()
    }

    assert set(students) == {"1", "2"}
    assert {n for n, row in behavior.items() if row["level"] != "NOT_EVALUATED"} == seen
    assert {n for n, s in students.items() if s["behavior"] and s["behavior"]["incidents"]} == seen
    assert {extensions["code"] for _, __, extensions in errors} == ({"FORBIDDEN"} if seen != {"1", "2"} else set())
    assert all(row["dataQuality"] == ["NOT_GRANTED"] for n, row in behavior.items() if n not in seen)
