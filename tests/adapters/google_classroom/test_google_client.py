"""Google's own client reads the sandbox by the published document, and gets its tokens as it does from Google."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.google_classroom.adapter.settings import SCOPES
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.index import course_id, email, user_id
from student_graph.adapters.google_classroom.sandbox.tokens import ADMINISTRATOR, key_file
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from tests.adapters.google_classroom.published_document import document, needs_document

pytestmark = needs_document


@pytest.fixture(scope="module")
def facts() -> DistrictFacts:
    """The district that the sandbox serves."""
    return make_district(12)


@pytest.fixture(scope="module")
def sandbox(facts: DistrictFacts) -> Iterator[GoogleClassroomSandbox]:
    """A Google Classroom, served on a socket by a thread of its own."""
    sandbox = GoogleClassroomSandbox(facts, empty_pages=True)
    with served(sandbox):
        yield sandbox


def client(sandbox: GoogleClassroomSandbox, subject: str = ADMINISTRATOR, scopes: tuple[str, ...] = SCOPES) -> Any:
    """Google's client with the key of the service account, for a user of the domain."""
    import google_auth_httplib2  # noqa: PLC0415 - slow to import, and few processes need it
    import httplib2  # noqa: PLC0415 - slow to import, and few processes need it
    from google.oauth2 import service_account  # noqa: PLC0415 - slow to import, and few processes need it
    from googleapiclient.discovery import build_from_document  # noqa: PLC0415 - slow to import, and few processes need it

    key = {**json.loads(key_file()), "token_uri": f"{sandbox.url}/token"}
    credentials = service_account.Credentials.from_service_account_info(key, scopes=scopes, subject=subject)
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http())
    return build_from_document({**document(), "rootUrl": f"{sandbox.url}/"}, http=http)


@pytest.fixture(scope="module")
def classroom(sandbox: GoogleClassroomSandbox) -> Iterator[Any]:
    """The client for the administrator."""
    with client(sandbox) as service:
        yield service


def all_rows(resource: Any, name: str, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of all pages, read as Google's guides do it."""
    request, rows = resource.list(**arguments), []
    while request is not None:
        response = request.execute()
        rows += response.get(name, [])
        request = resource.list_next(request, response)
    return rows


def test_it_reads_all_pages_of_courses(classroom: Any, facts: DistrictFacts) -> None:
    """Pages without rows do not end the list."""
    courses = all_rows(classroom.courses(), "courses", pageSize=7)

    assert [course["id"] for course in courses] == [course_id(course) for course in facts.lms_courses]


def test_it_reads_a_student_by_address_and_number(classroom: Any, facts: DistrictFacts) -> None:
    """Both name the same user, and the same courses."""
    account = next(a for a in facts.accounts if any(a.id in c.members for c in facts.lms_courses) and a.sis_id)
    by_email = all_rows(classroom.courses(), "courses", studentId=email(account).upper())
    by_number = all_rows(classroom.courses(), "courses", studentId=user_id(account))
    profile = classroom.userProfiles().get(userId=email(account)).execute()

    assert by_email == by_number != []
    assert profile["name"]["fullName"] == account.name


def test_it_reads_rosters_and_work_of_a_course(classroom: Any, facts: DistrictFacts) -> None:
    """A course is found by its alias; each of its students has a submission for each published work."""
    fact = next(
        course for course in facts.lms_courses if course.sis_section and course.members and course.teachers
    )
    course = classroom.courses().get(id=f"d:{fact.sis_section}").execute()
    students = all_rows(classroom.courses().students(), "students", courseId=course["id"])
    work = all_rows(classroom.courses().courseWork(), "courseWork", courseId=course["id"], orderBy="dueDate")
    submissions = all_rows(
        classroom.courses().courseWork().studentSubmissions(),
        "studentSubmissions",
        courseId=course["id"],
        courseWorkId="-",
    )

    assert course["name"] == fact.name
    assert len(students) == len(fact.members)
    assert len(submissions) == len(students) * len(work) > 0
    assert len(all_rows(classroom.courses().teachers(), "teachers", courseId=course["id"])) == len(fact.teachers)


def test_it_reads_a_partial_response(classroom: Any) -> None:
    """`fields` selects properties, also inside the rows."""
    response = classroom.courses().list(pageSize=2, fields="courses/id,nextPageToken").execute()
    second = (
        classroom.courses().list(pageSize=2, fields="courses/id", pageToken=response["nextPageToken"]).execute()
    )

    assert [set(course) for course in second["courses"]] == [{"id"}] * 2


def test_it_distinguishes_errors(classroom: Any) -> None:
    """A missing course, a missing scope, an odd mask and the token of another list have their own errors."""
    from googleapiclient.errors import HttpError  # noqa: PLC0415 - slow to import, and few processes need it

    requests = {
        404: classroom.courses().get(id="1"),
        403: classroom.userProfiles().guardians().list(studentId="-"),
        400: classroom.courses().list(fields="courses("),
    }
    statuses = {}
    for expected, request in requests.items():
        with pytest.raises(HttpError) as caught:
            request.execute()
        statuses[expected] = caught.value.status_code
    token = classroom.courses().list(pageSize=2).execute()["nextPageToken"]
    with pytest.raises(HttpError) as caught:
        classroom.courses().list(pageSize=2, pageToken=token, courseStates="ARCHIVED").execute()

    assert statuses == {status: status for status in requests}
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("subject", "scopes", "error"),
    [
        ("somebody@elsewhere.example", SCOPES, "invalid_grant"),
        (ADMINISTRATOR, (*SCOPES, "https://www.googleapis.com/auth/classroom.rosters"), "unauthorized_client"),
    ],
)
def test_it_gets_no_token_for_others(
    sandbox: GoogleClassroomSandbox, subject: str, scopes: tuple[str, ...], error: str
) -> None:
    """Another user, and a scope that the domain does not delegate, have Google's own errors."""
    from google.auth.exceptions import RefreshError  # noqa: PLC0415 - slow to import, and few processes need it

    with client(sandbox, subject, scopes) as service, pytest.raises(RefreshError, match=error):
        service.courses().list().execute()
