"""A row that cannot be read fails alone: it is counted, hides no other, and never counts as one in order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import DistrictId, SchoolId, SectionId, StudentId
from student_graph.adapters.reading import collecting_unreadable_rows
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

SCHOOL = {"sourcedId": "org-1", "name": "Maple High", "type": "school"}
YEAR = {"sourcedId": "y", "title": "2027", "type": "schoolYear", "startDate": "2026-08-20", "schoolYear": "2027"}
DISTRICT = DistrictId("here")


def class_row(sourced_id: str, *terms: str) -> dict[str, Any]:
    """The row of a class of the school in terms."""
    return {
        "sourcedId": sourced_id,
        "school": {"sourcedId": "org-1"},
        "terms": [{"sourcedId": term} for term in terms],
    }


def enrollment_row(sourced_id: str, user: str, **values: Any) -> dict[str, Any]:
    """The row of the enrollment of a student in class c."""
    return {
        "sourcedId": sourced_id,
        "user": {"sourcedId": user},
        "class": {"sourcedId": "c"},
        "role": "student",
    } | values


def sandbox_of(**bodies: Any) -> ScriptedSandbox:
    """A server with a school and a school year, two students, and the collections of a test."""
    students = [user_row("a", "1"), user_row("b", "2")]
    collections: dict[str, Any] = {
        "orgs": {"orgs": [SCHOOL]},
        "academicSessions": {"academicSessions": [YEAR]},
        "students": {"users": students},
    }
    objects = {f"students/{row['sourcedId']}": {"user": row} for row in students}
    return ScriptedSandbox(collections | objects | bodies)


async def test_a_class_whose_term_is_not_listed_hides_no_other() -> None:
    """It has no school year, so it is in no list; by its own id it is an error."""
    rows = [class_row("c1", "y"), class_row("c2", "unlisted"), class_row("c3")]
    objects = {f"classes/{row['sourcedId']}": {"class": row} for row in rows}
    sandbox = sandbox_of(classes={"classes": rows}, courses={"courses": []}, **objects)
    keys = [SectionId(row["sourcedId"]) for row in rows]
    async with connected(sandbox) as adapter:
        with collecting_unreadable_rows() as of_school:
            by_school: Any = await adapter.sections_by_school([SchoolId("org-1")], school_year=2027)
        with collecting_unreadable_rows() as of_district:
            by_district: Any = await adapter.sections_by_district([DISTRICT])
        by_id = await adapter.sections_by_id(keys)

    assert [section.section_id for section in by_school[SchoolId("org-1")]] == ["c1"]
    assert [section.section_id for section in by_district[DISTRICT]] == ["c1"]
    assert (len(of_school), len(of_district)) == (2, 2)
    assert {key for key, answer in by_id.items() if isinstance(answer, PayloadError)} == {"c2", "c3"}
    assert not isinstance(by_id[SectionId("c1")], PayloadError)


@pytest.mark.parametrize(
    "value", [{}, [], ["active"], {"code": "active"}, "08/20/2020", "0000-00-00", "soon"], ids=str
)
@pytest.mark.parametrize("name", ["status", "beginDate", "endDate"])
async def test_an_enrollment_that_may_have_ended_does_not_count(name: str, value: Any) -> None:
    """A status or a day that cannot be read is not taken for an active row without an end."""
    rows = [enrollment_row("e1", "a"), enrollment_row("e2", "b", **{name: value})]
    sandbox = sandbox_of(enrollments={"enrollments": rows})
    async with connected(sandbox) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch: Any = await adapter.section_enrollments_by_section([SectionId("c")])

    assert [record.student_id for record in batch[SectionId("c")]] == ["1"]
    assert len(unreadable) == (0 if name == "status" and isinstance(value, str) else 1)


async def test_a_student_whose_values_make_no_student_hides_no_other() -> None:
    """The object of one student has no id; the other stays on the roster."""
    rows = [enrollment_row("e1", "a"), enrollment_row("e2", "x")]
    sandbox = sandbox_of(enrollments={"enrollments": rows}, **{"students/x": {"user": {"givenName": "Ada"}}})
    async with connected(sandbox) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch: Any = await adapter.section_enrollments_by_section([SectionId("c")])

    assert [record.student_id for record in batch[SectionId("c")]] == ["1"]
    assert len(unreadable) == 1


async def test_a_student_without_a_first_day_hides_no_other() -> None:
    """No session has a day; a role that has one needs none."""
    role = {"role": "student", "org": {"sourcedId": "org-1"}}
    students = [user_row("a", "1", roles=[role | {"beginDate": "2026-08-20"}]), user_row("b", "2", roles=[role])]
    sandbox = sandbox_of(students={"users": students}, academicSessions={"academicSessions": []})
    async with connected(sandbox) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch: Any = await adapter.school_enrollments_by_district([DISTRICT])
        by_student: Any = await adapter.school_enrollments_by_student([StudentId("1"), StudentId("2")])

    assert [record.student_id for record in batch[DISTRICT]] == ["1"]
    assert len(unreadable) == 1
    assert [record.student_id for record in by_student[StudentId("1")]] == ["1"]
    assert isinstance(by_student[StudentId("2")], PayloadError)


async def test_a_student_who_left_a_school_and_came_back_is_enrolled_there_again() -> None:
    """Each time is an enrollment with an id of its own; a second user with the same roles adds none."""
    enrollments = [
        ("org-1", "2026-08-20", "2026-10-02"),
        ("org-2", "2026-10-02", "2026-11-06"),
        ("org-1", "2026-11-06", None),
    ]
    roles = [
        {"role": "student", "org": {"sourcedId": org}, "beginDate": begin, "endDate": end}
        for org, begin, end in enrollments
    ]
    students = [user_row(user, "1", roles=roles) for user in ("a", "b")]
    schools = [SCHOOL, SCHOOL | {"sourcedId": "org-2", "name": "Birch Middle"}]
    async with connected(sandbox_of(students={"users": students}, orgs={"orgs": schools})) as adapter:
        batch: Any = await adapter.school_enrollments_by_school([SchoolId("org-1"), SchoolId("org-2")])

    records = sorted((record for rows in batch.values() for record in rows), key=lambda record: record.entry_date)
    assert [(r.school_id, r.entry_date, r.exit_withdraw_date) for r in records] == [
        (org, date.fromisoformat(begin), end and date.fromisoformat(end)) for org, begin, end in enrollments
    ]
    assert len({record.vendor_id for record in records}) == len(enrollments)


async def test_a_grade_whose_line_item_has_no_term_belongs_to_the_year_of_its_date() -> None:
    """One without a date belongs to each year, so that it does not vanish; one of another year does not."""
    dates = {"r1": "2026-10-02T15:00:00Z", "r2": "2025-10-02T15:00:00Z", "r3": None}
    years = [
        YEAR | {"endDate": "2027-06-04"},
        YEAR | {"sourcedId": "x", "startDate": "2025-08-20", "endDate": "2026-06-05", "schoolYear": "2026"},
    ]
    item = {"sourcedId": "i", "title": "Final", "category": {"sourcedId": "k"}, "class": {"sourcedId": "c"}}
    results = [
        {
            "sourcedId": name,
            "lineItem": {"sourcedId": "i"},
            "student": {"sourcedId": "a"},
            "score": 81,
            "scoreDate": at,
        }
        for name, at in dates.items()
    ]
    sandbox = sandbox_of(
        academicSessions={"academicSessions": years},
        categories={"categories": [{"sourcedId": "k", "title": "Grades"}]},
        lineItems={"lineItems": [item]},
        results={"results": results},
        classes={"classes": [class_row("c")]},
        **{"lineItems/i": {"lineItem": item}, "classes/c": {"class": class_row("c")}},
    )
    async with connected(sandbox, course_grade_categories=["Grades"]) as adapter:
        batches: Any = [
            await adapter.course_grades_by_student([StudentId("1")], school_year=year)
            for year in (2026, 2027, 2028)
        ]

    assert [sorted(grade.vendor_id for grade in batch[StudentId("1")]) for batch in batches] == [
        ["r2", "r3"],
        ["r1", "r3"],
        ["r3"],
    ]
