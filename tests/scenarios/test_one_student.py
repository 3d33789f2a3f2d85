"""One query for one student: every part with its provenance, and what remains when a source is unavailable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.clients import post
from tests.gateway.servers import ROOT, RunningDemo, running_demo
from tests.long_runs import size
from tests.scenarios.helpers.demo_gateway import comparable

QUERY = (ROOT / "examples" / "queries" / "01-one-student.graphql").read_text()
FROM_SIS = (
    "courseGrades",
    "attendanceEvents",
    "disciplineIncidents",
    "assessments",
    "foodService",
    "transportation",
)
PARTS = (*FROM_SIS, "assignments")


def student_with_all_records(facts: DistrictFacts) -> str:
    """Return a student with records of every kind in every source."""
    with_account = {account.owner for account in facts.accounts if account.sis_id == account.owner}
    conflicting = set(facts.special_cases["crossed_lms_ids"])
    students_by_kind: list[set[str]] = [
        with_account - conflicting,
        {work.student for work in facts.results},
        {event.student for event in facts.attendance},
        {action.student for action in facts.actions},
        {program.student for program in facts.programs if program.kind == "food service"},
        {bus.student for bus in facts.buses},
        {grade.enrollment.student for grade in facts.grades},
    ]
    return min(set.intersection(*students_by_kind))


STUDENTS, SEED = 60, 7
"""A small district that has a student with records of every kind."""
FACTS = make_district(STUDENTS, SEED)
STUDENT = student_with_all_records(FACTS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of the same district."""
    size_and_seed = ("--students", str(STUDENTS), "--seed", str(SEED))
    with running_demo(tmp_path_factory.mktemp("ready"), *size_and_seed) as demo:
        yield demo


@pytest.fixture(scope="module")
def large_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo with so many students that a list of their records has several pages."""
    with running_demo(tmp_path_factory.mktemp("ready"), "--students", "400") as demo:
        yield demo


SetSwitches = Callable[..., None]


@contextlib.contextmanager
def restored_switches(demo: RunningDemo, is_healthy: Callable[[], bool]) -> Iterator[SetSwitches]:
    """Yield a function that sets the switches of a sandbox and empties the cache. Afterwards all are off again."""

    def set_switches(source: str, **switches: Any) -> None:
        url = demo.ready["sources"][source]["url"]
        post(f"{url}/-/switches", json=switches).raise_for_status()
        demo.purge_cache()

    try:
        yield set_switches
    finally:
        for source in demo.ready["sources"]:
            set_switches(source, down=False, down_after=None, throttled=False, latency=0)
        demo.wait_for(is_healthy)


@pytest.fixture
def set_switches(demo: RunningDemo) -> Iterator[SetSwitches]:
    """Sets the switches of a sandbox of the small demo."""
    with restored_switches(demo, lambda: query_student(demo)[1] == []) as set_switches:
        yield set_switches


def query_student(
    demo: RunningDemo, **options: Any
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Query the student, and return the data of the student, the errors and the extensions."""
    response = demo.post(QUERY, studentUniqueId=STUDENT, **options)
    return (response["data"] or {}).get("student"), response.get("errors", []), response["extensions"]


def provenances(value: Any) -> list[dict[str, Any]]:
    """Return every provenance inside a value."""
    if isinstance(value, list):
        return [provenance for item in value for provenance in provenances(item)]
    if isinstance(value, dict):
        own = [value["provenance"]] if "provenance" in value else []
        below = [provenances(item) for name, item in value.items() if name != "provenance"]
        return own + [provenance for part in below for provenance in part]
    return []


def test_one_query_returns_all_parts_with_their_provenance(demo: RunningDemo) -> None:
    """Grades, assignments, attendance, behavior, assessments, meals and the bus each name their source."""
    student, errors, extensions = query_student(demo)
    assert errors == []
    for part in PARTS:
        sources = provenances(student[part])
        assert sources, part
        assert all(source["recordId"] and source["fetchedAt"] and not source["stale"] for source in sources)
    assert {p["source"] for part in FROM_SIS for p in provenances(student[part])} == {"edfi", "canvas"}
    assert {p["source"] for p in provenances(student["assignments"])} == {"canvas"}
    assert {grade["source"] for grade in student["courseGrades"]} == {"SIS", "LMS"}
    assert all(traffic["failures"] == 0 for traffic in extensions["sources"].values())


def test_if_the_lms_is_down_the_parts_from_the_sis_are_complete(
    demo: RunningDemo, set_switches: SetSwitches
) -> None:
    """Assignments are null with a code; grades computed by the LMS are missing, and `degraded` says so."""
    set_switches("canvas", down=True)
    student, errors, extensions = query_student(demo)
    assert student["assignments"] is None
    assert [(e["path"], e["extensions"]["code"], e["extensions"]["source"]) for e in errors] == [
        (["student", "assignments"], "SOURCE_UNAVAILABLE", "canvas")
    ]
    assert errors[0]["extensions"]["retryable"] is True
    assert all(student[part] for part in FROM_SIS)
    assert {grade["source"] for grade in student["courseGrades"]} == {"SIS"}
    assert extensions["degraded"] == [
        {"path": ["student", "courseGrades"], "source": "canvas", "code": "SOURCE_UNAVAILABLE", "retryable": True}
    ]


def test_if_the_sis_is_down_the_student_is_null_with_one_error(
    demo: RunningDemo, set_switches: SetSwitches
) -> None:
    """Without the system of record no student is known: the response has one error, and no part of a student."""
    set_switches("edfi", down=True)
    student, errors, _ = query_student(demo)
    assert student is None
    assert [(e["path"], e["extensions"]["code"], e["extensions"]["source"]) for e in errors] == [
        (["student"], "SOURCE_UNAVAILABLE", "edfi")
    ]


@pytest.mark.long_run
@pytest.mark.parametrize("answers", range(2, 30, size(6, 1)))
def test_a_source_that_goes_down_during_a_query_makes_only_its_fields_null(
    demo: RunningDemo, set_switches: SetSwitches, answers: int
) -> None:
    """The SIS goes down after so many responses: each field is complete, or null with a code."""
    complete, _, _ = query_student(demo)
    set_switches("edfi", down_after=answers)
    student, errors, extensions = query_student(demo)
    if student is None:
        assert errors[0]["extensions"]["code"] in {"SOURCE_UNAVAILABLE", "DEADLINE"}
        return
    missing = {part["path"][1] for part in (*errors, *extensions.get("degraded", ()))}
    assert {error["extensions"]["code"] for error in errors} <= {"SOURCE_UNAVAILABLE", "DEADLINE"}
    for part in set(PARTS) - missing:
        assert comparable(student[part]) == comparable(complete[part])


@pytest.mark.parametrize("answers", range(1, 8, 2))
def test_a_source_that_goes_down_between_two_pages_returns_no_partial_list(
    large_demo: RunningDemo, answers: int
) -> None:
    """A list is complete or null: the first pages alone are not returned."""
    query = """{ districts { schools { name students(first: 100) { totalCount edges { node { studentUniqueId
        attendanceEvents(first: 100) { totalCount } } } } } } }"""
    complete = large_demo.post(query)["data"]["districts"][0]["schools"]
    with restored_switches(large_demo, lambda: "errors" not in large_demo.post(query)) as set_switches:
        set_switches("edfi", down_after=answers)
        response = large_demo.post(query)
    assert response["errors"]
    schools = ((response["data"] or {}).get("districts") or [{}])[0].get("schools") or []
    for before, after in zip(complete, schools, strict=False):
        for expected, edge in zip(edges(before), edges(after), strict=False):
            events = edge["node"] and edge["node"]["attendanceEvents"]
            assert events is None or events == expected["node"]["attendanceEvents"]


def test_a_throttled_source_has_its_own_code(demo: RunningDemo, set_switches: SetSwitches) -> None:
    """Throttling is RATE_LIMITED, not a refusal, and can be retried."""
    set_switches("canvas", throttled=True)

    def codes() -> set[tuple[str, bool]]:
        return {(e["extensions"]["code"], e["extensions"]["retryable"]) for e in query_student(demo)[1]}

    demo.wait_for(lambda: codes() == {("RATE_LIMITED", True)})  # a busy machine reaches a deadline at first


def test_a_slow_source_changes_no_value(demo: RunningDemo, set_switches: SetSwitches) -> None:
    """If every response of the LMS takes 0.3 seconds, the student is the same."""
    before, _, _ = query_student(demo)
    set_switches("canvas", latency=300)
    demo.wait_for(lambda: query_student(demo)[1] == [])  # a busy machine reaches a deadline at first
    after, errors, _ = query_student(demo)
    assert errors == []
    assert comparable(after) == comparable(before)


def test_a_teacher_without_grants_gets_the_open_fields(demo: RunningDemo) -> None:
    """Fields of other classes are null with FORBIDDEN, which names field and class; the others are returned."""
    student, errors, _ = query_student(demo, viewer="teacher")
    forbidden = {
        tuple(error["extensions"][name] for name in ("code", "coordinate", "sensitivity")) for error in errors
    }
    assert forbidden == {
        ("FORBIDDEN", "Student.disciplineIncidents", "DISCIPLINE"),
        ("FORBIDDEN", "Student.foodService", "MEAL"),
        ("FORBIDDEN", "Student.transportation", "LOCATION"),
    }
    assert student["courseGrades"]
    assert student["assignments"]


def edges(school: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the edges of a school's students; empty if the students are null."""
    return (school.get("students") or {}).get("edges") or []
