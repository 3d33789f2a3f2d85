"""Responses of OneRoster servers that a test scripts: errors, keys of lists, short pages and deleted rows."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse, Response

from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError, RefusedError, translate
from student_graph.adapters.model import DistrictId, StaffId, StudentId
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

DISTRICT_IDS = [DistrictId("here")]


async def test_a_filter_that_the_server_ignores_is_not_used() -> None:
    """If a server returns all rows for every filter, the complete list is read and its rows are checked."""
    rows = {"users": [user_row("a", "1"), user_row("b", "2")]}
    sandbox = ScriptedSandbox({"students": rows})
    async with connected(sandbox) as adapter:
        batch = await adapter.students_by_id([StudentId("2"), StudentId("3")])

    assert {"2"} == batch.keys()
    assert batch[StudentId("2")].vendor_id == "b"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Response("Too many", 429, {"retry-after": "7"}, media_type="text/html"), AdapterError, "RATE_LIMITED"),
        (JSONResponse({"error": "invalid_token"}, 401), RefusedError, "SOURCE_AUTH"),
        (JSONResponse({"imsx_codeMinor": "forbidden"}, 403), RefusedError, "SOURCE_FORBIDDEN"),
        (Response(status_code=403), RefusedError, "SOURCE_FORBIDDEN"),
        (JSONResponse({"imsx_codeMinor": "server_error"}, 404), NotOfferedError, "NOT_OFFERED"),
        (JSONResponse({"data": [user_row("a", "1")], "total": 1}), PayloadError, "SOURCE_SCHEMA"),
        (JSONResponse([user_row("a", "1")]), PayloadError, "SOURCE_SCHEMA"),
    ],
    ids=["429 in HTML", "401 without codes", "flat code", "no body", "404", "data", "a bare list"],
)
async def test_a_response_without_a_list_is_an_error_by_its_status(
    answer: Response, error: type, code: str
) -> None:
    """The HTTP status decides, whatever the body; a list under a name that is not in the standard is an error."""
    async with connected(ScriptedSandbox({"students": answer})) as adapter:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is a bug
            await adapter.roster_by_district(DISTRICT_IDS)
    translated = translate(caught.value)

    assert isinstance(translated, error)
    assert code == translated.code
    assert (7.0 if code == "RATE_LIMITED" else None) == translated.retry_after


@pytest.mark.parametrize("name", ["users", "students"])
async def test_the_key_of_a_list_is_its_name_or_its_path(name: str) -> None:
    """The list is found by its key at any position, and is never simply the first one."""
    answer = {"_meta": {"totalCount": 1}, "_links": [], "others": [], name: [user_row("a", "1")]}
    async with connected(ScriptedSandbox({"students": answer})) as adapter:
        (students,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert [student.student_id for student in students] == ["1"]  # type: ignore[union-attr]


async def test_short_pages_are_read_to_the_last() -> None:
    """Seven rows in pages of three, whatever limit is requested: a short page is not the last one."""
    rows = {"users": [user_row(f"u{number}", str(number)) for number in range(7)]}
    async with connected(ScriptedSandbox({"students": rows}, max_page_rows=3)) as adapter:
        (students,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert len(students) == 7  # type: ignore[arg-type]


async def test_only_active_rows_count() -> None:
    """A row with another status, also one of the server's own, is left out; a row without one is active."""
    statuses = ["active", " Active", None, "", "tobedeleted", "inactive", "archived"]
    rows = [user_row(f"u{number}", str(number), status=status) for number, status in enumerate(statuses)]
    async with connected(ScriptedSandbox({"students": {"users": rows}})) as adapter:
        (students,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert [student.student_id for student in students] == ["0", "1", "2", "3"]  # type: ignore[union-attr]


async def test_all_users_of_a_teacher_are_one_teacher() -> None:
    """A teacher at two schools may be two users with one number: the classes and positions of both count."""
    teachers = [
        {
            "sourcedId": f"t{school}",
            "identifier": "T1",
            "roles": [{"role": "teacher", "org": {"sourcedId": f"org-{school}"}, "beginDate": "2026-08-01"}],
        }
        for school in (1, 2)
    ]
    enrollments = [
        {"sourcedId": f"e{n}", "user": {"sourcedId": f"t{n}"}, "class": {"sourcedId": f"c{n}"}, "role": "teacher"}
        for n in (1, 2)
    ]
    orgs = [{"sourcedId": f"org-{n}", "name": f"School {n}", "type": "school"} for n in (1, 2)]
    sandbox = ScriptedSandbox(
        {
            "users": {"users": [user_row("s", "T1"), *teachers]},
            "enrollments": {"enrollments": enrollments},
            "orgs": {"orgs": orgs},
            "academicSessions": {"academicSessions": []},
        }
    )
    key = StaffId("T1")
    async with connected(sandbox) as adapter:
        staff = (await adapter.staff_by_id([key]))[key]
        sections = (await adapter.section_staff_by_staff([key]))[key]
        assignments = (await adapter.staff_assignments_by_staff([key]))[key]

    assert staff.vendor_id == "t1"  # type: ignore[union-attr]
    assert {(row.staff_id, row.section_id) for row in sections} == {(key, "c1"), (key, "c2")}  # type: ignore[union-attr]
    assert [row.education_organization_id for row in assignments] == ["org-1", "org-2"]  # type: ignore[union-attr]


async def test_a_student_without_a_student_number_is_left_out() -> None:
    """No key finds a student without a number; the number may be in another field."""
    sandbox = ScriptedSandbox(
        {"students": {"users": [user_row("a"), user_row("b", "2", userIds=[{"type": "T", "identifier": "9"}])]}}
    )
    async with connected(sandbox, student_id_field="userIds:T") as adapter:
        (by_type,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()
    async with connected(sandbox, student_id_field="sourcedId") as adapter:
        (by_id,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert [student.student_id for student in by_type] == ["9"]  # type: ignore[union-attr]
    assert [student.student_id for student in by_id] == ["a", "b"]  # type: ignore[union-attr]
