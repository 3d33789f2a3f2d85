"""The Ed-Fi sandbox behaves as Ed-Fi does: tokens, paging, filters and errors."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.edfi.sandbox.queries import FIRST_CHANGE_VERSION
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.sandbox_client import all_rows, connected_client, request_token
from tests.clients import get, post

DATA = "/data/v3/ed-fi"
FACTS = make_district(60)


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and kind of an error response with problem details."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["type"].removeprefix("urn:ed-fi:api:")


def test_a_token_is_required() -> None:
    """A request without a token or with an unknown token is a 401."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        without = get(f"{sandbox.url}{DATA}/students")
        unknown = get(f"{sandbox.url}{DATA}/students", headers={"Authorization": "Bearer 123"})

    assert problem(without) == problem(unknown) == (401, "security:authentication")


def test_an_expired_token_is_refused() -> None:
    """A token with a lifetime of 0 seconds is refused."""
    with connected_client(EdFiSandbox(FACTS, token_lifetime=0.0)) as client:
        assert problem(client.get(f"{DATA}/students")) == (401, "security:authentication")


def test_credentials_are_sent_by_basic_or_in_the_body() -> None:
    """Both ways return a token for half an hour; a wrong secret and another grant type return an error."""
    sandbox = EdFiSandbox(FACTS)
    credentials = {
        "client_id": "sandbox-key",
        "client_secret": "sandbox-secret",
        "grant_type": "client_credentials",
    }
    with served(sandbox):
        by_basic = request_token(sandbox)
        by_form = post(f"{sandbox.url}/oauth/token", data=credentials)
        by_json = post(f"{sandbox.url}/oauth/token", json=credentials)
        wrong_secret = post(f"{sandbox.url}/oauth/token", data=credentials | {"client_secret": "guess"})
        broken_basic = post(f"{sandbox.url}/oauth/token", data=credentials, headers={"Authorization": "Basic !"})
        other_grant = post(f"{sandbox.url}/oauth/token", data=credentials | {"grant_type": "password"})
        broken_body = post(
            f"{sandbox.url}/oauth/token", content=b"[1]", headers={"Content-Type": "application/json"}
        )

    assert [response.json()["expires_in"] for response in (by_basic, by_form, by_json, broken_basic)] == [1800] * 4
    assert by_basic.json()["token_type"] == "bearer"
    assert (wrong_secret.status_code, wrong_secret.json()) == (401, {"error": "invalid_client"})
    assert (other_grant.status_code, other_grant.json()) == (400, {"error": "unsupported_grant_type"})
    assert broken_body.status_code == 400


def test_a_token_may_have_an_expiry_time_instead_of_a_lifetime() -> None:
    """Some servers send `expires_in` as seconds since 1970."""
    sandbox = EdFiSandbox(FACTS, epoch_expiry=True)
    with served(sandbox):
        assert request_token(sandbox).json()["expires_in"] > time.time()


def test_a_collection_has_pages() -> None:
    """A page has 25 rows by default, in a fixed order; after the end it is empty; the total is sent on request."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        first = client.get(f"{DATA}/students")
        second = client.get(f"{DATA}/students", params={"offset": 25, "limit": 25, "totalCount": "true"})
        after_end = client.get(f"{DATA}/students", params={"offset": 60})
        count_only = client.get(f"{DATA}/students", params={"limit": 0, "totalCount": "true"})
        rows = all_rows(client, "students")

    assert first.json() + second.json() == rows[:50]
    assert "total-count" not in first.headers
    assert (second.headers["total-count"], after_end.json(), count_only.json()) == ("60", [], [])
    assert len({row["id"] for row in rows}) == 60


@pytest.mark.parametrize(
    "query",
    [
        "limit=501",
        "limit=-1",
        "limit=abc",
        "offset=-1",
        "totalCount=perhaps",
        "schoolId=1",
        "lastName=Reyes",
        "firstName=A&firstName=B",
        "birthDate=yesterday",
        "pageToken=abc",
        "pageToken=%C3%A9",
        "pageSize=501",
        "pageSize=5&limit=5",
        "pageToken=cDAwMDAwMDI1&totalCount=true",
    ],
)
def test_an_invalid_query_is_refused(query: str) -> None:
    """A limit above the maximum, an unknown parameter and an invalid value are a 400."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        assert problem(client.get(f"{DATA}/students?{query}")) == (400, "bad-request:parameter")


def test_filters_are_joined_by_and() -> None:
    """Filters also compare properties of references; numbers are compared as numbers."""
    high_school = FACTS.schools[0].id
    with connected_client(EdFiSandbox(FACTS)) as client:
        enrollments = all_rows(client, "studentSchoolAssociations", schoolId=f"0{high_school}", schoolYear=2027)
        of_student = all_rows(
            client, "studentSchoolAssociations", schoolId=high_school, studentUniqueId=FACTS.enrollments[0].student
        )
        other_year = all_rows(client, "studentSchoolAssociations", schoolId=high_school, schoolYear=2026)
        refused = client.get(f"{DATA}/studentSchoolAssociations", params={"schoolId": "high"})
        tardy = all_rows(
            client,
            "studentSchoolAttendanceEvents",
            attendanceEventCategoryDescriptor="uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
        )

    assert len(enrollments) == sum(enrollment.school == high_school for enrollment in FACTS.enrollments)
    assert {row["studentReference"]["studentUniqueId"] for row in of_student} <= {FACTS.enrollments[0].student}
    assert other_year == []
    assert refused.status_code == 400
    assert len(tardy) == sum(event.category == "Tardy" and event.section is None for event in FACTS.attendance)


def test_a_section_is_filtered_by_its_five_properties() -> None:
    """The five properties of a section's key return the enrollments of this section only."""
    shared = FACTS.special_cases["shared_section_identifier"][0]
    fall, spring = (section for section in FACTS.sections if section.identifier == shared)
    with connected_client(EdFiSandbox(FACTS)) as client:
        both_sections = all_rows(client, "studentSectionAssociations", sectionIdentifier=shared)
        names = ("schoolId", "schoolYear", "sessionName", "localCourseCode", "sectionIdentifier")
        fall_section = all_rows(client, "studentSectionAssociations", **dict(zip(names, fall.key, strict=True)))

    assert len(fall_section) == sum(fact.section is fall for fact in FACTS.section_enrollments)
    assert len(both_sections) == len(fall_section) + sum(
        fact.section is spring for fact in FACTS.section_enrollments
    )


def test_page_tokens_lead_through_a_collection() -> None:
    """From 7.3 on each page but the last has the token of the next, and each row is on one page."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        pages = [client.get(f"{DATA}/students", params={"pageSize": 25})]
        while next_token := pages[-1].headers.get("next-page-token"):
            pages.append(client.get(f"{DATA}/students", params={"pageToken": next_token, "pageSize": 25}))
        rows = all_rows(client, "students")

    assert [len(page.json()) for page in pages] == [25, 25, 10]
    assert [row for page in pages for row in page.json()] == rows


def test_older_versions_have_no_page_tokens() -> None:
    """Before 7.3 `pageSize` is an unknown property, and the error has a message without details."""
    with connected_client(EdFiSandbox(FACTS, "4.0")) as client:
        refused = client.get(f"{DATA}/students", params={"pageSize": 25})
        plain = client.get(f"{DATA}/students")

    assert (refused.status_code, list(refused.json())) == (400, ["message"])
    assert "next-page-token" not in plain.headers


def test_change_versions_limit_a_collection() -> None:
    """Rows whose change version is outside the requested range are left out."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        first = FIRST_CHANGE_VERSION
        now = client.get(f"{DATA}/schools", params={"minChangeVersion": first}).json()
        later = client.get(f"{DATA}/schools", params={"minChangeVersion": first + 1}).json()
        earlier = client.get(f"{DATA}/schools", params={"maxChangeVersion": first - 1}).json()

    assert (len(now), later, earlier) == (3, [], [])


def test_an_unknown_resource_suggests_the_nearest() -> None:
    """A wrong name or wrong case is a 404 that suggests a name of this Data Standard."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        wrong_case = client.get(f"{DATA}/Students")
        older_name = client.get(f"{DATA}/studentParentAssociations")
        no_match = client.get(f"{DATA}/xyz")

    assert problem(wrong_case) == problem(older_name) == problem(no_match) == (404, "not-found")
    assert "'students'" in wrong_case.json()["errors"][0]


def test_an_unchanged_row_is_a_304() -> None:
    """A row by id has an ETag; with `If-None-Match` the response is an empty 304. An unknown id is a 404."""
    with connected_client(EdFiSandbox(FACTS)) as client:
        row = client.get(f"{DATA}/schools").json()[0]
        first = client.get(f"{DATA}/schools/{row['id']}")
        second = client.get(f"{DATA}/schools/{row['id']}", headers={"If-None-Match": first.headers["etag"]})
        unknown = client.get(f"{DATA}/schools/{'0' * 32}")

    assert first.json() == row
    assert (second.status_code, second.content) == (304, b"")
    assert problem(unknown) == (404, "not-found")


def test_switches_produce_errors_of_ed_fi() -> None:
    """A sandbox that is down sends a 503 problem, and one that throttles a 429 with `Retry-After`."""
    sandbox = EdFiSandbox(FACTS)
    with connected_client(sandbox) as client:
        sandbox.switches.down = True
        down = client.get(f"{DATA}/students")
        sandbox.switches.down, sandbox.switches.throttled = False, True
        throttled = client.get(f"{DATA}/students")

    assert problem(down) == (503, "service-unavailable")
    assert problem(throttled) == (429, "too-many-requests")
    assert throttled.headers["retry-after"] == "1"


def test_the_data_root_can_have_another_path() -> None:
    """The discovery document has the data root at an unusual path, or the address that a test sets."""
    with connected_client(EdFiSandbox(FACTS, "3.3", data_path="/local/v3.3b")) as client:
        root = client.get("/").json()
        rows = client.get(root["urls"]["dataManagementApi"] + "ed-fi/schools").json()
    with connected_client(EdFiSandbox(FACTS, advertised="https://elsewhere.example")) as client:
        advertised = client.get("/").json()

    assert root["urls"]["dataManagementApi"].endswith("/local/v3.3b/")
    assert len(rows) == 3
    assert advertised["urls"]["oauth"] == "https://elsewhere.example/oauth/token"
