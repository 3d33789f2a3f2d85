"""The adapter's requests, its payloads and the sandbox's responses against the published document of the API."""

from __future__ import annotations

from typing import Any, get_args

import httpx
import pytest

from student_graph.adapters.google_classroom import api
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.adapter.settings import SCOPES
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.index import course_id
from student_graph.adapters.google_classroom.sandbox.responses import parse_mask
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from tests.adapters.google_classroom.published_document import (
    document,
    method_of,
    methods,
    needs_document,
    problems,
    properties_of,
)

pytestmark = needs_document

SCHEMAS: dict[type[api.Payload], str] = {
    api.AliasPage: "ListCourseAliasesResponse",
    api.Course: "Course",
    api.CourseAlias: "CourseAlias",
    api.CoursePage: "ListCoursesResponse",
    api.CourseWork: "CourseWork",
    api.CourseWorkPage: "ListCourseWorkResponse",
    api.DueDate: "Date",
    api.DueTime: "TimeOfDay",
    api.GradeChange: "GradeHistory",
    api.HistoryEntry: "SubmissionHistory",
    api.Name: "Name",
    api.StateChange: "StateHistory",
    api.Student: "Student",
    api.StudentPage: "ListStudentsResponse",
    api.StudentSubmission: "StudentSubmission",
    api.SubmissionPage: "ListStudentSubmissionsResponse",
    api.UserProfile: "UserProfile",
}
"""The published schema of each payload model."""


async def requests_of_all_lookups(**settings: Any) -> list[str]:
    """The requests that all lookups and the check send, without those for tokens."""
    sandbox = GoogleClassroomSandbox(make_district(12))
    sandbox.url = "http://sandbox.example"
    own = sandbox.settings()
    sandbox.settings = lambda: {**own, **settings}  # type: ignore[method-assign]
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        await adapter.check()
        for lookup in GoogleClassroom.capabilities():
            await run_lookup(adapter, lookup, sandbox.known_keys(lookup.key_kind)[:2], sandbox.arguments())
    return [line for line in sandbox.requests if line != "POST /token"]


def test_every_payload_is_a_schema_of_the_document() -> None:
    """Each declared property exists, and each model has a schema."""
    models = {m for m in vars(api).values() if isinstance(m, type) and issubclass(m, api.Payload)}
    schemas = document()["schemas"]

    assert models - {api.Payload, api.Page} == SCHEMAS.keys()
    for model, name in SCHEMAS.items():
        assert model.model_fields.keys() <= schemas[name]["properties"].keys(), name


def test_properties_have_the_types_of_the_document() -> None:
    """A nested model is the model of the schema that the document refers to; the others are of the same kind."""
    kinds = {"string": (str,), "boolean": (bool,), "integer": (int,), "number": (float,)}
    for model, name in SCHEMAS.items():
        for field, info in model.model_fields.items():
            published = document()["schemas"][name]["properties"][field]
            inner = published.get("$ref") or published.get("items", {}).get("$ref")
            declared = _types_in(info.annotation)
            if inner:
                assert inner in {SCHEMAS[part] for part in declared if part in SCHEMAS}, f"{name}.{field}"
            elif "format" not in published or published["format"] != "google-datetime":
                assert declared & set(kinds[published["type"]]), f"{name}.{field}"


def _types_in(annotation: Any) -> set[Any]:
    parts = get_args(annotation)
    return {annotation}.union(*map(_types_in, parts)) if parts else {annotation}


@pytest.mark.parametrize("settings", [{}, {"section_link": "section"}, {"section_link": "project_alias"}], ids=str)
async def test_every_request_is_a_method_of_the_document(settings: dict[str, Any]) -> None:
    """Path, parameters, their values, the properties in `fields` and the scopes are those of the document."""
    requests = await requests_of_all_lookups(**settings)
    called = set()
    for request in requests:
        method, parameters = method_of(request)
        called.add(method.id)
        for name, value in parameters:
            published = method.parameters[name]
            assert published["location"] == "query"
            assert value in published.get("enum", [value]), request
            assert published["type"] != "integer" or value.isdigit(), request
        mask = parse_mask(dict(parameters)["fields"])
        assert properties_of(method.response, dict(mask)) == [], request
        assert method.scopes & set(SCOPES), request

    assert {"classroom.courses.list", "classroom.courses.courseWork.studentSubmissions.list"} <= called


async def test_no_request_names_what_is_the_teachers_alone() -> None:
    """Draft grades, points in histories, texts and files of submissions, and guardians are not requested."""
    requests = " ".join(await requests_of_all_lookups())

    for name in (
        "draftGrade",
        "pointsEarned",
        "Submission(",
        "attachments",
        "guardian",
        "photoUrl",
        "description",
    ):
        assert name not in requests.replace("studentSubmissions(", ""), name
    assert all("fields=" in request for request in requests.split("GET")[1:])


def test_the_scopes_are_published_and_only_read() -> None:
    """No scope of the adapter can change anything."""
    published = document()["auth"]["oauth2"]["scopes"]
    for scope in SCOPES:
        assert published[scope]["description"].startswith("View ")


async def test_the_sandbox_sends_rows_of_the_document() -> None:
    """Without `fields` each response is valid, and has no property that the document does not have."""
    facts = make_district(12)
    states = {facts.lms_courses[1].id: "ARCHIVED"}
    sandbox = GoogleClassroomSandbox(facts, states=states)
    sandbox.url = "http://sandbox.example"
    course = next(course_id(fact) for fact in facts.lms_courses if fact.members and fact.teachers)
    [student, *_] = sandbox.known_keys("student")
    paths = [
        "/v1/courses?pageSize=2",
        f"/v1/courses/{course}",
        f"/v1/courses/{course}/aliases",
        f"/v1/courses/{course}/students",
        f"/v1/courses/{course}/teachers",
        f"/v1/courses/{course}/courseWork?courseWorkStates=DRAFT&courseWorkStates=PUBLISHED",
        f"/v1/courses/{course}/courseWork/-/studentSubmissions",
        f"/v1/userProfiles/{student.removeprefix('email:')}",
    ]
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        for path in paths:
            response = await adapter.http.get(path)
            method, _ = method_of(f"GET {path}")
            body = response.json()

            assert response.status_code == httpx.codes.OK
            assert problems(method.response, body) == [], path
            assert body, path


def test_the_document_has_the_methods_that_the_sandbox_serves() -> None:
    """Each path of the sandbox below `/v1` is one of the document."""
    sandbox = GoogleClassroomSandbox(make_district(12))
    paths = [route.path for route in sandbox.routes() if getattr(route, "path", "").startswith("/v1")]  # type: ignore[attr-defined]
    published = [method.path for method in methods()]

    assert [path for path in paths if not any(p.fullmatch(path) for p in published)] == []
    assert len(paths) == 9
