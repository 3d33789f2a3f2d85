"""Real answers of a running Ed-Fi API: each is read, or fails as the error that it is."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pydantic
import pytest
from pydantic import TypeAdapter

from student_graph.adapters.auth import TokenAnswer
from student_graph.adapters.edfi.api import academics, people, schools
from student_graph.adapters.edfi.api.discovery import DOCUMENT, Document
from student_graph.adapters.edfi.api.payload import Resource
from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
    translate,
)
from student_graph.adapters.reading import read
from tests.adapters.edfi.reference import RECORDED, needs_shared

pytestmark = needs_shared

LISTS: dict[str, tuple[Resource[Any], int]] = {
    "limit1_offset1": (people.STUDENTS, 1),
    "limit_0": (people.STUDENTS, 0),
    "list_assessments": (academics.ASSESSMENTS, 1),
    "list_courseOfferings": (schools.COURSE_OFFERINGS, 1),
    "list_courses": (schools.COURSES, 1),
    "list_grades": (academics.GRADES, 1),
    "list_localEducationAgencies": (schools.LOCAL_EDUCATION_AGENCIES, 1),
    "list_schools": (schools.SCHOOLS, 2),
    "list_sections": (schools.SECTIONS, 1),
    "list_sessions": (schools.SESSIONS, 1),
    "list_staffSectionAssociations": (people.STAFF_SECTIONS, 1),
    "list_staffs": (people.STAFFS, 1),
    "list_studentAssessments": (academics.STUDENT_ASSESSMENTS, 2),
    "list_studentSchoolAssociations": (people.STUDENT_SCHOOLS, 3),
    "list_studentSectionAssociations": (people.STUDENT_SECTIONS, 2),
    "list_students": (people.STUDENTS, 3),
    "totalCount_true": (people.STUDENTS, 1),
}
OBJECTS = ("get_by_id", "token_basic_form", "version")
FAILURES: dict[str, type[AdapterError]] = {
    "auth_missing": PayloadError,  # a 400, where other servers say 401
    "deletes": UnavailableError,  # a 500 with an empty body, where 404 is meant
    "filter_reference_field": PayloadError,
    "filter_unknown_field": PayloadError,
    "limit_negative": PayloadError,
    "list_schoolYearTypes": NotOfferedError,
    "not_found_wellformed_id": NotOfferedError,
    "pageToken": PayloadError,
    "post_bad_reference": PayloadError,
    "post_missing_required": PayloadError,
    "token_bad_client": RefusedError,
    "unknown_resource": NotOfferedError,
}


def recorded(name: str) -> httpx.Response:
    """A recorded answer, as httpx would have handed it over."""
    kept = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    body = b"" if kept["body"] == "" else json.dumps(kept["body"]).encode()
    headers = {"content-type": kept["headers"]["content-type"]}
    request = httpx.Request("GET", "https://edfi.example/local")
    return httpx.Response(kept["status"], headers=headers, content=body, request=request)


def test_every_recorded_answer_is_accounted_for() -> None:
    """A file that is added must be given its outcome here."""
    assert {path.stem for path in RECORDED.glob("*.json")} == {*LISTS, *OBJECTS, *FAILURES}


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_is_read_whole(name: str) -> None:
    """Every row matches its payload model."""
    resource, rows = LISTS[name]

    assert rows == len(resource.read(recorded(name)))


@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failure_is_the_error_that_it_is(name: str) -> None:
    """Whatever shape its body has: four were seen on one server."""
    with pytest.raises(httpx.HTTPStatusError) as caught:
        people.STUDENTS.read(recorded(name))

    assert FAILURES[name] is type(translate(caught.value))


def test_the_recorded_student_is_read() -> None:
    """A read by id has the row alone."""
    found = read(recorded("get_by_id"), TypeAdapter(people.Student))

    assert found.studentUniqueId == "604821"


def test_the_recorded_token_is_read() -> None:
    """Its `expires_in` is an instant, which the authentication turns into a lifetime."""
    found = read(recorded("token_basic_form"), TypeAdapter(TokenAnswer))

    assert found.expires_in == 1768482362


def test_the_recorded_root_document_is_read() -> None:
    """The data root has no `data/v3`, and the declared standard a suffix."""
    found: Document = read(recorded("version"), DOCUMENT)

    assert found.urls.dataManagementApi == "https://edfi.example/local/v3.3b/"
    assert found.standard == "3.3.1-b"


def test_a_row_of_another_shape_is_refused() -> None:
    """A recorded list is none of another resource."""
    with pytest.raises(pydantic.ValidationError):
        people.STUDENTS.read(recorded("list_schools"))
