"""Real answers of running servers: each is read, or fails as the error that it is."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError, RefusedError, translate
from student_graph.adapters.oneroster.api.payload import Item, Resource
from student_graph.adapters.oneroster.api.rostering import (
    CLASSES,
    COURSES,
    DEMOGRAPHICS,
    ENROLLMENTS,
    ORGS,
    SCHOOLS,
    SESSIONS,
    STUDENTS,
    TERMS,
    USERS,
)
from tests.adapters.oneroster.scripted_sandbox import SHARED, needs_shared

pytestmark = needs_shared

RECORDED = SHARED / "recorded" / "oneroster12-edfi"
MOODLE = SHARED / "recorded" / "moodle"
LISTS: dict[str, tuple[Resource[Any], int]] = {
    "auth_no_edorg_orgs": (ORGS, 0),
    "auth_school_only_orgs": (ORGS, 1),
    "filter_contains": (USERS, 14),
    "filter_eq": (USERS, 2),
    "filter_eq_case": (USERS, 0),
    "filter_or": (USERS, 3),
    "filter_quote": (USERS, 0),
    "limit2": (USERS, 2),
    "limit2_offset2": (USERS, 2),
    "list_academicSessions": (SESSIONS, 5),
    "list_classes": (CLASSES, 8),
    "list_courses": (COURSES, 4),
    "list_demographics": (DEMOGRAPHICS, 26),
    "list_enrollments": (ENROLLMENTS, 60),
    "list_gradingPeriods": (SESSIONS, 0),
    "list_orgs": (ORGS, 3),
    "list_schools": (SCHOOLS, 2),
    "list_students": (STUDENTS, 26),
    "list_teachers": (USERS, 2),
    "list_terms": (TERMS, 0),
    "list_users": (USERS, 35),
    "sort_desc": (USERS, 3),
    "wrong_case": (USERS, 1),
}
FAILURES: dict[str, type[AdapterError]] = {
    "auth_bad": RefusedError,
    "auth_core_scope_demographics": RefusedError,
    "auth_no_scope": RefusedError,
    "auth_none": RefusedError,
    "fields": PayloadError,  # rows without the id that makes them rows: partial answers are never asked for
    "filter_and": PayloadError,
    "filter_bad_field": PayloadError,
    "get_404": NotOfferedError,
    "limit_0": PayloadError,
    "limit_abc": PayloadError,
    "list_lineItems": NotOfferedError,
    "school_students": NotOfferedError,
}


def answer(path: Any) -> httpx.Response:
    """A recorded answer, as httpx would have handed it over."""
    kept = json.loads(path.read_text("utf-8"))
    kind = next(text for name, text in kept["headers"].items() if name.lower() == "content-type")
    body = kept["body"] if isinstance(kept["body"], str) else json.dumps(kept["body"])
    request = httpx.Request("GET", "https://oneroster.example/ims/oneroster/rostering/v1p2/users")
    return httpx.Response(kept["status"], headers={"content-type": kind}, content=body.encode(), request=request)


def recorded(name: str) -> httpx.Response:
    return answer(RECORDED / f"{name}.json")


def test_every_recorded_answer_is_accounted_for() -> None:
    """A file that is added must be given its outcome here."""
    assert {path.stem for path in RECORDED.glob("*.json")} == {*LISTS, *FAILURES, "get_student"}


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_is_read_whole(name: str) -> None:
    """Every row matches its payload model."""
    resource, rows = LISTS[name]

    assert rows == len(resource.read(recorded(name)))


@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failure_is_the_error_that_it_is(name: str) -> None:
    """By its HTTP status; the body may hold a nested code, a flat one or none."""
    with pytest.raises((httpx.HTTPStatusError, ValidationError)) as caught:
        USERS.read(recorded(name))

    assert FAILURES[name] is type(translate(caught.value))


def test_the_recorded_student_is_read() -> None:
    """Texts for booleans, a phrase for a grade, a relative address in a reference."""
    found = STUDENTS.read_one(recorded("get_student"))

    assert (found.identifier, found.grades) == ("604827", ["Tenth grade"])
    assert [(place.role, place.org.sourcedId if place.org else None) for place in found.all_roles] == [
        ("student", "5643e68db2cfe9bf142de280d85599f9")
    ]


def test_one_recorded_child_has_two_users() -> None:
    """Two schools are two rows with two ids; the number and the e-mail address are the same."""
    rows = STUDENTS.read(recorded("list_students"))
    numbers = [row.identifier for row in rows]
    twice = {row.sourcedId for row in rows if numbers.count(row.identifier) > 1}

    assert len(twice) == 2


def test_a_recorded_course_refers_to_its_year_and_a_session_tells_it() -> None:
    """`schoolYear` is a reference on one and a text on the other."""
    assert {2026} == {row.schoolYear for row in SESSIONS.read(recorded("list_academicSessions"))}
    assert "ENG-1" in {row.courseCode for row in COURSES.read(recorded("list_courses"))}


@pytest.mark.parametrize("path", sorted(MOODLE.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("resource", [USERS, CLASSES, ORGS], ids=lambda each: each.path)
def test_another_vendors_answer_is_never_taken_for_an_empty_list(path: Any, resource: Resource[Item]) -> None:
    """Moodle answers every failure with 200, and lists under no name: none of it is OneRoster."""
    with pytest.raises((PayloadError, ValidationError)) as caught:
        resource.read(answer(path))

    assert PayloadError is type(translate(caught.value))
