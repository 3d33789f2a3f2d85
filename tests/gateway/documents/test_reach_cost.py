"""The estimated cost of lists for viewers who may see a part of a district: what is known before any call."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import DistrictId, SchoolId, StaffId, StudentId
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sources import District, Source
from student_graph.gateway.authorization.reach_lookup import DISTRICT_ROLES
from student_graph.gateway.documents.cost_cache import CostCache
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.prices import WAYS_TO_STUDENTS, OperationCost, ViewerReach
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web.routes.graphiql import examples_folder
from student_graph.resolvers.access import AssignedStudents, Emergency
from student_graph.resolvers.context import Viewer, ViewerRole, declared_list_length
from tests.clients import async_client as http
from tests.gateway.documents.test_population_cost import CHRONIC, LIST, SCHEMA, districts
from tests.scenarios.helpers.demo_gateway import demo_districts, demo_gateway

HILL = DistrictId("hill")
STUDENTS, SCHOOLS = 100_000, 300
TEACHERS_DAY = (examples_folder() / "05-teachers-day.graphql").read_text(encoding="utf-8")
EARLY_WARNING = (examples_folder() / "09-early-warning-list.graphql").read_text(encoding="utf-8")
LISTS_OF_SCHOOLS = (
    "{ viewer { schools { students(filter: {where: {metric: {metric: CHRONIC_ABSENCE, level: [AT_RISK]}}}) "
    "{ totalCount } } } }"
)


def viewer(role: ViewerRole, **more: Any) -> Viewer:
    """Return a person of the district, a member of staff."""
    return Viewer("v", role, frozenset({HILL}), staff_id=StaffId("7"), **more)


def cost(text: str, person: Viewer, schools: int = SCHOOLS, **variables: Any) -> OperationCost:
    """Return the estimated cost of a document for a person of a district of so many students and schools."""
    lengths = {
        lookup_of(Adapter.roster_by_district): float(STUDENTS),
        lookup_of(Adapter.schools_by_district): float(schools),
        lookup_of(Adapter.school_enrollments_by_school): STUDENTS / SCHOOLS,
    }

    def list_length(source: Source, lookup: Lookup) -> float:
        return lengths.get(lookup) or declared_list_length(source, lookup)

    document = DocumentStore(SCHEMA).get_by_text(text)
    costs, reach = CostCache(SCHEMA, list_length), ViewerReach.of(person)
    return costs.cost(document, document.operation(None), variables, districts(STUDENTS), reach)


@pytest.mark.parametrize("students", [1_000, 10_000, 27_000, 50_000, 100_000])
@pytest.mark.parametrize("in_section", [20, 28, 35, 45])
def test_a_teacher_pays_for_own_students_in_a_district_of_any_size(students: int, in_section: int) -> None:
    """The teacher's day passes the limits, whichever lists of the district need fewer calls than single reads."""
    kind = find_adapter("canvas")
    canvas = kind("lms", kind.settings_type().model_validate({"base_url": "http://c.test", "token": "x"}), http())
    [hill] = districts(students)
    both = District(HILL, "Hill", (*hill.sources, Source("lms", "canvas", HILL, canvas)))
    rosters = lookup_of(Adapter.section_enrollments_by_section)

    def list_length(source: Source, lookup: Lookup) -> float:
        return float(in_section) if lookup is rosters else declared_list_length(source, lookup)

    document = DocumentStore(SCHEMA).get_by_text(TEACHERS_DAY)
    reach = ViewerReach.of(viewer(ViewerRole.TEACHER))
    day = CostCache(SCHEMA, list_length).cost(document, document.operation(None), None, [both], reach)
    assert LimitChecker().cost_error(day, service=False) is None


@pytest.mark.parametrize("role", [ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR])
def test_a_principal_pays_for_one_school_and_not_for_the_district(role: ViewerRole) -> None:
    """The early-warning list of one school passes the limits, however many other schools the district has."""
    large, small = cost(EARLY_WARNING, viewer(role)), cost(EARLY_WARNING, viewer(role), schools=3)

    assert LimitChecker().cost_error(large, service=False) is None
    assert (large.records, large.calls, large.list_calls) == (small.records, small.calls, small.list_calls)


def test_the_lists_of_all_schools_are_refused_with_what_to_change() -> None:
    """A superintendent of 300 schools is refused before any call, and the error says how to ask for one school."""
    refused = LimitChecker().cost_error(cost(EARLY_WARNING, viewer(ViewerRole.SUPERINTENDENT)), service=False)

    assert refused is not None
    assert "expected at viewer.schools.students (300), " in refused.message
    assert refused.message.endswith(
        "viewer.schools.students is read for each School alone, about 300 times: "
        "name one with students(filter: { school: ... })."
    )


def test_a_person_without_a_staff_number_gets_all_schools_at_their_price() -> None:
    """`viewer.schools` shows a parent the schools of the district; so does it to people of several districts."""
    parent = Viewer("v", ViewerRole.PARENT, frozenset({HILL}))
    itinerant = Viewer("v", ViewerRole.COUNSELOR, frozenset({HILL, DistrictId("dale")}), staff_id=StaffId("7"))
    assert cost(EARLY_WARNING, parent).calls > SCHOOLS
    assert cost(EARLY_WARNING, itinerant).calls > SCHOOLS


def test_conditions_are_priced_for_the_students_within_reach() -> None:
    """Two children cost less than a school, and a school less than the district; assigned students are added."""

    def list_calls(person: Viewer) -> int:
        return cost(LIST, person, f={"where": CHRONIC}).list_calls

    school = AssignedStudents(HILL, schools=frozenset({SchoolId("1")}))
    child = AssignedStudents(HILL, students=frozenset({StudentId("1")}))
    student, parent = viewer(ViewerRole.STUDENT), viewer(ViewerRole.PARENT)
    everybody = list_calls(viewer(ViewerRole.SUPERINTENDENT))

    assert list_calls(student) <= list_calls(parent) < list_calls(viewer(ViewerRole.PRINCIPAL)) <= everybody
    assert list_calls(viewer(ViewerRole.SERVICE)) == everybody
    assert list_calls(parent) < list_calls(viewer(ViewerRole.PARENT, assigned=frozenset({school}))) <= everybody
    assert ViewerReach.of(viewer(ViewerRole.STUDENT, assigned=frozenset({child}))).named_students == 1


def test_break_glass_is_priced_for_its_students() -> None:
    """In an emergency the viewer sees its students only, whatever the role."""
    emergency = Emergency("fire", HILL, frozenset({StudentId("1")}), frozenset())
    person = viewer(ViewerRole.SUPERINTENDENT, emergency=emergency)
    children = cost(LIST, viewer(ViewerRole.PARENT), f={"where": CHRONIC}).list_calls
    assert cost(LIST, person, f={"where": CHRONIC}).list_calls <= children


def test_only_roles_that_reach_a_part_have_ways_to_students() -> None:
    """A role that reaches all students is never priced as if it reached some."""
    assert WAYS_TO_STUDENTS.keys() == set(ViewerRole) - DISTRICT_ROLES


def test_a_gateway_prices_an_operation_for_its_viewer() -> None:
    """With a limit between both prices, the principal gets the list and the superintendent an error."""
    [district] = demo_districts("edfi")
    with (
        served(*district.sandboxes.values()),
        demo_gateway([district], document_limits=DocumentLimits(calls=8)) as gateway,
    ):
        refused = gateway.post(LISTS_OF_SCHOOLS, "superintendent")
        accepted = gateway.post(LISTS_OF_SCHOOLS, "principal")

    assert [error["extensions"]["code"] for error in refused["errors"]] == ["QUERY_TOO_COMPLEX"]
    assert "errors" not in accepted
    assert [school["students"]["totalCount"] is not None for school in accepted["data"]["viewer"]["schools"]] == [
        True
    ]
