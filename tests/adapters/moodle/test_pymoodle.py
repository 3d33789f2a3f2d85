"""
The client `pymoodle` reads the sandbox, and its types, generated from Moodle's descriptions, describe the answers.

Recorded responses show what one site sends. The descriptions say what any site may send, also for functions of
which nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from moodle.exceptions import WebserviceException
from moodle.session import MoodleClient
from moodle.ws import types as descriptions

from student_graph.adapters.moodle import api
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.moodle.sandbox.server import TOKEN
from student_graph.adapters.reading import Payload
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.subcases import subcases

FACTS = make_district(40)
COURSE = max(FACTS.lms_courses, key=lambda course: len(course.members))
STUDENT = next(account for account in FACTS.accounts if account.id in COURSE.members and account.sis_id)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[MoodleSandbox]:
    """A Moodle, served on a socket by a thread of its own."""
    sandbox = MoodleSandbox(FACTS)
    with served(sandbox):
        yield sandbox


@pytest.fixture(scope="module")
def client(sandbox: MoodleSandbox) -> Iterator[MoodleClient]:
    """The client with the token of the service."""
    with MoodleClient(sandbox.url, TOKEN, trust_env=False) as client:
        yield client


def faults(value: Any, described: Any, path: str = "") -> Iterator[str]:
    """Where a JSON value is not as described: a property too many or too few, or a value of another type."""
    if is_typeddict(described):
        hints = get_type_hints(described, include_extras=True)
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
        yield from (f"{path}.{name} is missing" for name in required - value.keys())
        yield from (f"{path}.{name} is unknown" for name in value.keys() - hints.keys())
        for name in hints.keys() & value.keys():
            yield from faults(value[name], hints[name], f"{path}.{name}")
    elif get_origin(described) is NotRequired:
        yield from faults(value, get_args(described)[0], path)
    elif get_origin(described) is list:
        for row in value if isinstance(value, list) else [None]:
            yield from faults(row, get_args(described)[0], f"{path}[]")
    elif get_args(described):
        parts = get_args(described)
        if all(next(faults(value, part, path), None) is not None for part in parts):
            yield f"{path} is of another type"
    elif described is not Any and type(value) not in (described, *((int,) if described is float else ())):
        yield f"{path} is of another type"


def answers(client: MoodleClient) -> dict[str, Any]:
    """What each function that the adapter calls answers to the client."""
    assignments = client.mod_assign_get_assignments(courseids=[COURSE.id], includenotenrolledcourses=True)
    ids = [row["id"] for row in assignments["courses"][0]["assignments"]]
    return {
        functions.SITE_INFO: client.core_webservice_get_site_info(),
        functions.USERS: client.core_user_get_users_by_field(field="idnumber", values=[str(STUDENT.sis_id), "0"]),
        functions.USERS_COURSES: client.core_enrol_get_users_courses(userid=STUDENT.id),
        functions.ENROLLED_USERS: client.core_enrol_get_enrolled_users(courseid=COURSE.id),
        functions.COURSES: client.core_course_get_courses_by_field(field="idnumber", value=COURSE.sis_section),
        functions.ASSIGNMENTS: assignments,
        functions.SUBMISSIONS: client.mod_assign_get_submissions(assignmentids=ids),
        functions.USER_FLAGS: client.mod_assign_get_user_flags(assignmentids=ids),
        functions.GRADE_ITEMS: client.gradereport_user_get_grade_items(courseid=COURSE.id),
    }


def described(function: str) -> Any:
    """The description of what a function returns, as the client's type."""
    return getattr(descriptions, f"{''.join(part.title() for part in function.split('_'))}Returns")


def test_every_answer_of_the_sandbox_is_as_moodle_describes_it(client: MoodleClient) -> None:
    """Of each function that the adapter calls, all rows."""
    problems = {name: sorted(set(faults(answer, described(name)))) for name, answer in answers(client).items()}

    assert {name: lines for name, lines in problems.items() if lines} == {}
    assert problems.keys() == {*functions.FUNCTIONS}


def test_the_client_reads_the_facts(client: MoodleClient) -> None:
    """A student is found by number; the course has its students, their submissions and grades."""
    sent = answers(client)
    [user] = sent[functions.USERS]
    submissions = [row for entry in sent[functions.SUBMISSIONS]["assignments"] for row in entry["submissions"]]
    facts = [fact for fact in FACTS.submissions if fact.submitted and fact.account in COURSE.members]
    ids = {assignment.id for assignment in FACTS.assignments if assignment.course == COURSE.id}

    assert user["id"] == STUDENT.id
    assert COURSE.id in {course["id"] for course in sent[functions.USERS_COURSES]}
    assert {*COURSE.members} <= {row["id"] for row in sent[functions.ENROLLED_USERS]}
    assert {row["userid"] for row in sent[functions.GRADE_ITEMS]["usergrades"]} == {*COURSE.members}
    assert {row["id"] for row in submissions if row["status"] == "submitted"} == {
        fact.id for fact in facts if fact.assignment in ids
    }


def test_the_client_sees_moodles_errors(client: MoodleClient, sandbox: MoodleSandbox) -> None:
    """An unknown course, a function outside the service and a wrong token are exceptions of the client."""
    codes = []
    with MoodleClient(sandbox.url, "0" * 32, trust_env=False) as other:
        for call in (
            lambda: client.core_enrol_get_enrolled_users(courseid=1),
            lambda: client.core_group_get_course_groups(courseid=COURSE.id),
            other.core_webservice_get_site_info,
        ):
            with pytest.raises(WebserviceException) as caught:
                call()
            codes.append(caught.value.errorcode)

    assert codes == ["invalidrecord", "invalidrecord", "invalidtoken"]


def payloads_of(function: str) -> type[Payload]:
    """The payload model of a row, or of the body, of a function."""
    return {
        functions.SITE_INFO: api.SiteInfo,
        functions.USERS: api.User,
        functions.USERS_COURSES: api.Course,
        functions.ENROLLED_USERS: api.EnrolledUser,
        functions.COURSES: api.Courses,
        functions.ASSIGNMENTS: api.Assignments,
        functions.SUBMISSIONS: api.Submissions,
        functions.USER_FLAGS: api.Flags,
        functions.GRADE_ITEMS: api.GradeReport,
    }[function]


def undeclared(payload: type[Payload], described: Any) -> Iterator[str]:
    """The properties of a payload model that Moodle's description does not have."""
    if get_origin(described) in (list, NotRequired):
        yield from undeclared(payload, get_args(described)[0])
        return
    hints = get_type_hints(described, include_extras=True)
    for name, field in payload.model_fields.items():
        if name not in hints:
            yield f"{payload.__name__}.{name}"
            continue
        rows = [
            part for part in get_args(field.annotation) if isinstance(part, type) and issubclass(part, Payload)
        ]
        if rows:
            yield from undeclared(rows[0], hints[name])


@subcases("function", functions.FUNCTIONS)
def test_the_payload_models_have_no_property_that_moodle_does_not_describe(function: str) -> None:
    """A property with a wrong name would be null for ever. The grade report may have its site's letters."""
    assert [*undeclared(payloads_of(function), described(function))] == []
