"""Recorded responses of a real Moodle: each is read, or is the right error; the sandbox sends the same."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError, RefusedError
from student_graph.adapters.moodle import api
from student_graph.adapters.moodle.client.requests import MoodleClient
from student_graph.adapters.moodle.client.responses import UnknownObjectError, check_answer
from student_graph.adapters.moodle.mapping.accounts import keyed, students_of, subject
from student_graph.adapters.moodle.mapping.courses import CourseContents, course_grade, is_current
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.reading import read
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.transports import UNSERVED_URL
from tests.adapters.moodle.recorded import call, needs_recordings, recorded, response_of, shape
from tests.subcases import subcases

pytestmark = needs_recordings

LISTS: dict[str, tuple[Any, int]] = {
    "courses": (list[api.Course], 4),
    "courses_by_ids": (list[api.Course], 2),
    "users_courses": (list[api.Course], 2),
    "users_by_field": (list[api.User], 1),
    "enrolled_users": (list[api.EnrolledUser], 5),
    "enrolled_users_onlyactive": (list[api.EnrolledUser], 4),
    "enrolled_users_page": (list[api.EnrolledUser], 2),
    "post_form": (list[api.EnrolledUser], 5),
    "student_enrolled": (list[api.EnrolledUser], 5),
}
ERRORS: dict[str, tuple[type[AdapterError], str]] = {
    "err_bad_token": (RefusedError, "SOURCE_AUTH"),
    "err_function_not_in_service": (RefusedError, "SOURCE_FORBIDDEN"),
    "err_unknown_function": (NotOfferedError, "NOT_OFFERED"),
    "enrolled_users_badcourse": (UnknownObjectError, "NOT_OFFERED"),
    "student_courses": (RefusedError, "SOURCE_FORBIDDEN"),
}


@subcases("name", LISTS)
def test_a_recorded_list_is_read(name: str) -> None:
    """No row is left out; a student's token sees fewer properties, and no fewer rows."""
    row_type, count = LISTS[name]

    assert len(read(check_answer("f", response_of(name)), TypeAdapter(row_type))) == count


@pytest.mark.parametrize("name", ["courses_by_field", "courses_by_field_none"])
def test_recorded_courses_by_field_are_read(name: str) -> None:
    """An unknown value has no course, and is no error."""
    courses = read(check_answer("f", response_of(name)), TypeAdapter(api.Courses)).courses

    assert [course.idnumber for course in courses] == (["255901001-ALG-1"] if name == "courses_by_field" else [])


@subcases("name", ERRORS)
def test_a_recorded_error_has_its_meaning(name: str) -> None:
    """Each has status 200. The error's text holds nothing of Moodle's message."""
    error_type, code = ERRORS[name]
    with pytest.raises(AdapterError) as caught:
        check_answer("core_nope", response_of(name))

    assert type(caught.value) is error_type
    assert caught.value.code == code
    assert recorded(name)["body"]["message"] not in caught.value.reason


def test_xml_is_not_an_answer() -> None:
    """Without `moodlewsrestformat` Moodle sends XML, which is not read."""
    with pytest.raises(PayloadError, match="not JSON"):
        read(check_answer("f", response_of("default_format_xml")), TypeAdapter(list[api.Course]))


def test_the_private_key_of_the_account_is_not_read() -> None:
    """The site's description holds it; the payload does not."""
    site = read(check_answer("f", response_of("site_info")), TypeAdapter(api.SiteInfo))

    assert "userprivateaccesskey" in recorded("site_info")["body"]
    assert "REDACTED" not in repr(site)
    assert site.userissiteadmin
    assert "mod_assign_get_assignments" in {function.name for function in site.functions}


def test_only_active_students_of_a_course_are_students() -> None:
    """The list of active enrollments has no suspended student, and the teacher has another role."""
    rows = read(response_of("enrolled_users_onlyactive"), TypeAdapter(list[api.EnrolledUser]))
    students = students_of(rows, ("student",))

    assert [subject(user).ids[0] for user in students.values()] == [
        ("idnumber", "604821"),
        ("idnumber", "604822"),
        ("username", "u604823"),  # an empty idnumber is left out
    ]


def test_a_total_of_zero_is_a_grade_and_a_missing_one_is_none() -> None:
    """91.5 and 0 points of 100 are percentages; the third student has no grade, and so no record."""
    roster = read(response_of("enrolled_users_onlyactive"), TypeAdapter(list[api.EnrolledUser]))
    report = read(check_answer("f", response_of("grade_items_all")), TypeAdapter(api.GradeReport))
    [course, *_] = read(response_of("courses"), TypeAdapter(list[api.Course]))
    students = students_of(roster, ("student",))
    contents = CourseContents(course, students, grades={row.userid: row for row in report.usergrades})
    grades = [course_grade(contents, keyed(user), None) for user in students.values()]

    assert [grade.numeric if grade else None for grade in grades] == [91.5, 0.0, None]
    assert contents.grades[3].courseidnumber == "255901001-ALG-1"


def test_a_course_that_is_hidden_or_over_is_not_current() -> None:
    """Of the recorded courses one is hidden, one ended in December 2025, and 0 is no end."""
    courses = read(response_of("courses"), TypeAdapter(list[api.Course]))
    current = {course.shortname: is_current(course, 1_770_000_000) for course in courses}

    assert current == {"ALG-1": False, "ENG-1": True, "HTM": True, "HID-1": False}


async def test_requests_have_the_form_of_recorded_requests() -> None:
    """The parameters of a list of users, of users by field and of grades are those that the site understood."""
    sent: list[dict[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        sent.append({**request.url.params, **form})
        name = {
            "core_user_get_users_by_field": "users_by_field",
            "gradereport_user_get_grade_items": "grade_items_user",
        }
        return response_of(name.get(request.url.params["wsfunction"], "enrolled_users_onlyactive"))

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
        client = MoodleClient(http, "https://moodle.example/", concurrency=2)
        users = await client.users("idnumber", ["604822"])
        await client.roster(2)
        grades = await client.grades(2, 3)

    by_field, active, items = (
        {name: str(value) for name, value in recorded(name)["request"]["params"].items() if name != "wstoken"}
        for name in ("users_by_field", "enrolled_users_onlyactive", "grade_items_user")
    )
    assert sent[0] == by_field
    assert active.items() <= sent[1].items()
    assert sent[2] == items
    assert users["604822"] == [api.User(**recorded("users_by_field")["body"][0])]
    assert [*grades] == [3]


FACTS = make_district(12)
SANDBOX = MoodleSandbox(FACTS, manages_courses=True)
SANDBOX.url = UNSERVED_URL
COURSE = next(course for course in FACTS.lms_courses if course.members and course.sis_section)
FACTS_OF_STUDENT = next(account for account in FACTS.accounts if account.id == COURSE.members[0])


@pytest.mark.parametrize(
    ("name", "parameters", "path"),
    [
        ("site_info", {}, ()),
        ("users_by_field", {"field": "idnumber", "values[0]": FACTS_OF_STUDENT.sis_id}, (0,)),
        ("enrolled_users", {"courseid": COURSE.id}, (0,)),
        ("users_courses", {"userid": FACTS_OF_STUDENT.id}, (0,)),
        ("courses_by_field", {"field": "idnumber", "value": COURSE.sis_section}, ("courses", 0)),
        ("grade_items_all", {"courseid": COURSE.id}, ("usergrades", 0)),
    ],
)
async def test_the_sandbox_sends_what_the_site_sent(
    name: str, parameters: Any, path: tuple[str | int, ...]
) -> None:
    """Properties and types are those of the recorded row; an activity has its module beside them."""
    exchange = recorded(name)
    own, real = await call(SANDBOX, exchange["request"]["params"]["wsfunction"], **parameters), exchange["body"]
    for part in path:
        own, real = own[part], real[part]
    if name == "grade_items_all":
        assert {item["itemtype"] for item in own["gradeitems"]} == {"mod", "course"}
        own_item, real_item = own.pop("gradeitems")[-1], real.pop("gradeitems")[-1]
        assert own_item.keys() - {"weightraw", "weightformatted"} == real_item.keys()
    assert own.keys() == real.keys()
    nullable = {name for name, value in {**own, **real}.items() if value is None or value == []}

    assert {**shape(own), **dict.fromkeys(nullable)} == {**shape(real), **dict.fromkeys(nullable)}


async def test_the_sandbox_refuses_what_the_site_refused() -> None:
    """Errors have the recorded bodies, also for GET; without JSON they are XML."""
    sandbox = MoodleSandbox(make_district(12), service=("core_webservice_get_site_info",))
    sandbox.url = UNSERVED_URL
    not_in_service = await call(sandbox, "core_course_get_courses")
    unknown = await call(sandbox, "core_nope")
    bad_token = await call(sandbox, "core_course_get_courses", wstoken="0" * 32)
    unknown_course = await call(SANDBOX, "core_enrol_get_enrolled_users", courseid=999)

    assert not_in_service == recorded("err_function_not_in_service")["body"]
    assert unknown == recorded("err_unknown_function")["body"]
    assert bad_token == recorded("err_bad_token")["body"]
    assert unknown_course == recorded("enrolled_users_badcourse")["body"]
