"""The Ed-Fi sandbox behaves as the vendor does: tokens, paging, filters, refusals."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.asking import asking, every, token

DATA = "/data/v3/ed-fi"
FACTS = make_district(60)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:ed-fi:api:")


def test_a_token_is_needed() -> None:
    """Without a token, or with one that was never given, there is no data."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        without = httpx.get(f"{sandbox.url}{DATA}/students")
        unknown = httpx.get(f"{sandbox.url}{DATA}/students", headers={"Authorization": "Bearer 123"})

    assert problem(without) == problem(unknown) == (401, "security:authentication")


def test_tokens_expire() -> None:
    """A token whose lifetime is over is refused."""
    with asking(EdFiSandbox(FACTS, token_lifetime=0.0)) as client:
        assert problem(client.get(f"{DATA}/students")) == (401, "security:authentication")


def test_credentials_come_by_basic_or_in_the_form() -> None:
    """Both ways give a token for half an hour; wrong ones, or another grant, give none."""
    sandbox = EdFiSandbox(FACTS)
    right = {"client_id": "sandbox-key", "client_secret": "sandbox-secret", "grant_type": "client_credentials"}
    with served(sandbox):
        by_basic = token(sandbox)
        by_form = httpx.post(f"{sandbox.url}/oauth/token", data=right)
        by_json = httpx.post(f"{sandbox.url}/oauth/token", json=right)
        wrong = httpx.post(f"{sandbox.url}/oauth/token", data=right | {"client_secret": "guess"})
        half = httpx.post(f"{sandbox.url}/oauth/token", data=right, headers={"Authorization": "Basic !"})
        other = httpx.post(f"{sandbox.url}/oauth/token", data=right | {"grant_type": "password"})
        broken = httpx.post(
            f"{sandbox.url}/oauth/token", content=b"[1]", headers={"Content-Type": "application/json"}
        )

    assert [answer.json()["expires_in"] for answer in (by_basic, by_form, by_json, half)] == [1800] * 4
    assert by_basic.json()["token_type"] == "bearer"
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    assert (other.status_code, other.json()) == (400, {"error": "unsupported_grant_type"})
    assert broken.status_code == 400


def test_a_token_may_say_when_instead_of_how_long() -> None:
    """Some servers put the instant of expiry where its distance belongs."""
    sandbox = EdFiSandbox(FACTS, epoch_expiry=True)
    with served(sandbox):
        assert token(sandbox).json()["expires_in"] > time.time()


def test_a_collection_comes_in_pages() -> None:
    """25 rows unless asked, in one order; past the end there are none; the total comes when asked for."""
    with asking(EdFiSandbox(FACTS)) as client:
        first = client.get(f"{DATA}/students")
        second = client.get(f"{DATA}/students", params={"offset": 25, "limit": 25, "totalCount": "true"})
        past = client.get(f"{DATA}/students", params={"offset": 60})
        counted = client.get(f"{DATA}/students", params={"limit": 0, "totalCount": "true"})
        rows = every(client, "students")

    assert first.json() + second.json() == rows[:50]
    assert "total-count" not in first.headers
    assert (second.headers["total-count"], past.json(), counted.json()) == ("60", [], [])
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
def test_a_query_that_cannot_be_meant_is_refused(query: str) -> None:
    """A limit over the maximum, an unknown parameter or an unreadable value is a 400."""
    with asking(EdFiSandbox(FACTS)) as client:
        assert problem(client.get(f"{DATA}/students?{query}")) == (400, "bad-request:parameter")


def test_filters_are_all_met() -> None:
    """Filters look into references and are joined by AND; numbers are compared as numbers."""
    high = FACTS.schools[0].id
    with asking(EdFiSandbox(FACTS)) as client:
        stays = every(client, "studentSchoolAssociations", schoolId=f"0{high}", schoolYear=2027)
        one = every(
            client, "studentSchoolAssociations", schoolId=high, studentUniqueId=FACTS.enrollments[0].student
        )
        nothing = every(client, "studentSchoolAssociations", schoolId=high, schoolYear=2026)
        refused = client.get(f"{DATA}/studentSchoolAssociations", params={"schoolId": "high"})
        tardy = every(
            client,
            "studentSchoolAttendanceEvents",
            attendanceEventCategoryDescriptor="uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
        )

    assert len(stays) == sum(stay.school == high for stay in FACTS.enrollments)
    assert {row["studentReference"]["studentUniqueId"] for row in one} <= {FACTS.enrollments[0].student}
    assert nothing == []
    assert refused.status_code == 400
    assert len(tardy) == sum(event.category == "Tardy" and event.section is None for event in FACTS.attendance)


def test_a_section_is_read_by_its_five_parts() -> None:
    """The five parts of a section's key find its roster and nobody else's."""
    shared = FACTS.special_cases["shared_section_identifier"][0]
    fall, spring = (section for section in FACTS.sections if section.identifier == shared)
    with asking(EdFiSandbox(FACTS)) as client:
        both = every(client, "studentSectionAssociations", sectionIdentifier=shared)
        names = ("schoolId", "schoolYear", "sessionName", "localCourseCode", "sectionIdentifier")
        one = every(client, "studentSectionAssociations", **dict(zip(names, fall.key, strict=True)))

    assert len(one) == sum(place.section is fall for place in FACTS.section_enrollments)
    assert len(both) == len(one) + sum(place.section is spring for place in FACTS.section_enrollments)


def test_cursors_lead_through_a_collection() -> None:
    """From 7.3 on each page names the next, the last names none, and no row is lost or twice."""
    with asking(EdFiSandbox(FACTS)) as client:
        pages = [client.get(f"{DATA}/students", params={"pageSize": 25})]
        while following := pages[-1].headers.get("next-page-token"):
            pages.append(client.get(f"{DATA}/students", params={"pageToken": following, "pageSize": 25}))
        rows = every(client, "students")

    assert [len(page.json()) for page in pages] == [25, 25, 10]
    assert [row for page in pages for row in page.json()] == rows


def test_cursors_are_unknown_to_older_versions() -> None:
    """Before 7.3 a cursor is an unknown property, and the refusal is a bare message."""
    with asking(EdFiSandbox(FACTS, "4.0")) as client:
        refused = client.get(f"{DATA}/students", params={"pageSize": 25})
        plain = client.get(f"{DATA}/students")

    assert (refused.status_code, list(refused.json())) == (400, ["message"])
    assert "next-page-token" not in plain.headers


def test_change_versions_bound_a_collection() -> None:
    """Rows whose change version is out of the range are not told."""
    with asking(EdFiSandbox(FACTS)) as client:
        newest = client.get("/changeQueries/v1/availableChangeVersions").json()["newestChangeVersion"]
        now = client.get(f"{DATA}/schools", params={"minChangeVersion": newest}).json()
        later = client.get(f"{DATA}/schools", params={"minChangeVersion": newest + 1}).json()
        earlier = client.get(f"{DATA}/schools", params={"maxChangeVersion": newest - 1}).json()

    assert (len(now), later, earlier) == (3, [], [])


def test_an_unknown_resource_proposes_the_nearest() -> None:
    """A wrong name or case is a 404 that proposes a name of this Data Standard."""
    with asking(EdFiSandbox(FACTS)) as client:
        wrong_case = client.get(f"{DATA}/Students")
        older = client.get(f"{DATA}/studentParentAssociations")
        nothing = client.get(f"{DATA}/xyz")

    assert problem(wrong_case) == problem(older) == problem(nothing) == (404, "not-found")
    assert "'students'" in wrong_case.json()["errors"][0]


def test_a_row_is_not_sent_twice() -> None:
    """A row by its id has an ETag; asked again with it, the answer is 304 and empty. An unknown id is a 404."""
    with asking(EdFiSandbox(FACTS)) as client:
        row = client.get(f"{DATA}/schools").json()[0]
        fresh = client.get(f"{DATA}/schools/{row['id']}")
        again = client.get(f"{DATA}/schools/{row['id']}", headers={"If-None-Match": fresh.headers["etag"]})
        unknown = client.get(f"{DATA}/schools/{'0' * 32}")

    assert fresh.json() == row
    assert (again.status_code, again.content) == (304, b"")
    assert problem(unknown) == (404, "not-found")


def test_switches_answer_as_the_vendor() -> None:
    """Down is a 503 problem, throttled a 429 with Retry-After."""
    sandbox = EdFiSandbox(FACTS)
    with asking(sandbox) as client:
        sandbox.switches.down = True
        down = client.get(f"{DATA}/students")
        sandbox.switches.down, sandbox.switches.throttled = False, True
        throttled = client.get(f"{DATA}/students")

    assert problem(down) == (503, "service-unavailable")
    assert problem(throttled) == (429, "too-many-requests")
    assert throttled.headers["retry-after"] == "1"


def test_the_data_may_be_elsewhere() -> None:
    """The root document tells where the data is, also where that is not the usual path, or is a lie."""
    with asking(EdFiSandbox(FACTS, "3.3", data_path="/local/v3.3b")) as client:
        root = client.get("/").json()
        rows = client.get(root["urls"]["dataManagementApi"] + "ed-fi/schools").json()
    with asking(EdFiSandbox(FACTS, advertised="https://elsewhere.example")) as client:
        lie = client.get("/").json()

    assert root["urls"]["dataManagementApi"].endswith("/local/v3.3b/")
    assert len(rows) == 3
    assert lie["urls"]["oauth"] == "https://elsewhere.example/oauth/token"
