"""Recorded responses of a real Ed-Fi API are read, or fail with the right error."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from student_graph.adapters.auth import TokenResponse
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
from student_graph.adapters.reading import collecting_unreadable_rows, read
from tests.adapters.edfi.reference import RECORDED, needs_reference_data
from tests.subcases import subcases

pytestmark = needs_reference_data

LIST_RESPONSES: dict[str, tuple[Resource[Any], int]] = {
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
OBJECT_RESPONSES = ("get_by_id", "token_basic_form", "version")
ERROR_RESPONSES: dict[str, type[AdapterError]] = {
    "auth_missing": PayloadError,  # a 400; other servers send a 401
    "deletes": UnavailableError,  # a 500 with an empty body instead of a 404
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
    """A recorded response as an httpx response."""
    recording = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    body = b"" if recording["body"] == "" else json.dumps(recording["body"]).encode()
    headers = {"content-type": recording["headers"]["content-type"]}
    request = httpx.Request("GET", "https://edfi.example/local")
    return httpx.Response(recording["status"], headers=headers, content=body, request=request)


def test_every_recorded_response_has_an_expected_result() -> None:
    """A new file needs an entry in one of the three tables."""
    assert {path.stem for path in RECORDED.glob("*.json")} == {
        *LIST_RESPONSES,
        *OBJECT_RESPONSES,
        *ERROR_RESPONSES,
    }


@subcases("name", LIST_RESPONSES)
def test_every_row_of_a_recorded_list_is_read(name: str) -> None:
    """Each row matches its payload model."""
    resource, rows = LIST_RESPONSES[name]

    assert rows == len(resource.read(recorded(name)))


@subcases("name", ERROR_RESPONSES)
def test_a_recorded_error_is_translated(name: str) -> None:
    """The shape of the body does not matter: one server sends four different shapes."""
    with pytest.raises(httpx.HTTPStatusError) as caught:
        people.STUDENTS.read(recorded(name))

    assert ERROR_RESPONSES[name] is type(translate(caught.value))


def test_the_recorded_student_is_read() -> None:
    """The response of a read by id is the row."""
    student = read(recorded("get_by_id"), TypeAdapter(people.Student))

    assert student.studentUniqueId == "604821"


def test_the_recorded_token_is_read() -> None:
    """Its `expires_in` is a time since 1970, from which the authentication computes a lifetime."""
    token = read(recorded("token_basic_form"), TypeAdapter(TokenResponse))

    assert token.expires_in == 1768482362


def test_the_recorded_discovery_document_is_read() -> None:
    """Its data root has no `data/v3`, and its declared Data Standard has a suffix."""
    document: Document = read(recorded("version"), DOCUMENT)

    assert document.urls.dataManagementApi == "https://edfi.example/local/v3.3b/"
    assert document.data_standard == "3.3.1-b"


def test_rows_of_another_resource_are_left_out() -> None:
    """The rows of one resource do not match the model of another, and are reported."""
    with collecting_unreadable_rows() as unreadable:
        assert people.STUDENTS.read(recorded("list_schools")) == []

    assert len(unreadable) > 0
