"""`endDate` is the day after the last one, as the standard says, or the last day, as the settings say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.model import ContactId, DistrictId, SchoolId, SectionId, StaffId, StudentId
from student_graph.adapters.oneroster.adapter import contacts, people
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

END, DAY_BEFORE, DAY_AFTER = date(2026, 12, 18), date(2026, 12, 17), date(2026, 12, 19)
SCHOOL = {"sourcedId": "org-1", "name": "Maple High", "type": "school"}
YEAR = {"sourcedId": "y", "title": "2026-27", "type": "schoolYear", "startDate": "2026-08-20"}
TEACHER_ROLE = {"role": "teacher", "org": {"sourcedId": "org-1"}, "beginDate": "2026-08-20", "endDate": str(END)}
CLASS = {"sourcedId": "c", "title": "Algebra", "school": {"sourcedId": "org-1"}, "terms": [{"sourcedId": "t"}]}


def enrollment(sourced_id: str, user: str, role: str) -> dict[str, Any]:
    """The row of an enrollment in class c that ends."""
    row = {"sourcedId": sourced_id, "user": {"sourcedId": user}, "class": {"sourcedId": "c"}, "role": role}
    return row | {"beginDate": "2026-08-20", "endDate": str(END)}


def term(**days: str) -> dict[str, Any]:
    """The row of a term of the school year."""
    row = {"sourcedId": "t", "title": "Fall", "type": "term", "startDate": "2026-08-20", "endDate": str(END)}
    return row | {"parent": {"sourcedId": "y"}} | days


def server(year_end: str = "2027-06-05", **days: str) -> ScriptedSandbox:
    """A school with a class, a student and a teacher, whose year ends on a day, and whose term has some days."""
    student_role = {
        "role": "student",
        "org": {"sourcedId": "org-1"},
        "beginDate": "2026-08-20",
        "endDate": str(END),
    }
    student = user_row("a", "1", roles=[student_role])
    teacher = user_row("b", "9", roles=[TEACHER_ROLE])
    return ScriptedSandbox(
        {
            "orgs": {"orgs": [SCHOOL]},
            "academicSessions": {"academicSessions": [YEAR | {"endDate": year_end}, term(**days)]},
            "students": {"users": [student]},
            "students/a": {"user": student},
            "users": {"users": [student, teacher]},
            "users/b": {"user": teacher},
            "classes": {"classes": [CLASS]},
            "classes/c": {"class": CLASS},
            "courses": {"courses": []},
            "enrollments": {"enrollments": [enrollment("e1", "a", "student"), enrollment("e2", "b", "teacher")]},
        }
    )


WRITTEN = pytest.mark.parametrize(
    ("written", "last"), [(None, DAY_BEFORE), ("day_after", DAY_BEFORE), ("last_day", END)]
)


def settings(name: str, written: str | None) -> dict[str, str]:
    """A setting of the source, or none for its default."""
    return {} if written is None else {name: written}


@WRITTEN
async def test_a_class_ends_for_its_students_and_teachers_on_the_last_day(written: str | None, last: date) -> None:
    """By section and by person."""
    async with connected(server(), **settings("enrollment_end", written)) as adapter:
        answers: list[Any] = [
            (await adapter.section_enrollments_by_section([SectionId("c")]))[SectionId("c")],
            (await adapter.section_enrollments_by_student([StudentId("1")]))[StudentId("1")],
            (await adapter.section_staff_by_section([SectionId("c")]))[SectionId("c")],
            (await adapter.section_staff_by_staff([StaffId("9")]))[StaffId("9")],
        ]

    assert [[record.end_date for record in records] for records in answers] == [[last]] * 4


@WRITTEN
async def test_a_term_ends_on_its_last_day(written: str | None, last: date) -> None:
    """Also for the metrics that count its days of school."""
    async with connected(server(), **settings("session_end", written)) as adapter:
        batch: Any = await adapter.sessions_by_school([SchoolId("org-1")])

    assert [session.end_date for session in batch[SchoolId("org-1")]] == [last]


@pytest.mark.parametrize(("written", "year"), [(None, 2027), ("last_day", 2028)])
async def test_a_school_year_that_ends_with_july_is_not_the_next_one(written: str | None, year: int) -> None:
    """The day after its last one is August 1, which would be in the next school year."""
    async with connected(server("2027-08-01"), **settings("session_end", written)) as adapter:
        batch: Any = await adapter.sessions_by_school([SchoolId("org-1")])

    assert [session.school_year for session in batch[SchoolId("org-1")]] == [year]


async def test_a_term_that_begins_and_ends_on_one_date_has_that_day() -> None:
    """It has no day if its end is the day after, so its end must be its day."""
    async with connected(server(startDate=str(END))) as adapter:
        batch: Any = await adapter.sessions_by_school([SchoolId("org-1")])

    assert [(row.begin_date, row.end_date) for row in batch[SchoolId("org-1")]] == [(END, END)]


@pytest.mark.parametrize(
    ("written", "exit_day", "last"),
    [(None, END, DAY_BEFORE), ("day_after", END, DAY_BEFORE), ("last_day", DAY_AFTER, END)],
)
async def test_a_role_ends_a_school_enrollment_and_an_assignment(
    written: str | None, exit_day: date, last: date
) -> None:
    """The first day without enrollment, and the last day of the assignment."""
    async with connected(server(), **settings("role_end", written)) as adapter:
        enrollments: Any = await adapter.school_enrollments_by_student([StudentId("1")])
        assignments: Any = await adapter.staff_assignments_by_staff([StaffId("9")])

    assert [record.exit_withdraw_date for record in enrollments[StudentId("1")]] == [exit_day]
    assert [record.end_date for record in assignments[StaffId("9")]] == [last]


@pytest.mark.parametrize(
    ("end", "year"), [(None, None), ("2026-10-10", None), ("2026-06-06", 2026), ("2026-06-05", 2026)], ids=str
)
async def test_a_role_of_two_school_years_is_of_none_of_them(
    end: str | None, year: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that began last year and lasts is not over because another one began this year."""
    monkeypatch.setattr(people, "current_day", lambda: date(2026, 12, 1))
    years = [
        {"sourcedId": name, "title": name, "type": "schoolYear", "startDate": first, "endDate": last}
        for name, first, last in (("x", "2025-08-20", "2026-06-06"), ("y", "2026-08-20", "2027-06-05"))
    ]
    role = {"role": "student", "org": {"sourcedId": "org-1"}, "beginDate": "2025-08-20", "endDate": end}
    student = user_row("a", "1", roles=[role])
    sandbox = server()
    sandbox.bodies |= {"academicSessions": {"academicSessions": years}, "students": {"users": [student]}}
    async with connected(sandbox) as adapter:
        batch: Any = await adapter.school_enrollments_by_district([DistrictId("here")])

    assert [record.school_year for record in batch[DistrictId("here")]] == [year]


@pytest.mark.parametrize(
    ("written", "today", "is_reached"),
    [(None, DAY_BEFORE, True), (None, END, False), ("last_day", END, True), ("last_day", DAY_AFTER, False)],
)
async def test_a_parent_whose_role_is_over_reaches_nobody(
    written: str | None, today: date, is_reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role is over on the day after its last one."""
    monkeypatch.setattr(contacts, "current_day", lambda: today)
    role = {"role": "parent", "org": {"sourcedId": "org-1"}, "beginDate": "2026-08-20", "endDate": str(END)}
    parent = user_row("p", "P1", roles=[role], agents=[{"sourcedId": "a"}])
    student = user_row("a", "1")
    sandbox = ScriptedSandbox(
        {
            "users": {"users": [parent, student]},
            "users/p": {"user": parent},
            "students": {"users": [student]},
            "students/a": {"user": student},
        }
    )
    async with connected(sandbox, **settings("role_end", written)) as adapter:
        batch: Any = await adapter.contacts_by_contact([ContactId("P1")])

    assert bool(batch.get(ContactId("P1"))) is is_reached
