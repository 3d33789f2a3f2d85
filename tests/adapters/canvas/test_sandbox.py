"""The sandbox has the ids, pages, limits and errors of Canvas."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.sandbox.serving import served
from tests.adapters.canvas.classroom import ALGEBRA, BIOLOGY, account_of, classroom
from tests.clients import async_client

UNAUTHORIZED = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}


@pytest.fixture
def sandbox() -> CanvasSandbox:
    """A Canvas with 130 students."""
    return CanvasSandbox(classroom(students=130), hidden=frozenset({account_of(5)}))


@pytest.fixture
async def canvas(sandbox: CanvasSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with the token of the sandbox."""
    with served(sandbox):
        headers = {"Authorization": f"Bearer {sandbox.settings()['token']}"}
        async with async_client(base_url=f"{sandbox.url}/api/v1", headers=headers) as client:
            yield client


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic canvas-sandbox-token"])
async def test_a_wrong_token_is_a_401_with_a_challenge(canvas: httpx.AsyncClient, authorization: str) -> None:
    """Clients recognize by `WWW-Authenticate` that the 401 is not about a missing permission."""
    response = await canvas.get("/courses", headers={"Authorization": authorization})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'
    assert response.json() == {"errors": [{"message": "Invalid access token."}]}


@pytest.mark.parametrize(
    "name", ["101", "sis_user_id:604801", "sis_login_id:ada1@cedarhollow.example", "sis_user_id%3A604801"]
)
async def test_a_user_has_several_names(canvas: httpx.AsyncClient, name: str) -> None:
    """The Canvas id, the SIS id and the login name the same user."""
    user = (await canvas.get(f"/users/{name}")).json()

    assert (user["id"], user["sis_user_id"], user["email"]) == (101, "604801", "ada1@cedarhollow.example")


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/courses/23", 23),
        ("/courses/sis_course_id:ALG-1", 23),
        ("/sections/523", 523),
        ("/sections/sis_section_id:ALG-1", 523),
        ("/users/sis_user_id:604801/profile", 101),
        ("/users/self", 1),
    ],
)
async def test_objects_are_read_by_canvas_id_and_sis_id(canvas: httpx.AsyncClient, path: str, number: int) -> None:
    """Courses, sections and users are read by both kinds of id."""
    assert (await canvas.get(path)).json()["id"] == number


@pytest.mark.parametrize("path", ["/courses/99", "/users/sis_user_id:1", "/sections/sis_section_id:X", "/polls"])
async def test_an_unknown_object_is_a_404(canvas: httpx.AsyncClient, path: str) -> None:
    """The body is the error message of Canvas."""
    response = await canvas.get(path)

    assert response.status_code == 404
    assert response.json() == {"errors": [{"message": "The specified resource does not exist."}]}


async def test_pages_are_linked_by_opaque_addresses(canvas: httpx.AsyncClient) -> None:
    """A page has ten rows by default; the next one has another path and a bookmark, and there is no last link."""
    response = await canvas.get(f"/courses/{ALGEBRA}/enrollments")
    next_url = response.links["next"]["url"]
    second = await canvas.get(next_url)

    assert len(response.json()) == len(second.json()) == 10
    assert "/list_enrollments?page=bookmark" in next_url
    assert "last" not in response.links
    assert {row["id"] for row in response.json()}.isdisjoint(row["id"] for row in second.json())


async def test_a_page_has_at_most_100_rows(canvas: httpx.AsyncClient) -> None:
    """A larger `per_page` is reduced; every row is on one page, and the last page has no next link."""
    pages = []
    url = f"/courses/{ALGEBRA}/enrollments?per_page=5000&type[]=StudentEnrollment"
    while url:
        response = await canvas.get(url)
        pages.append([row["user_id"] for row in response.json()])
        url = response.links.get("next", {}).get("url", "")

    assert [len(page) for page in pages] == [100, 29]
    assert len({user for page in pages for user in page}) == 129


async def test_numbered_lists_link_to_their_last_page(canvas: httpx.AsyncClient) -> None:
    """The list of courses has page numbers and a last link."""
    response = await canvas.get("/courses?per_page=1")

    assert "page=2" in response.links["next"]["url"]
    assert "page=2" in response.links["last"]["url"]


async def test_an_invalid_bookmark_is_a_400(canvas: httpx.AsyncClient) -> None:
    """The response is an error and not another page."""
    assert (await canvas.get("/courses?page=bookmark:%21")).status_code == 400


async def test_every_response_has_rate_limit_headers(canvas: httpx.AsyncClient) -> None:
    """Errors also have the cost of the call and what is left of the rate limit."""
    for path in ("/users/self", "/courses", "/courses/99"):
        assert {"x-request-cost", "x-rate-limit-remaining"} <= (await canvas.get(path)).headers.keys()


async def test_submissions_are_grouped_by_student(canvas: httpx.AsyncClient) -> None:
    """A grouped list has one row for each student; `include[]` adds objects to each submission."""
    path = f"/courses/{ALGEBRA}/students/submissions"
    query = {
        "student_ids[]": ["sis_user_id:604801", "102"],
        "grouped": "1",
        "include[]": ["assignment", "course", "user"],
    }
    rows = (await canvas.get(path, params=query)).json()
    first = rows[0]["submissions"][0]

    assert [(row["user_id"], row["sis_user_id"], row["section_id"]) for row in rows] == [
        (101, "604801", 523),
        (102, "604802", 523),
    ]
    assert (first["assignment"]["name"], first["course"]["name"]) == ("Homework 1", "Algebra")
    assert first["user"]["login_id"] == "ada1@cedarhollow.example"


async def test_unpublished_assignments_have_no_submissions(canvas: httpx.AsyncClient) -> None:
    """A flat list is ordered by id and has the submissions of published assignments only."""
    rows = (await canvas.get(f"/courses/{ALGEBRA}/students/submissions?student_ids[]=101")).json()

    assert [row["assignment_id"] for row in rows] == [231, 232]


async def test_all_students_excludes_hidden_students(canvas: httpx.AsyncClient) -> None:
    """With `student_ids[]=all` hidden students are left out of a section."""
    path = "/sections/sis_section_id:BIO-1/students/submissions"
    users = {row["user_id"] for row in (await canvas.get(f"{path}?student_ids[]=all&grouped=1")).json()}

    assert users == {101, 102}


@pytest.mark.parametrize("students", ["101,105", "101,9999", ""])
async def test_one_hidden_student_fails_the_call(canvas: httpx.AsyncClient, students: str) -> None:
    """A hidden student, an unknown id and an empty list are refused alike, without naming the student."""
    ids = [name for name in students.split(",") if name]
    response = await canvas.get(f"/courses/{ALGEBRA}/students/submissions", params={"student_ids[]": ids})

    assert response.status_code == 403
    assert "www-authenticate" not in response.headers
    assert response.json() == UNAUTHORIZED


async def test_a_call_accepts_at_most_100_students(canvas: httpx.AsyncClient) -> None:
    """A call with 101 students is a 400."""
    ids = [str(account_of(n)) for n in range(6, 107)]
    path = f"/courses/{ALGEBRA}/students/submissions"

    assert (await canvas.get(path, params={"student_ids[]": ids[:100]})).status_code == 200
    response = await canvas.get(path, params={"student_ids[]": ids})
    assert response.status_code == 400
    assert response.json() == {"error": "too many students"}


async def test_courses_sections_and_users_are_listed(canvas: httpx.AsyncClient) -> None:
    """These are the lists that a developer who explores the API reads first."""
    courses = (await canvas.get("/users/sis_user_id:604801/courses")).json()
    sections = (await canvas.get(f"/courses/{BIOLOGY}/sections")).json()
    users = (await canvas.get("/accounts/1/users?search_term=ADA13")).json()

    assert [course["name"] for course in courses] == ["Algebra", "Biology"]
    assert [row["sis_section_id"] for row in sections] == ["BIO-1"]
    assert [user["name"] for user in users] == ["Ada13 Woods", "Ada130 Woods"]
    assert (await canvas.get("/accounts/1/users?search_term=a")).status_code == 400


async def test_enrollments_are_filtered_by_type_and_state(canvas: httpx.AsyncClient) -> None:
    """The course has two active students, no teacher and no deleted enrollment."""
    path = f"/courses/{BIOLOGY}/enrollments"

    assert len((await canvas.get(f"{path}?type[]=StudentEnrollment&state[]=active")).json()) == 2
    assert (await canvas.get(f"{path}?type[]=TeacherEnrollment")).json() == []
    assert (await canvas.get(f"{path}?state[]=deleted")).json() == []


async def test_analytics_of_a_hidden_student_are_refused(canvas: httpx.AsyncClient) -> None:
    """Canvas refuses all data of a student in a course that the token may not see."""
    response = await canvas.get(f"/courses/{ALGEBRA}/analytics/users/105/activity")

    assert (response.status_code, response.json()) == (403, UNAUTHORIZED)


async def test_analytics_count_the_activity_of_a_student(canvas: httpx.AsyncClient) -> None:
    """Summaries have the counts of the course, and activities the hours of which they consist."""
    summaries = (await canvas.get(f"/courses/{BIOLOGY}/analytics/student_summaries")).json()
    activity = (await canvas.get(f"/courses/{BIOLOGY}/analytics/users/101/activity")).json()

    assert [(s["id"], s["page_views"], s["participations"]) for s in summaries] == [(101, 7, 1), (102, 7, 1)]
    assert activity["page_views"] == {"2026-01-05T15:00:00Z": 4, "2026-01-12T16:00:00Z": 3}
    assert activity["participations"] == [{"created_at": "2026-01-05T15:20:00Z"}]


async def test_grades_are_computed_from_posted_scores() -> None:
    """Excused work does not count; unposted work counts in the `unposted_*` grades only."""
    facts = classroom(students=1, assignments=4)
    first, second, *_ = facts.submissions
    first.excused, second.score = True, 10.0
    sandbox = CanvasSandbox(facts, unposted=frozenset({second.id}))
    with served(sandbox):
        headers = {"Authorization": f"Bearer {sandbox.settings()['token']}"}
        async with async_client(headers=headers) as client:
            [row] = (await client.get(f"{sandbox.url}/api/v1/courses/{ALGEBRA}/enrollments")).json()

    grades = row["grades"]
    assert (grades["current_score"], grades["final_score"]) == (10.0, 3.33)
    assert (grades["unposted_current_score"], grades["unposted_final_score"]) == (55.0, 36.67)


@pytest.mark.parametrize(("status", "reason"), [(403, "403 Forbidden"), (429, "429 Too Many Requests")])
async def test_throttling_is_plain_text(status: int, reason: str) -> None:
    """The response is not JSON, has nothing left of the rate limit, and has no `Retry-After`."""
    sandbox = CanvasSandbox(classroom(), throttle_status=status)
    sandbox.switches.throttled = True
    with served(sandbox):
        async with async_client() as client:
            response = await client.get(f"{sandbox.url}/api/v1/courses")

    assert response.status_code == status
    assert response.text == f"{reason} (Rate Limit Exceeded)\n"
    assert response.headers["x-rate-limit-remaining"] == "0.0"
    assert "retry-after" not in response.headers


async def test_a_canvas_that_is_down_is_a_503(sandbox: CanvasSandbox, canvas: httpx.AsyncClient) -> None:
    """The response is plain text and not JSON."""
    sandbox.switches.down = True
    response = await canvas.get("/courses")

    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/plain")


def test_known_keys_have_the_form_that_the_adapter_looks_up() -> None:
    """Known are students in a course and sections with a SIS id, and no keys of other kinds."""
    facts = classroom(students=3)
    facts.accounts[2].sis_id = None
    sandbox = CanvasSandbox(facts)

    assert sandbox.known_keys("student") == ["sis_user_id:604801", "sis_user_id:604802"]
    assert sandbox.known_keys("section") == ["sis_section_id:ALG-1", "sis_section_id:BIO-1"]
    assert sandbox.known_keys("school") == []
