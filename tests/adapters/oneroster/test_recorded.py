"""Recorded responses of real servers: each is parsed, or is the expected error."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError, RefusedError, translate
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.oneroster.api.resources import Resource
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
from tests.adapters.oneroster.scripted_sandbox import SHARED, needs_reference_data
from tests.subcases import subcases

pytestmark = needs_reference_data

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
    "fields": PayloadError,  # rows without an id; the adapter never selects fields
    "filter_and": PayloadError,
    "filter_bad_field": PayloadError,
    "get_404": NotOfferedError,
    "limit_0": PayloadError,
    "limit_abc": PayloadError,
    "list_lineItems": NotOfferedError,
    "school_students": NotOfferedError,
}


def response_of(path: Any) -> httpx.Response:
    """A recorded response as httpx would return it."""
    recording = json.loads(path.read_text("utf-8"))
    kind = next(text for name, text in recording["headers"].items() if name.lower() == "content-type")
    body = recording["body"] if isinstance(recording["body"], str) else json.dumps(recording["body"])
    request = httpx.Request("GET", "https://oneroster.example/ims/oneroster/rostering/v1p2/users")
    return httpx.Response(
        recording["status"], headers={"content-type": kind}, content=body.encode(), request=request
    )


def recorded(name: str) -> httpx.Response:
    return response_of(RECORDED / f"{name}.json")


def test_every_recorded_response_has_an_expected_outcome() -> None:
    """A new file needs an entry here."""
    assert {path.stem for path in RECORDED.glob("*.json")} == {*LISTS, *FAILURES, "get_student"}


@subcases("name", LISTS)
def test_every_row_of_a_recorded_list_is_valid(name: str) -> None:
    """Every row matches its payload model."""
    resource, rows = LISTS[name]

    assert rows == len(resource.read(recorded(name)))


@subcases("name", FAILURES)
def test_a_recorded_error_becomes_its_error_type(name: str) -> None:
    """The HTTP status decides; the body may have a nested code, a flat one or none."""
    with pytest.raises((httpx.HTTPStatusError, ValidationError)) as caught:
        USERS.read(recorded(name))

    assert FAILURES[name] is type(translate(caught.value))


def test_the_recorded_student_is_parsed() -> None:
    """The row has texts as booleans, a phrase as a grade level and a relative address in a reference."""
    student = STUDENTS.read_one(recorded("get_student"))

    assert (student.identifier, student.grades) == ("604827", ["Tenth grade"])
    assert [(role.role, role.org.sourcedId if role.org else None) for role in student.all_roles] == [
        ("student", "5643e68db2cfe9bf142de280d85599f9")
    ]


def test_a_recorded_student_has_two_users() -> None:
    """A student at two schools is two rows with two ids, the same number and the same e-mail address."""
    rows = STUDENTS.read(recorded("list_students"))
    numbers = [row.identifier for row in rows]
    duplicate_ids = {row.sourcedId for row in rows if numbers.count(row.identifier) > 1}

    assert len(duplicate_ids) == 2


def test_the_school_year_is_a_reference_in_courses_and_a_text_in_sessions() -> None:
    """Both forms of `schoolYear` are accepted."""
    assert {2026} == {row.schoolYear for row in SESSIONS.read(recorded("list_academicSessions"))}
    assert "ENG-1" in {row.courseCode for row in COURSES.read(recorded("list_courses"))}


@pytest.mark.parametrize("path", sorted(MOODLE.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("resource", [USERS, CLASSES, ORGS], ids=lambda resource: resource.path)
def test_the_response_of_another_vendor_is_never_an_empty_list(path: Any, resource: Resource[Item]) -> None:
    """Moodle sends errors with status 200 and lists without a name: none of them is valid."""
    with pytest.raises((PayloadError, ValidationError)) as caught:
        resource.read(response_of(path))

    assert PayloadError is type(translate(caught.value))
