"""How Moodle is asked: large lists, refused values, numbers as texts, and a token that is in no address."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, BadKeyError, IdentityError, PayloadError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.client.functions import form_fields
from student_graph.adapters.moodle.client.keys import SectionNames, course_id, user_field
from student_graph.adapters.moodle.client.requests import MAX_VALUES_PER_CALL, MoodleClient
from student_graph.adapters.moodle.client.responses import RefusedValueError
from student_graph.adapters.moodle.client.token import ServiceToken
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.moodle.sandbox.parameters import parse
from student_graph.adapters.moodle.sandbox.server import TOKEN
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import LmsEnrollmentFact
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.transports import UNSERVED_URL, RecordingTransport
from tests.adapters.moodle.recorded import call
from tests.subcases import subcases

FACTS = make_district(40)
COURSE = max(FACTS.lms_courses, key=lambda course: len(course.members) if course.sis_section else 0)
STUDENTS = [account for account in FACTS.accounts if account.id in COURSE.members and account.sis_id]
KEYS = [f"idnumber:{student.sis_id}" for student in STUDENTS]
ACCOUNTS, WORK = lookup_of(Adapter.lms_accounts_by_student), lookup_of(Adapter.assignment_work_by_student)
WORK_BY_COURSE = lookup_of(Adapter.assignment_work_by_lms_course)
COURSES = lookup_of(Adapter.lms_courses_by_section)
URL = "https://moodle.example"


def sandbox_with(**options: Any) -> MoodleSandbox:
    """A sandbox in this process with options."""
    sandbox = MoodleSandbox(FACTS, **options)
    sandbox.url = UNSERVED_URL
    return sandbox


async def answer(sandbox: MoodleSandbox, lookup: Lookup, *keys: str) -> dict[str, Any]:
    """The answers to keys of a lookup."""
    async with open_adapter(sandbox) as adapter:
        return await run_lookup(adapter, lookup, keys, sandbox.arguments())


def client(handle: Any) -> MoodleClient:
    """A client whose requests are answered by a function of the called function and its parameters."""

    def respond(request: httpx.Request) -> httpx.Response:
        fields = httpx.QueryParams(request.content.decode()).multi_items()
        return httpx.Response(200, json=handle(request.url.params["wsfunction"], parse(fields)))

    return MoodleClient(httpx.AsyncClient(transport=httpx.MockTransport(respond)), URL, concurrency=2)


async def test_the_token_is_in_the_body_and_in_no_address() -> None:
    """Servers and proxies log addresses. Only functions of the list are called, and none changes anything."""
    sandbox = sandbox_with()
    transport = RecordingTransport(sandbox)
    async with open_adapter(sandbox, transport) as adapter:
        await run_lookup(adapter, WORK, KEYS[:2], {})

    assert transport.sent
    for request in transport.sent:
        assert TOKEN not in f"{request.url} {request.headers}"
        assert dict(httpx.QueryParams(request.content.decode()))["wstoken"] == TOKEN
        assert request.url.params["wsfunction"] in functions.FUNCTIONS
    assert not any(part in name for name in functions.FUNCTIONS for part in ("save", "set_", "update", "create"))


async def test_the_token_goes_to_its_own_origin_only() -> None:
    """A request to another origin is refused before it is sent; a token that breaks a form is no setting."""
    auth = ServiceToken(SecretStr(TOKEN), origin=URL)
    with pytest.raises(PayloadError):
        next(auth.auth_flow(httpx.Request("POST", "https://evil.example/")))
    with pytest.raises(ValueError, match="letters and digits"):
        ServiceToken(SecretStr("a&wsfunction=x"), origin=URL)


async def test_500_users_take_one_call() -> None:
    """PHP ignores further fields of a form without an error: users beyond them would look unknown."""
    sizes: list[int] = []

    def users(_: str, parameters: Any) -> Any:
        values = list(parameters["values"].values())
        sizes.append(len(values))
        return [{"id": int(value), "idnumber": value} for value in values]

    answers = await client(users).users("idnumber", [str(number) for number in range(1, 1201)])

    assert sorted(sizes) == [200, MAX_VALUES_PER_CALL, MAX_VALUES_PER_CALL]
    assert len(answers) == 1200


async def test_one_refused_value_fails_alone() -> None:
    """A value that Moodle refuses, or a row that it cannot send, is isolated by halving the list."""

    def users(_: str, parameters: Any) -> Any:
        values = list(parameters["values"].values())
        if "13" in values:
            return {"exception": "invalid_response_exception", "errorcode": "invalidresponse", "message": "x"}
        return [{"id": int(value), "idnumber": value} for value in values]

    answers = await client(users).users("idnumber", [str(number) for number in range(1, 101)])

    assert [key for key, value in answers.items() if isinstance(value, AdapterError)] == ["13"]
    assert isinstance(answers["13"], RefusedValueError)
    assert len(answers) == 100


async def test_a_response_that_is_too_large_is_read_in_parts() -> None:
    """A roster is then read in pages of 500, and submissions assignment by assignment."""
    calls: Counter[str] = Counter()
    padding = "x" * (2 * 1024 * 1024)

    def respond(function: str, parameters: Any) -> Any:
        calls[function] += 1
        if function == functions.ENROLLED_USERS:
            options = {row["name"]: row["value"] for row in parameters["options"].values()}
            start, limit = int(options.get("limitfrom", 0)), int(options.get("limitnumber", 0))
            ids = range(start, min(start + limit, 1100)) if limit else range(1100)
            rows = [{"id": id + 1, "roles": [{"shortname": "student"}]} for id in ids]
            return rows if limit else [*rows, {"id": 0, "description": padding}]
        ids = [int(id) for id in parameters["assignmentids"].values()]
        text = padding if len(ids) > 1 else ""
        return {"assignments": [{"assignmentid": id, "submissions": [], "text": text} for id in ids]}

    moodle = client(respond)
    roster = await moodle.roster(3)
    submissions = await moodle.submissions([1, 2, 3, 4])

    assert [user.id for user in roster or ()] == [*range(1, 1101)]
    assert calls[functions.ENROLLED_USERS] == 1 + 4  # all, and three pages with an empty one after them
    assert submissions == {1: {}, 2: {}, 3: {}, 4: {}}
    assert calls[functions.SUBMISSIONS] == 1 + 2 + 4


async def test_a_gradebook_that_is_too_large_is_read_student_by_student() -> None:
    """The work is the same; students whom the report of all lacks are read alone too."""
    padding = "x" * (2 * 1024 * 1024)

    def grow(function: str, sent: Any) -> Any:
        is_large = function == functions.GRADE_ITEMS and len(sent["usergrades"]) > 1
        return sent | {"padding": padding} if is_large else sent

    def lose(function: str, sent: Any) -> Any:
        if function != functions.GRADE_ITEMS or len(sent["usergrades"]) == 1:
            return sent
        return sent | {"usergrades": sent["usergrades"][1:]}

    expected = await answer(sandbox_with(), WORK_BY_COURSE, str(COURSE.id))

    assert expected[str(COURSE.id)]
    assert await answer(sandbox_with(change=grow), WORK_BY_COURSE, str(COURSE.id)) == expected
    assert await answer(sandbox_with(change=lose), WORK_BY_COURSE, str(COURSE.id)) == expected


async def test_numbers_as_texts_change_no_record() -> None:
    """Some functions and plugins send numbers as texts."""
    for lookup, key in ((WORK, KEYS[0]), (WORK_BY_COURSE, str(COURSE.id)), (ACCOUNTS, KEYS[0])):
        assert await answer(sandbox_with(texts=True), lookup, key) == await answer(sandbox_with(), lookup, key)


async def test_a_suspended_enrollment_shows_no_work() -> None:
    """Moodle lists it like an active one unless only active ones are requested."""
    facts = make_district(40)
    course = next(fact for fact in facts.lms_courses if fact.id == COURSE.id)
    suspended, *others = course.members
    course.members = tuple(others)
    course.other_enrollments = (LmsEnrollmentFact(account=suspended, state="inactive"),)
    sandbox = MoodleSandbox(facts)
    sandbox.url = UNSERVED_URL
    records = (await answer(sandbox, WORK_BY_COURSE, str(COURSE.id)))[str(COURSE.id)]

    assert {dict(record.subject.ids)["id"] for record in records} == {str(id) for id in others}


@pytest.mark.parametrize("option", ["hidden", "ended"])
async def test_only_current_courses_are_among_the_courses_of_students(option: str) -> None:
    """
    A course that has ended is still found by its section. A course that the account does not see is not found.
    """
    sandbox = sandbox_with(**{option: (COURSE.id,)})
    account = (await answer(sandbox, ACCOUNTS, KEYS[0]))[KEYS[0]]
    section = f"sis_section:{COURSE.sis_section}"
    courses = await answer(sandbox, COURSES, section)

    assert str(COURSE.id) not in account.course_ids
    assert (section in courses) is (option == "ended")


async def test_many_sections_ask_for_the_account_once() -> None:
    """Its id is needed to compare the idnumber of courses, and does not change."""
    sandbox = sandbox_with()
    courses = await answer(sandbox, COURSES, *sandbox.known_keys("section")[:9])
    calls = Counter(sandbox.called)

    assert len(courses) == 9
    assert calls == {functions.COURSES: 9, functions.GRADE_ITEMS: 9, functions.SITE_INFO: 1}


async def test_a_section_has_no_course_of_another_section() -> None:
    """An answer to another request is refused: the gradebook names the idnumber that lists of courses hide."""
    other = next(fact for fact in FACTS.lms_courses if fact.sis_section and fact.id != COURSE.id)
    rows = await call(sandbox_with(), functions.COURSES, field="idnumber", value=other.sis_section)
    sandbox = sandbox_with(change=lambda function, sent: rows if function == functions.COURSES else sent)
    key = f"sis_section:{COURSE.sis_section}"
    for lookup in (COURSES, lookup_of(Adapter.assignment_work_by_section)):
        error = (await answer(sandbox, lookup, key))[key]

        assert isinstance(error, PayloadError)
        assert error.reason == WRONG_KEY_REASON


async def test_a_number_of_two_users_shows_nobodys_records() -> None:
    """Moodle accepts an idnumber twice."""

    def double(function: str, sent: Any) -> Any:
        return [*sent, {**sent[0], "id": 99_999}] if function == functions.USERS else sent

    [error] = (await answer(sandbox_with(change=double), WORK, KEYS[0])).values()

    assert isinstance(error, IdentityError)
    assert error.code == "IDENTITY_CONFLICT"


async def test_users_of_another_request_are_refused() -> None:
    """A server that ignores the field sends all users; an answer to another request has other numbers."""
    with pytest.raises(PayloadError):
        raise (await client(lambda *_: [{"id": 1, "idnumber": "9"}]).users("idnumber", ["604821"]))["604821"]  # type: ignore[misc]
    assert await client(lambda *_: [{"id": 1, "idnumber": "A1"}]).users("idnumber", ["a1"]) == {}


@subcases("key", ["name:Ada", "id:0", "id:1 or 1=1", "idnumber:", "idnumber: 5", "email:<a@b>", "604821"])
def test_a_key_that_moodle_cannot_compare_is_refused(key: str) -> None:
    """Moodle cleans parameters: it would find another user, or refuse all users of the batch."""
    with pytest.raises(BadKeyError):
        user_field(key)  # type: ignore[arg-type]


@subcases("key", ["", "0", "-1", "1.5", "9" * 19, "sis_section:1"])
def test_a_course_has_a_number(key: str) -> None:
    """The site's front page is course 1; there is no course 0."""
    with pytest.raises(BadKeyError):
        course_id(key)  # type: ignore[arg-type]


def test_a_prefix_is_no_part_of_the_section() -> None:
    """The idnumber `255901001-ALG-1` names section `ALG-1`; a course without the prefix names none."""
    names = SectionNames("idnumber", "255901001-")

    assert names.section_id("255901001-ALG-1") == "sis_section:ALG-1"
    assert names.section_id("CHESS") is None
    assert names.text("sis_section:ALG-1") == "255901001-ALG-1"  # type: ignore[arg-type]
    assert SectionNames(None).section_id("ALG-1") is None


def test_lists_and_structures_have_phps_names() -> None:
    """As in the recorded requests."""
    fields = form_fields({"courseid": 2, "values": ["a", "b"], "options": [{"name": "onlyactive", "value": 1}]})

    assert fields == {
        "courseid": "2",
        "values[0]": "a",
        "values[1]": "b",
        "options[0][name]": "onlyactive",
        "options[0][value]": "1",
    }
    assert json.loads(json.dumps(parse(fields.items())))["options"] == {"0": {"name": "onlyactive", "value": "1"}}
