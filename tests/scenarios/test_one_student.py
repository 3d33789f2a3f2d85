"""One query for one student: every part with its provenance, and what is left when a source is switched off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.gateway.servers import ROOT, RunningDemo, running_demo

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


def whole(facts: DistrictFacts) -> str:
    """A student about whom every source has something of every kind."""
    logins = {account.owner for account in facts.accounts if account.sis_id == account.owner}
    crossed = set(facts.special_cases["crossed_lms_ids"])
    kinds: list[set[str]] = [
        logins - crossed,
        {work.student for work in facts.results},
        {event.student for event in facts.attendance},
        {action.student for action in facts.actions},
        {program.student for program in facts.programs if program.kind == "food service"},
        {bus.student for bus in facts.buses},
        {grade.enrollment.student for grade in facts.grades},
    ]
    return min(set.intersection(*kinds))


FACTS = make_district(1000)
STUDENT = whole(FACTS)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a thousand students."""
    with running_demo(tmp_path_factory.mktemp("ready")) as made:
        yield made


@pytest.fixture
def switch(running: RunningDemo) -> Iterator[Any]:
    """Turns the switches of a sandbox, with nothing kept from before; afterwards all is well again."""

    def turn(source: str, **switches: Any) -> None:
        url = running.ready["sources"][source]["url"]
        httpx.post(f"{url}/-/switches", json=switches, trust_env=False).raise_for_status()
        running.purge_cache()

    yield turn
    for source in running.ready["sources"]:
        turn(source, down=False, down_after=None, throttled=False, latency=0)
    running.wait_for(lambda: ask(running)[1] == [])


def ask(running: RunningDemo, **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """The student, the errors and the extensions."""
    answer = running.post(QUERY, studentUniqueId=STUDENT, **options)
    return (answer["data"] or {}).get("student"), answer.get("errors", []), answer["extensions"]


def provenances(part: Any) -> list[dict[str, Any]]:
    """Every provenance inside a part of an answer."""
    if isinstance(part, list):
        return [found for each in part for found in provenances(each)]
    if isinstance(part, dict):
        own = [part["provenance"]] if "provenance" in part else []
        return own + [found for name, each in part.items() if name != "provenance" for found in provenances(each)]
    return []


def test_one_query_returns_all_parts_with_their_provenance(running: RunningDemo) -> None:
    """Grades, work, attendance, behavior, assessments, meals and bus, each saying where it came from."""
    student, errors, extensions = ask(running)
    assert errors == []
    for part in PARTS:
        found = provenances(student[part])
        assert found, part
        assert all(each["id"] and each["fetchedAt"] and each["stale"] is False for each in found)
    assert {p["source"] for part in FROM_SIS for p in provenances(student[part])} == {"edfi", "canvas"}
    assert {p["source"] for p in provenances(student["assignments"])} == {"canvas"}
    assert {grade["source"] for grade in student["courseGrades"]} == {"SIS", "LMS"}
    assert all(seen["failures"] == 0 for seen in extensions["sources"].values())


def test_with_the_lms_off_the_sis_answers_and_the_rest_says_why(running: RunningDemo, switch: Any) -> None:
    """Work is null with a code; computed grades are missing from the list and named as degraded."""
    switch("canvas", down=True)
    student, errors, extensions = ask(running)
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


def test_with_the_sis_off_the_student_is_not_known_and_it_says_why(running: RunningDemo, switch: Any) -> None:
    """Without the system of record there is no student to hang anything on: null and one reason, no crash."""
    switch("edfi", down=True)
    student, errors, _ = ask(running)
    assert student is None
    assert [(e["path"], e["extensions"]["code"], e["extensions"]["source"]) for e in errors] == [
        (["student"], "SOURCE_UNAVAILABLE", "edfi")
    ]


@pytest.mark.parametrize("answers", range(2, 30, 3))
def test_a_source_that_dies_on_the_way_costs_its_own_fields(
    running: RunningDemo, switch: Any, answers: int
) -> None:
    """The SIS goes down after so many answers: what came is whole, what did not is null with a reason."""
    whole_student, _, _ = ask(running)
    switch("edfi", down_after=answers)
    student, errors, extensions = ask(running)
    if student is None:
        assert errors[0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"
        return
    missing = {error["path"][1] for error in errors} | {each["path"][1] for each in extensions.get("degraded", ())}
    assert {error["extensions"]["code"] for error in errors} <= {"SOURCE_UNAVAILABLE"}
    for part in set(PARTS) - missing:
        assert undated(student[part]) == undated(whole_student[part])


@pytest.mark.parametrize("answers", range(1, 12, 2))
def test_a_source_that_dies_in_the_midst_of_its_pages_gives_no_part_of_a_list(
    running: RunningDemo, switch: Any, answers: int
) -> None:
    """A list is whole or null: the first pages of a reading that broke are not an answer."""
    query = """{ districts { schools { name students(first: 100) { totalCount edges { node { studentUniqueId
        attendanceEvents(first: 100) { totalCount } } } } } } }"""
    sound = running.post(query)["data"]["districts"][0]["schools"]
    switch("edfi", down_after=answers)
    answer = running.post(query)
    assert answer["errors"]
    schools = ((answer["data"] or {}).get("districts") or [{}])[0].get("schools") or []
    for before, after in zip(sound, schools, strict=False):
        for one, other in zip(edges(before), edges(after), strict=False):
            events = other["node"] and other["node"]["attendanceEvents"]
            assert events is None or events == one["node"]["attendanceEvents"]


def test_a_throttled_source_says_so(running: RunningDemo, switch: Any) -> None:
    """Throttling is told apart from refusal, and is worth asking again."""
    switch("canvas", throttled=True)
    _, errors, _ = ask(running)
    assert {(e["extensions"]["code"], e["extensions"]["retryable"]) for e in errors} == {("RATE_LIMITED", True)}


def test_a_slow_source_slows_only_itself(running: RunningDemo, switch: Any) -> None:
    """With latency the answer is the same."""
    before, _, _ = ask(running)
    switch("canvas", latency=300)
    after, errors, _ = ask(running)
    assert errors == []
    assert undated(after) == undated(before)


def test_a_teacher_without_grants_gets_the_open_part(running: RunningDemo) -> None:
    """Classes that are not granted are null and FORBIDDEN; the rest answers."""
    student, errors, _ = ask(running, viewer="teacher")
    forbidden = {(error["path"][1], error["extensions"]["code"]) for error in errors}
    assert forbidden == {(part, "FORBIDDEN") for part in ("disciplineIncidents", "foodService", "transportation")}
    assert student["courseGrades"]
    assert student["assignments"]


def edges(school: dict[str, Any]) -> list[dict[str, Any]]:
    """Edges of a school's students; none when they are null."""
    return (school.get("students") or {}).get("edges") or []


def undated(part: Any) -> Any:
    """The same without the instants at which records were fetched."""
    if isinstance(part, list):
        return [undated(each) for each in part]
    if isinstance(part, dict):
        return {name: undated(each) for name, each in part.items() if name != "fetchedAt"}
    return part
