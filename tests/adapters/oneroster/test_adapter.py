"""What only OneRoster servers do, each as one was seen to do it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from student_graph.adapters.errors import (
    AdapterError,
    BadKeyError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    translate,
)
from student_graph.adapters.lookup import StudentFilter, Window
from student_graph.adapters.model import DistrictId, SectionId, StaffId, StudentId
from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    UNUSUAL_GRADEBOOK,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    Quirks,
    OneRosterSandbox,
)
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.scripted_sandbox import Scripted, connected, user

FACTS = make_district(60)
HERE = [DistrictId("here")]
SERVERS: dict[str, tuple[Any, Quirks]] = {
    "published 1.2": ("1.2", PUBLISHED_12),
    "published 1.1": ("1.1", PUBLISHED_11),
    "1.1 with tokens": ("1.1", replace(PUBLISHED_11, auth="oauth2")),
    "1.1 with SHA-256": ("1.1", replace(PUBLISHED_11, signature="HMAC-SHA256")),
    "legacy 1.1": ("1.1", LEGACY_11),
    "Ed-Fi service": ("1.2", EDFI_SERVICE),
    "odd gradebook": ("1.2", UNUSUAL_GRADEBOOK),
    "rows on their way out": ("1.2", replace(PUBLISHED_12, deleted_rows=True)),
    "ten rows at most": ("1.2", replace(PUBLISHED_12, max_rows_per_page=10, totals=False, links=False)),
}


def served_by(name: str) -> OneRosterSandbox:
    version, quirks = SERVERS[name]
    return OneRosterSandbox(FACTS, version=version, quirks=quirks)


@pytest.mark.parametrize("name", SERVERS)
async def test_every_server_tells_the_same_students(name: str) -> None:
    """Keys, nulls, booleans, clamps, deleted rows and two rows for one child make no difference."""
    sandbox = served_by(name)
    async with connected(sandbox) as adapter:
        (students,) = (await adapter.roster_by_district(HERE)).values()

    assert isinstance(students, list)
    assert sorted(sandbox.known_keys("student")) == [each.student_id for each in students]


@pytest.mark.parametrize("name", SERVERS)
async def test_every_server_tells_the_same_places(name: str) -> None:
    """With filters, with nested routes or with neither, by student or by class."""
    places = {(each.student, each.begin) for each in FACTS.section_enrollments}
    sandbox = served_by(name)
    async with connected(sandbox) as adapter:
        keys = [StudentId(each) for each in sandbox.known_keys("student")]
        by_student = await adapter.section_enrollments_by_student(keys)
        by_section = await adapter.section_enrollments_by_section(
            [SectionId(s) for s in sandbox.known_keys("section")]
        )

    for told in (by_student, by_section):
        rows = [row for answer in told.values() for row in answer] if isinstance(told, dict) else []
        assert len(FACTS.section_enrollments) == len(rows)
        assert places == {(row.student_id, row.begin_date) for row in rows}


@pytest.mark.parametrize("name", [name for name in SERVERS if name != "Ed-Fi service"])
async def test_every_gradebook_tells_the_same_work(name: str) -> None:
    """Odd envelopes, references, filters and routes make no difference, nor does the way: by class or by child."""
    sandbox = served_by(name)
    async with connected(sandbox) as adapter:
        by_section = await adapter.assignment_work_by_section(
            [SectionId(s) for s in sandbox.known_keys("section")]
        )
        by_student = await adapter.assignment_work_by_student(
            [StudentId(s) for s in sandbox.known_keys("student")]
        )
    told = [
        sorted((work.student_id, work.vendor_id, work.score) for answer in batch.values() for work in answer)  # type: ignore[union-attr]
        for batch in (by_section, by_student)
    ]

    assert told[0]
    assert told[0] == told[1]


async def test_a_child_with_two_users_is_one_student_at_two_schools() -> None:
    """Same number, two ids: one record of the child, a stay for each school, and the places of both."""
    (child,) = FACTS.special_cases["dual_enrollment"][:1]
    async with connected(served_by("Ed-Fi service")) as adapter:
        student = (await adapter.students_by_id([StudentId(child)]))[StudentId(child)]
        stays = (await adapter.school_enrollments_by_student([StudentId(child)]))[StudentId(child)]
        identity = (await adapter.student_identities_by_id([StudentId(child)]))[StudentId(child)]

    assert not isinstance(student, AdapterError)
    assert not isinstance(stays, AdapterError)
    assert not isinstance(identity, AdapterError)
    assert {str(each.school) for each in FACTS.enrollments if each.student == child} == {
        s.school_id for s in stays
    }
    assert len([each for each in identity.identifiers if each.system == "sourcedId"]) == 2


async def test_pages_hold_each_child_once_and_apply_wanted_ids() -> None:
    """The users of one child may be pages apart, so each page is cut from the whole."""
    async with connected(served_by("Ed-Fi service")) as adapter:
        wanted = tuple(StudentId(each.id) for each in FACTS.students[:3])
        told = await adapter.students_by_district(
            HERE, window=Window(2), filter=StudentFilter(ids=(*wanted, StudentId("0")))
        )
    page = told[HERE[0]]

    assert not isinstance(page, AdapterError)
    assert (2, 3, frozenset({"ids"})) == (len(page.items), page.total, page.applied)


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("published 1.2", "OneRoster 1.2, rostering + gradebook + assessments"),
        ("published 1.1", "OneRoster 1.1, rostering + gradebook"),
        ("Ed-Fi service", "OneRoster 1.2, rostering"),
    ],
)
async def test_the_check_says_which_services_answer(name: str, services: str) -> None:
    """What the server does not have, or not for these credentials, is left out."""
    async with connected(served_by(name)) as adapter:
        assert services == await adapter.check()


async def test_demographics_refused_fail_their_own_lookup_only() -> None:
    """They need a scope of their own: without it birth dates are unknown, and everything else is answered."""
    quirks = replace(PUBLISHED_12, granted_scopes=PUBLISHED_12.granted_scopes - {"roster-demographics.readonly"})
    key = StudentId(FACTS.students[0].id)
    async with connected(OneRosterSandbox(FACTS, quirks=quirks), birth_dates=False) as adapter:
        student = (await adapter.students_by_id([key]))[key]
        identity = (await adapter.student_identities_by_id([key]))[key]
        demographics = (await adapter.demographics_by_student([key]))[key]

    assert not isinstance(student, AdapterError)
    assert not isinstance(identity, AdapterError)
    assert identity.birth_date is None
    assert isinstance(demographics, RefusedError)


async def test_version_1_1_offers_no_assessments() -> None:
    """Nothing is asked: the answer says so."""
    sandbox = served_by("published 1.1")
    async with connected(sandbox) as adapter:
        with pytest.raises(NotOfferedError):
            await adapter.assessment_results_by_student([StudentId("1")])

    assert sandbox.requests == []


async def test_course_grades_need_a_category() -> None:
    """Where no category is named, no line item is known to be one: not offered, and not an empty list."""
    async with connected(served_by("published 1.2"), course_grade_categories=()) as adapter:
        with pytest.raises(NotOfferedError):
            await adapter.course_grades_by_section([SectionId("x")])


async def test_a_linked_source_tells_whom_it_means() -> None:
    """Asked by field and value, records carry every id, the birth date, the address and the family name."""
    fact = FACTS.students[0]
    key = StudentId(f"identifier:{fact.id}")
    async with connected(served_by("published 1.2")) as adapter:
        students = await adapter.students_by_id(
            [key, StudentId("userIds.District:" + fact.id), StudentId(fact.id)]
        )
    student, plain = students[key], students[StudentId(fact.id)]

    assert not isinstance(student, AdapterError)
    assert student.subject is not None
    assert (key, fact.birth, fact.last) == (
        student.student_id,
        student.subject.birth_date,
        student.subject.family_name,
    )
    assert {("identifier", fact.id), ("sourcedId", student.vendor_id), ("userIds.District", fact.id)} <= {
        *student.subject.ids
    }
    assert not isinstance(plain, AdapterError)
    assert plain.subject is None


async def test_a_filter_that_is_ignored_is_not_relied_on() -> None:
    """A server that answers every filter with everybody is read as a whole, and rows are checked."""
    rows = {"users": [user("a", "1"), user("b", "2")]}
    sandbox = Scripted({"students": rows})
    async with connected(sandbox) as adapter:
        told = await adapter.students_by_id([StudentId("2"), StudentId("3")])

    assert {"2"} == told.keys()
    assert told[StudentId("2")].vendor_id == "b"  # type: ignore[union-attr]


async def test_what_was_found_out_is_asked_once() -> None:
    """The second question goes the way that the first one found."""
    sandbox = served_by("published 1.2")
    async with connected(sandbox) as adapter:
        key = StudentId(FACTS.students[0].id)
        await adapter.students_by_id([key])
        sandbox.requests.clear()
        await adapter.students_by_id([key])

    assert len(sandbox.requests) == 1


async def test_an_id_with_a_quote_is_refused_unasked() -> None:
    """Servers do not agree how to read it; the other keys are answered."""
    key = StudentId(FACTS.students[0].id)
    sandbox = served_by("published 1.2")
    async with connected(sandbox) as adapter:
        told = await adapter.students_by_id([StudentId("O'Neil"), key])
        staff = await adapter.staff_by_id([StaffId("O'Neil")])

    assert isinstance(told[StudentId("O'Neil")], BadKeyError)
    assert isinstance(staff[StaffId("O'Neil")], BadKeyError)
    assert not isinstance(told[key], AdapterError)
    assert [line for line in sandbox.requests if "Neil" in line] == []


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Response("Too many", 429, {"retry-after": "7"}, media_type="text/html"), AdapterError, "RATE_LIMITED"),
        (JSONResponse({"error": "invalid_token"}, 401), RefusedError, "SOURCE_AUTH"),
        (JSONResponse({"imsx_codeMinor": "forbidden"}, 403), RefusedError, "SOURCE_FORBIDDEN"),
        (Response(status_code=403), RefusedError, "SOURCE_FORBIDDEN"),
        (JSONResponse({"imsx_codeMinor": "server_error"}, 404), NotOfferedError, "NOT_OFFERED"),
        (JSONResponse({"data": [user("a", "1")], "total": 1}), PayloadError, "SOURCE_SCHEMA"),
        (JSONResponse([user("a", "1")]), PayloadError, "SOURCE_SCHEMA"),
    ],
    ids=["429 in HTML", "401 without codes", "flat code", "no body", "404", "data", "a bare list"],
)
async def test_what_is_no_list_is_the_error_that_it_is(answer: Response, error: type, code: str) -> None:
    """Whatever the body, the status decides; a collection under no name of the standard is none."""
    async with connected(Scripted({"students": answer})) as adapter:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is a bug
            await adapter.roster_by_district(HERE)
    found = translate(caught.value)

    assert isinstance(found, error)
    assert code == found.code
    assert (7.0 if code == "RATE_LIMITED" else None) == found.retry_after


@pytest.mark.parametrize("name", ["users", "students"])
async def test_a_collection_has_the_standards_name_or_the_paths(name: str) -> None:
    """By name, wherever it stands: never the first key."""
    answer = {"_meta": {"totalCount": 1}, "_links": [], "others": [], name: [user("a", "1")]}
    async with connected(Scripted({"students": answer})) as adapter:
        (students,) = (await adapter.roster_by_district(HERE)).values()

    assert [student.student_id for student in students] == ["1"]  # type: ignore[union-attr]


async def test_clamped_pages_are_read_to_the_last() -> None:
    """Seven rows in pages of three, whatever was asked for: a short page is not the end."""
    rows = {"users": [user(f"u{number}", str(number)) for number in range(7)]}
    async with connected(Scripted({"students": rows}, clamp=3)) as adapter:
        (students,) = (await adapter.roster_by_district(HERE)).values()

    assert len(students) == 7  # type: ignore[arg-type]


async def test_rows_on_their_way_out_are_dropped() -> None:
    """`tobedeleted` means gone; 1.1 also has `inactive`, which is not."""
    rows = [user("a", "1", status="tobedeleted"), user("b", "2", status="inactive"), user("c", "3", status=None)]
    async with connected(Scripted({"students": {"users": rows}})) as adapter:
        (students,) = (await adapter.roster_by_district(HERE)).values()

    assert [student.student_id for student in students] == ["2", "3"]  # type: ignore[union-attr]


async def test_a_student_without_the_districts_number_is_left_out() -> None:
    """Nobody can be asked for by a number that is not there; another field can be configured."""
    sandbox = Scripted(
        {"students": {"users": [user("a"), user("b", "2", userIds=[{"type": "T", "identifier": "9"}])]}}
    )
    async with connected(sandbox, student_id_field="userIds:T") as adapter:
        (by_type,) = (await adapter.roster_by_district(HERE)).values()
    async with connected(sandbox, student_id_field="sourcedId") as adapter:
        (by_id,) = (await adapter.roster_by_district(HERE)).values()

    assert [student.student_id for student in by_type] == ["9"]  # type: ignore[union-attr]
    assert [student.student_id for student in by_id] == ["a", "b"]  # type: ignore[union-attr]
