"""Assigned work and grades of Schoology against the facts of the district, and refusals of its signature."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import StudentId, SubmissionStatus
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.schoology.adapter import Schoology
from student_graph.adapters.schoology.sandbox import SchoologySandbox
from student_graph.adapters.testing.harness import open_adapter
from student_graph.adapters.testing.oddities.documents import DocumentTransport
from student_graph.adapters.testing.transports import UNSERVED_URL

FACTS = make_district(24)


def key_of(account: Any) -> StudentId:
    return StudentId(f"school_uid:{account.sis_id}")


async def test_work_is_every_published_assignment_with_its_score() -> None:
    """Also what is not graded yet: its state is not known, and it has no score."""
    accounts = [account for account in FACTS.accounts if account.sis_id][:8]
    async with open_adapter(SchoologySandbox(FACTS), kind=Schoology) as adapter:
        answers = await adapter.assignment_work_by_student([key_of(account) for account in accounts])

    scores = {(fact.assignment, fact.account): fact for fact in FACTS.submissions}
    checked = set()
    for account in accounts:
        courses = {course.id for course in FACTS.lms_courses if account.id in course.members}
        expected = {str(a.id): a for a in FACTS.assignments if a.course in courses and a.published}
        work = {record.assignment_id: record for record in answers[key_of(account)]}
        assert work.keys() == expected.keys()
        for id, record in work.items():
            fact = scores.get((int(id), account.id))
            assert record.title == expected[id].title
            assert record.due_at == (None if expected[id].due is None else expected[id].due.replace(second=0))
            assert record.score == (None if fact is None else fact.score)
            checked.add(record.status)
            if fact is not None and fact.excused:
                assert record.status is SubmissionStatus.EXCUSED
            elif fact is not None and fact.missing:
                assert record.status is SubmissionStatus.MISSING
            else:
                graded = fact is not None and fact.score is not None
                assert record.status is (SubmissionStatus.GRADED if graded else SubmissionStatus.UNMAPPED)
    assert {SubmissionStatus.GRADED, SubmissionStatus.MISSING} <= checked


async def test_an_exception_that_is_not_known_does_not_say_that_work_is_not_excused() -> None:
    """Schoology has more exceptions than its manual, such as absent. Ungraded work without any is not excused."""
    key = next(key_of(account) for account in FACTS.accounts if account.sis_id)
    sandbox = SchoologySandbox(FACTS)
    sandbox.url = UNSERVED_URL

    def with_exception(exception: Any) -> Any:
        def spoil(document: Any) -> Any:
            for section in document.get("section", ()) if isinstance(document, dict) else ():
                for grade in (grade for period in section.get("period", ()) for grade in period["assignment"]):
                    grade |= {"grade": None, "exception": exception}
            return document

        return spoil

    states = {}
    for exception in ("4", 7, "0", None):
        transport = DocumentTransport(sandbox, with_exception(exception))
        async with open_adapter(sandbox, transport, kind=Schoology) as adapter:
            [work] = (await adapter.assignment_work_by_student([key])).values()
        states[exception] = {(row.status, row.excused, row.missing) for row in work if row.excused is not None}
        assert {row.status for row in work} == {SubmissionStatus.UNMAPPED}

    open_work = {(SubmissionStatus.UNMAPPED, False, None)}
    assert states == {"4": set(), 7: set(), "0": open_work, None: open_work}


@pytest.mark.parametrize("odd", ["\ufffd", "\x92", "/../1", "?a=b"])
async def test_a_section_with_an_id_that_cannot_be_requested_takes_no_other_work_away(odd: str) -> None:
    """It is reported; the work of the student's other sections, and of other students, is there."""
    keys = [key_of(account) for account in FACTS.accounts if account.sis_id][:3]
    sandbox = SchoologySandbox(FACTS)
    spoilt: list[str] = []

    def spoil(document: Any) -> Any:
        """Give the first section of the first student another id."""
        rows = document.get("section") if isinstance(document, dict) else None
        if rows and "course_title" in rows[0] and (not spoilt or spoilt[0] == rows[0]["id"]):
            spoilt.append(rows[0]["id"])
            return {**document, "section": [{**rows[0], "id": rows[0]["id"] + odd}, *rows[1:]]}
        return document

    async with open_adapter(sandbox, kind=Schoology) as adapter:
        healthy = await adapter.assignment_work_by_student(keys)
    async with open_adapter(sandbox, DocumentTransport(sandbox, spoil), kind=Schoology) as adapter:
        with collecting_unreadable_rows() as unreadable:
            answers = await adapter.assignment_work_by_student(keys)

    assert {error.reason for error in unreadable.errors} == {
        "unexpected shape (an id that cannot be part of a request)"
    }
    assert set(unreadable.errors_by_key(keys)) <= set(keys)
    for key in keys:
        others = {record.assignment_id for record in healthy[key] if record.lms_course_id != spoilt[0]}
        assert others <= {record.assignment_id for record in answers[key]}
    assert len(answers[keys[0]]) < len(healthy[keys[0]])


async def test_a_section_that_schoology_lists_and_does_not_know_is_reported() -> None:
    """Such as one with a zero before its number: the work of the student's other sections is there."""
    key = next(key_of(account) for account in FACTS.accounts if account.sis_id)
    sandbox = SchoologySandbox(FACTS)

    def spoil(document: Any) -> Any:
        rows = document.get("section") if isinstance(document, dict) else None
        if rows and "course_title" in rows[0]:
            return {**document, "section": [{**rows[0], "id": f"0{rows[0]['id']}"}, *rows[1:]]}
        return document

    async with open_adapter(sandbox, kind=Schoology) as adapter:
        healthy = await adapter.assignment_work_by_student([key])
    async with open_adapter(sandbox, DocumentTransport(sandbox, spoil), kind=Schoology) as adapter:
        with collecting_unreadable_rows() as unreadable:
            answers = await adapter.assignment_work_by_student([key])

    assert [error.reason for error in unreadable.errors] == ["an object that is listed and not known"]
    assert set(unreadable.errors_by_key([key])) == {key}
    assert 0 < len(answers[key]) < len(healthy[key])
    assert {record.assignment_id for record in answers[key]} <= {record.assignment_id for record in healthy[key]}


async def test_a_user_that_schoology_finds_and_does_not_know_is_an_error() -> None:
    """The student has an account, so that no list may say that there is none; other students have theirs."""
    keys = [key_of(account) for account in FACTS.accounts if account.sis_id][:2]
    sandbox = SchoologySandbox(FACTS)

    def spoil(document: Any) -> Any:
        users = document.get("user") if isinstance(document, dict) else None
        odd = [{**row, "id": f"0{row['id']}"} if key_of_row(row) == keys[0] else row for row in users or ()]
        return {**document, "user": odd} if users else document

    async with open_adapter(sandbox, kind=Schoology) as adapter:
        healthy = await adapter.assignment_work_by_student(keys)
    async with open_adapter(sandbox, DocumentTransport(sandbox, spoil), kind=Schoology) as adapter:
        answers = await adapter.assignment_work_by_student(keys)

    assert isinstance(answers[keys[0]], PayloadError)
    assert answers[keys[0]].reason == "an object that is listed and not known"
    assert answers[keys[1]] == healthy[keys[1]] != []


def key_of_row(row: Any) -> str:
    return f"school_uid:{row['school_uid']}"


async def test_a_record_says_by_what_its_student_can_be_confirmed() -> None:
    """The birth date and the e-mail address of the account, so that a crossed number is noticed."""
    account = next(account for account in FACTS.accounts if account.sis_id and account.email)
    async with open_adapter(SchoologySandbox(FACTS), kind=Schoology) as adapter:
        grades = (await adapter.course_grades_by_student([key_of(account)], school_year=2027))[key_of(account)]

    assert {(grade.subject.birth_date, grade.subject.email) for grade in grades} == {
        (account.birth, account.email)
    }


@pytest.mark.parametrize(
    ("sent", "read"), [(None, []), (0, [(0.0, None)]), ("91.5", [(91.5, None)]), ("B+", [(None, "B+")]), ("", [])]
)
async def test_a_section_without_a_final_grade_yet_has_no_course_grade(sent: Any, read: list[Any]) -> None:
    """A grade without a value would be one that nobody can judge; 0 is a grade, and so is a letter."""
    key = next(key_of(account) for account in FACTS.accounts if account.sis_id)
    sandbox = SchoologySandbox(FACTS)
    sandbox.url = UNSERVED_URL

    def spoil(document: Any) -> Any:
        for section in document.get("section", ()):
            for final in section.get("final_grade", ()):
                final |= {"grade": sent}
        return document

    async with open_adapter(sandbox, DocumentTransport(sandbox, spoil), kind=Schoology) as adapter:
        [grades] = (await adapter.course_grades_by_student([key], school_year=2027)).values()

    assert list(dict.fromkeys((grade.numeric, grade.letter) for grade in grades)) == read


async def test_lists_are_read_to_their_last_page() -> None:
    """By `links.next`, with 200 rows requested and fewer sent."""
    sandbox, account = SchoologySandbox(FACTS), next(account for account in FACTS.accounts if account.sis_id)
    async with open_adapter(sandbox, kind=Schoology) as adapter:
        complete = await adapter.assignment_work_by_student([key_of(account)])
        sandbox.switches.page_limit = 1
        sandbox.requests.clear()
        by_one = await adapter.assignment_work_by_student([key_of(account)])

    assert by_one == complete
    assert any("start=1&limit=200" in request for request in sandbox.requests) or any(
        "start=1" in request for request in sandbox.requests
    )


async def test_a_repeated_signature_is_refused() -> None:
    """The sandbox refuses what the vendor refuses, so each request of the adapter has a signature of its own."""
    sandbox, signatures = SchoologySandbox(FACTS), list[str]()
    async with open_adapter(sandbox, kind=Schoology) as adapter:
        adapter.http.event_hooks["request"] = [_noting(signatures)]
        await adapter.check()
        await adapter.check()

    assert len(set(signatures)) == len(signatures) == 2
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app()), base_url="http://x") as http:
        assert (await http.get("/v1/users?limit=1")).status_code == 401


def _noting(signatures: list[str]) -> Any:
    async def note(request: httpx.Request) -> None:
        signatures.append(request.headers["authorization"])

    return note
