"""
Filters, orders and counts reveal nothing that the viewer may not see.

The attack: two districts differ only in what is recorded of students and classes that the viewer may not see. For
each viewer every answer must be the same in both, its counts, order, pages and errors included.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.model import DistrictId, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import Grant, unlimited_grants
from student_graph.resolvers.cohorts.conditions.inputs import ProgramKind
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS
from student_graph.resolvers.schema import make_schema
from tests.long_runs import LONG_RUNS, size
from tests.resolvers.cohorts.conditions.generated import children, vendor_data, with_lists
from tests.resolvers.cohorts.conditions.oracle import random_condition
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CODE
from tests.scenarios.helpers.namesake_districts import NOW

CEDAR = DistrictId("cedar")
SCHEMA = make_schema(BreadthExecutor)
CHILDREN, CONDITIONS = size(15, 100), size(3, 60)
PAGE = size(7, 30)
"""Students on a page: each page decides about all children again."""
SOME = frozenset(StudentId(str(number)) for number in range(1000, 1010))
"""The students of grants that are limited to some."""
CLASSES = [kind for kind in Sensitivity if kind is not Sensitivity.OPEN]

SUPERINTENDENT, PRINCIPAL = ViewerRole.SUPERINTENDENT, ViewerRole.PRINCIPAL


def viewer(role: ViewerRole, *grants: Grant, **more: Any) -> Viewer:
    """Return a viewer of the district with some grants."""
    return Viewer("v", role, frozenset({CEDAR}), frozenset(grants), **more)


VIEWERS = {
    "superintendent, no grants": viewer(SUPERINTENDENT),
    "superintendent, some students": viewer(SUPERINTENDENT, Grant(frozenset(CLASSES), students=SOME)),
    "superintendent, one school": viewer(
        SUPERINTENDENT, Grant(frozenset(CLASSES), schools=frozenset({SchoolId("101")}))
    ),
    "superintendent, programs": viewer(SUPERINTENDENT, *unlimited_grants(Sensitivity.PROGRAM)),
    "principal, no grants": viewer(PRINCIPAL, staff_id=StaffId("7")),
    "principal, all grants": viewer(PRINCIPAL, *unlimited_grants(*Sensitivity), staff_id=StaffId("7")),
    "principal, some students": viewer(PRINCIPAL, Grant(frozenset(CLASSES), students=SOME), staff_id=StaffId("7")),
}
"""The principal reaches school 101 only."""

LIST = """query($filter: StudentFilter!, $orderBy: StudentOrder, $first: Int!, $after: String) {
    students(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        totalCount undecided pageInfo { hasNextPage endCursor } edges { cursor node { studentUniqueId } }
    }
}"""


@dataclass
class Gateway:
    """The district with one pipeline, as viewers query it."""

    data: VendorData

    def __post_init__(self) -> None:
        source = third_party_source("sis", self.data)
        district = District(CEDAR, "Cedar", (source,), frozen_on=NOW)
        self.pipeline = FetchPipeline([district], HmacSigner(b"k" * 32), Limits(), operation_seconds=60)

    async def answer(self, viewer: Viewer, **variables: Any) -> str:
        """Return data, errors and missing parts of all pages of a list, as one text."""
        pages, after = [], None
        for _ in range(100):
            context = self.pipeline.start_operation(viewer)
            result = await SCHEMA.execute(
                LIST, variable_values={**variables, "first": PAGE, "after": after}, context_value=context
            )
            errors = [(error.message, error.extensions) for error in getattr(result, "errors", None) or []]
            pages.append(
                [getattr(result, "data", None), errors, sorted(map(str, context.operation.traffic.degraded))]
            )
            students = (getattr(result, "data", None) or {}).get("students")
            if not students or not students["pageInfo"]["hasNextPage"]:
                break
            after = students["pageInfo"]["endCursor"]
        return json.dumps(pages, default=str)


def gateways(seed: int) -> Iterator[tuple[str, Gateway, Gateway, frozenset[str]]]:
    """
    Yield for each viewer two districts that differ in what the viewer may not see, and the school's students.

    The records of attendance and enrollment are open: they differ only for students out of the viewer's reach.
    """
    population = children(CHILDREN, seed, with_failures=False)
    at_school = frozenset(child.number for child in population if child.school == "101")
    for name, person in VIEWERS.items():
        first, second = vendor_data(population), vendor_data(population)
        for data in (first, second):
            data.answers["staff_assignments_by_staff"] = {"7": [principal()]}
        other = vendor_data(children(CHILDREN, seed + 1000, with_failures=False))
        for lookup, classes in CLASS_OF_LOOKUP.items():
            for number in second.answers[lookup]:
                if not may_see(person, number, classes, at_school):
                    second.answers[lookup][number] = moved(other.answers[lookup][number], number)
        yield name, Gateway(with_lists(first)), Gateway(with_lists(second)), at_school


def moved(rows: list[Any], number: str) -> list[Any]:
    """Return the records of another child as records of this one."""
    for row in rows:
        row.student_id = StudentId(number)
    return rows


CLASS_OF_LOOKUP = {
    "program_participations_by_student": Sensitivity.PROGRAM,
    "food_service_by_student": Sensitivity.MEAL,
    "transportation_by_student": Sensitivity.LOCATION,
    "discipline_incidents_by_student": Sensitivity.DISCIPLINE,
    "attendance_events_by_student": Sensitivity.OPEN,
}


def may_see(person: Viewer, number: str, sensitivity: Sensitivity, at_school: frozenset[str]) -> bool:
    """Whether a viewer may see a class of a student's data: written apart from the policy."""
    if person.role is PRINCIPAL and number not in at_school:
        return False
    if sensitivity is Sensitivity.OPEN:
        return True
    return any(
        sensitivity in grant.classes
        and (grant.students is None or number in grant.students)
        and (grant.schools is None or number in at_school)
        for grant in person.grants
    )


def principal() -> Any:
    """Return the employment of the principal of school 101."""
    return model.StaffAssignment(
        vendor_id="job",
        staff_id=StaffId("7"),
        education_organization_id="101",
        classification=model.StaffClassification.PRINCIPAL,
        classification_descriptor=CODE,
        begin_date=NOW.date(),
    )


ORDERS = [
    None,
    {"metric": "CHRONIC_ABSENCE"},
    {"metric": "INCIDENTS", "direction": "DESCENDING"},
    {"metric": "ABSENT_DAYS", "direction": "ASCENDING"},
]


@pytest.mark.row("K01", "K02")
@pytest.mark.long_run
async def test_no_answer_depends_on_data_that_the_viewer_may_not_see(
    record_property: Callable[[str, object], None],
) -> None:
    """Names, order, counts, cursors and errors are the same, for every viewer and random condition."""
    compared, refused, undecided = 0, 0, 0
    rng = random.Random(20261129)  # noqa: S311 - the same conditions each time
    queries = [
        {
            "filter": {"where": random_condition(rng), **rng.choice([{}, {"school": "101"}])},
            "orderBy": rng.choice(ORDERS),
        }
        for _ in range(CONDITIONS)
    ]
    queries += [{"filter": {"school": "101"}, "orderBy": order} for order in ORDERS[1:]]
    for name, first, second, _ in gateways(1):
        for query in queries:
            answer = await first.answer(VIEWERS[name], **query)
            assert answer == await second.answer(VIEWERS[name], **query), (name, query)
            compared += 1
            refused += '"FORBIDDEN"' in answer
            undecided += "granted for other students" in answer or '"undecided": 0' not in answer
    record_property("populations", f"{compared} lists compared, {refused} refused, {undecided} with undecided")
    assert refused
    assert undecided


LEAVES = {
    **{f"program {kind.name}": {"program": {"kind": kind.name}} for kind in ProgramKind},
    "meals": {"meals": {"statuses": ["FREE"]}},
    "bus": {"bus": {}},
    **{f"metric {metric.name}": {"metric": {"metric": metric.name, "atLeast": 0}} for metric in Metric},
}
NEEDED = {
    **{f"program {kind.name}": Sensitivity.PROGRAM for kind in ProgramKind},
    "program SPECIAL_EDUCATION": Sensitivity.DISABILITY,
    "program SECTION_504": Sensitivity.DISABILITY,
    "program HOMELESS": Sensitivity.HOMELESS,
    "meals": Sensitivity.MEAL,
    "bus": Sensitivity.LOCATION,
    "metric INCIDENTS": Sensitivity.DISCIPLINE,
    "metric INCIDENT_DAY_SHARE": Sensitivity.DISCIPLINE,
    "metric SUSPENSIONS": Sensitivity.DISCIPLINE,
    "metric SUSPENSION_DAYS_IMPOSED": Sensitivity.DISCIPLINE,
    "metric SUSPENSION_DAYS_SERVED": Sensitivity.DISCIPLINE,
}
"""The class of data of each condition, written by hand; all others are open."""


@pytest.mark.row("K01")
@pytest.mark.long_run
async def test_every_condition_needs_the_grant_of_its_class() -> None:
    """Without it the list is refused: alone, negated, and beside one that decides everything anyway."""
    population = children(2, 1, with_failures=False)
    gateway = Gateway(vendor_data(population))
    open_leaf = {"enrollment": {}}
    names = list(LEAVES) if LONG_RUNS else [*NEEDED, "metric CHRONIC_ABSENCE"]
    for name, leaf in LEAVES.items():
        if name not in names:
            continue
        if name.startswith("metric ") and Metric[name.removeprefix("metric ")] not in METRICS:
            continue
        needed = NEEDED.get(name, Sensitivity.OPEN)
        others = unlimited_grants(*(kind for kind in CLASSES if kind is not needed))
        for where in (leaf, {"not": leaf}, {"any": [open_leaf, leaf]}, {"all": [{"not": open_leaf}, leaf]}):
            answer = await gateway.answer(viewer(SUPERINTENDENT, *others), filter={"where": where})
            assert (f'"sensitivity": "{needed.name}"' in answer) == (needed is not Sensitivity.OPEN), (name, where)
            assert ("FORBIDDEN" in answer) == (needed is not Sensitivity.OPEN), (name, where)


@pytest.mark.row("K01")
async def test_an_order_by_data_without_a_grant_is_refused() -> None:
    """Also for an empty list, so that the order says nothing."""
    gateway = Gateway(vendor_data(children(10, 1, with_failures=False)))
    for filter in ({}, {"ids": []}, {"school": "nowhere"}):
        answer = await gateway.answer(
            viewer(SUPERINTENDENT), filter=filter, orderBy={"metric": "INCIDENTS", "direction": "ASCENDING"}
        )
        assert '"FORBIDDEN"' in answer


@pytest.mark.row("K01")
async def test_a_student_outside_a_limited_grant_is_undecided() -> None:
    """The students of the grant are listed or left out; all others are counted as undecided, with the reason."""
    population = children(30, 1, with_failures=False)
    gateway = Gateway(with_lists(vendor_data(population)))
    person = VIEWERS["superintendent, some students"]
    for where in ({"bus": {}}, {"not": {"bus": {}}}):
        answer = json.loads(await gateway.answer(person, filter={"where": where}))
        listed = {edge["node"]["studentUniqueId"] for page in answer for edge in page[0]["students"]["edges"]}
        negated = "not" in where
        assert listed == {
            child.number for child in population if child.number in SOME and (child.route is None) == negated
        }
        assert answer[0][0]["students"]["undecided"] == 20
        assert "FORBIDDEN" in answer[0][2][0]


@pytest.mark.row("K01")
async def test_a_student_out_of_reach_is_never_listed_or_counted() -> None:
    """A principal's list is about the students of the school: also when it is negated, or names others by id."""
    population = children(30, 1, with_failures=False)
    data = vendor_data(population)
    data.answers["staff_assignments_by_staff"] = {"7": [principal()]}
    gateway, person = Gateway(data), VIEWERS["principal, all grants"]
    enrolled = {child.number for child in population if child.school == "101" and child.left is None}
    never = {"not": {"enrollment": {"school": "999"}}}
    ids = sorted(child.number for child in population)
    for filter in ({}, {"ids": ids}, {"ids": [*ids, "77"]}):
        answer = json.loads(await gateway.answer(person, filter={**filter, "where": never}))
        listed = {edge["node"]["studentUniqueId"] for page in answer for edge in page[0]["students"]["edges"]}
        assert enrolled <= listed <= {child.number for child in population if child.school == "101"}
        assert answer[0][0]["students"]["totalCount"] == len(listed)
        assert answer[0][0]["students"]["undecided"] == 0
