"""Errors inside responses of status 200: each has its meaning, and no text of Moodle leaves the adapter."""

from __future__ import annotations

import logging

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
)
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.client.responses import RefusedValueError, UnknownObjectError, error_of
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.moodle.sandbox.responses import (
    DEBUG_TEXT,
    MoodleError,
    lacks_capability,
    missing_record,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error
from student_graph.adapters.testing.transports import UNSERVED_URL
from tests.subcases import subcases

FACTS = make_district(40)
COURSE = next(course for course in FACTS.lms_courses if len(course.members) > 1 and course.sis_section)
STUDENT = next(account for account in FACTS.accounts if account.id in COURSE.members and account.sis_id)
WORK_BY_COURSE = lookup_of(Adapter.assignment_work_by_lms_course)
WORK = lookup_of(Adapter.assignment_work_by_student)

MEANINGS: list[tuple[str, str, type[AdapterError], str]] = [
    ("moodle_exception", "invalidtoken", RefusedError, "SOURCE_AUTH"),
    ("moodle_exception", "invalidtimedtoken", RefusedError, "SOURCE_AUTH"),
    ("moodle_exception", "wsaccessusersuspended", RefusedError, "SOURCE_AUTH"),
    ("moodle_exception", "forcepasswordchangenotice", RefusedError, "SOURCE_AUTH"),
    ("webservice_access_exception", "accessexception", RefusedError, "SOURCE_FORBIDDEN"),
    ("required_capability_exception", "nopermissions", RefusedError, "SOURCE_FORBIDDEN"),
    ("core\\exception\\required_capability_exception", "nopermissions", RefusedError, "SOURCE_FORBIDDEN"),
    ("require_login_exception", "requireloginerror", RefusedError, "SOURCE_FORBIDDEN"),
    ("moodle_exception", "notingroup", RefusedError, "SOURCE_FORBIDDEN"),
    ("moodle_exception", "sitemaintenance", UnavailableError, "SOURCE_UNAVAILABLE"),
    ("moodle_exception", "upgraderunning", UnavailableError, "SOURCE_UNAVAILABLE"),
    ("dml_connection_exception", "dbconnectionfailed", UnavailableError, "SOURCE_UNAVAILABLE"),
    ("dml_read_exception", "dmlreadexception", UnavailableError, "SOURCE_UNAVAILABLE"),
    ("dml_missing_record_exception", "invalidrecordunknown", UnknownObjectError, "NOT_OFFERED"),
    ("moodle_exception", "invaliduser", UnknownObjectError, "NOT_OFFERED"),
    ("invalid_parameter_exception", "invalidparameter", RefusedValueError, "SOURCE_BAD_RESPONSE"),
    (
        "core_external\\exception\\invalid_response_exception",
        "invalidresponse",
        RefusedValueError,
        "SOURCE_BAD_RESPONSE",
    ),
    ("coding_exception", "codingerror", PayloadError, "SOURCE_BAD_RESPONSE"),
    ("Error", "", PayloadError, "SOURCE_BAD_RESPONSE"),
]


@subcases(("exception", "code", "error_type", "error_code"), MEANINGS, ids=str)
def test_an_exception_has_its_meaning(
    exception: str, code: str, error_type: type[AdapterError], error_code: str
) -> None:
    """In newer releases the class of an exception may have its namespace before it."""
    error = error_of("core_f", exception, code, "Zvonimira")

    assert type(error) is error_type
    assert error.code == error_code
    assert "Zvonimira" not in f"{error} {error.reason}"


FAILURES: list[tuple[MoodleError, type[AdapterError]]] = [
    (MoodleError("webservice_access_exception", "accessexception", "Access control exception"), RefusedError),
    (MoodleError("moodle_exception", "sitemaintenance", "Site is undergoing maintenance"), UnavailableError),
    (missing_record("external_functions"), NotOfferedError),
    (lacks_capability("Grade assignment"), RefusedError),
]


@pytest.mark.parametrize(("failure", "error_type"), FAILURES, ids=str)
@pytest.mark.parametrize("function", functions.FUNCTIONS[1:])
async def test_no_function_that_fails_returns_less(
    function: str, failure: MoodleError, error_type: type[AdapterError], caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever function is refused, the work of a student is an error; debugging shows no query to anybody."""
    caplog.set_level(logging.DEBUG)
    sandbox = MoodleSandbox(FACTS, errors={function: failure}, debug=True)
    sandbox.url = UNSERVED_URL
    key = (
        f"idnumber:{STUDENT.sis_id}" if function in (functions.USERS, functions.USERS_COURSES) else str(COURSE.id)
    )
    lookup = WORK if key.startswith("idnumber") else WORK_BY_COURSE
    async with open_adapter(sandbox) as adapter:
        result = await run_lookup_or_error(adapter, lookup, [key], {})
    error = result if isinstance(result, AdapterError) else result[key]

    assert isinstance(error, error_type)
    for text in (DEBUG_TEXT, failure.message, "604822"):
        assert text not in f"{error!r} {error.__cause__!r} {error.__context__!r} {caplog.text}"
    assert error_type is not RefusedError or function in error.reason


async def test_a_missing_capability_for_one_course_costs_its_own_answers_only() -> None:
    """A course that the account may not enter is a warning of the list; the others are answered."""
    other = next(course for course in FACTS.lms_courses if course.members and course.id != COURSE.id)

    def refuse(function: str, answer: object) -> object:
        if function != functions.ASSIGNMENTS or not isinstance(answer, dict):
            return answer
        warning = {"item": "course", "itemid": COURSE.id, "warningcode": "1", "message": "No access rights"}
        courses = [course for course in answer["courses"] if course["id"] != COURSE.id]
        return {"courses": courses, "warnings": [*answer["warnings"], warning]}

    sandbox = MoodleSandbox(FACTS, change=refuse)
    sandbox.url = UNSERVED_URL
    async with open_adapter(sandbox) as adapter:
        result = await run_lookup_or_error(adapter, WORK_BY_COURSE, [str(COURSE.id), str(other.id)], {})

    assert isinstance(result, dict)
    assert isinstance(result[str(COURSE.id)], RefusedError)
    assert isinstance(result[str(other.id)], list)


async def test_an_assignment_whose_submissions_are_refused_fails_its_course() -> None:
    """A warning in place of an assignment is no empty list of submissions."""

    def refuse(function: str, answer: object) -> object:
        if function != functions.SUBMISSIONS or not isinstance(answer, dict):
            return answer
        first, *others = answer["assignments"]
        warning = {"item": "assignment", "itemid": first["assignmentid"], "warningcode": "1", "message": "No"}
        return {"assignments": others, "warnings": [warning]}

    sandbox = MoodleSandbox(FACTS, change=refuse)
    sandbox.url = UNSERVED_URL
    async with open_adapter(sandbox) as adapter:
        result = await run_lookup_or_error(adapter, WORK_BY_COURSE, [str(COURSE.id)], {})

    assert isinstance(result, dict)
    assert isinstance(result[str(COURSE.id)], RefusedError)


async def test_the_check_names_what_the_service_lacks() -> None:
    """The operator reads which functions to add, and that an administrator's token can do too much."""
    site = {
        "userid": 2,
        "release": "4.4.1 (Build: 20240610)",
        "functions": [{"name": functions.USERS}],
        "userissiteadmin": True,
    }
    sandbox = MoodleSandbox(FACTS, change=lambda _, __: site)
    sandbox.url = UNSERVED_URL
    async with open_adapter(sandbox) as adapter:
        before, text, after = adapter.interface, await adapter.check(), adapter.interface

    assert text.startswith("Moodle 4.4.1; add to the service of the token: core_webservice_get_site_info, ")
    assert functions.USERS not in text
    assert "site administrator" in text
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (None, "4.4.1")


async def test_a_refused_token_fails_the_check() -> None:
    """The error says that the token is not accepted."""
    sandbox = MoodleSandbox(FACTS, errors={functions.SITE_INFO: lacks_capability("Use REST protocol")})
    sandbox.url = UNSERVED_URL
    async with open_adapter(sandbox) as adapter:
        with pytest.raises(RefusedError, match="lacks a capability for core_webservice_get_site_info"):
            await adapter.check()
