"""Requests that read by POST, lists of all ids, and rows that count once for each of their elements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import WRONG_KEY_REASON, IdentityError, PayloadError
from student_graph.adapters.model import DistrictId, SectionId, StudentId
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration.errors import DeclarationError
from tests.adapters.rest.scripted import adapter_of, json_at

POSTS = """
vendor = "Lakeside SIS"
check = "/status"
posts_only_read = true
paging = { kind = "page", size = "size", rows = 2, total = "count" }

[records.CourseGrade]
vendor_id = "id"
student_id = "no"
source.value = "SIS"
grade_type.value = "FINAL"
school_year = "year"

[lookups.course_grades_by_student]
post = "/query/grades"
keys = 50
rows = "rows"

[lookups.course_grades_by_student.body]
students = ["{keys}"]
text = "{keys}"
year = "{school_year}"
from = "{school_year_first_day}"
range = { kind = "year {school_year}", fixed = 7, closed = true }
"""
ADA, BEN = StudentId("7"), StudentId("8")


async def test_keys_are_a_list_in_the_body_of_a_post(tmp_path: Path) -> None:
    """Numbers stay numbers, days are texts, and the pages are in the query."""
    pages = [[{"id": 1, "no": "7", "year": 2027}, {"id": 2, "no": "8", "year": 2027}], [
        {"id": 3, "no": "7", "year": 2027}
    ]]  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return httpx.Response(200, json={"rows": pages[page - 1], "count": 3})

    adapter, sent = adapter_of(tmp_path, POSTS, answer)
    async with adapter.http:
        grades = await adapter.course_grades_by_student([ADA, BEN], school_year=2027)

    assert {key: len(part) for key, part in grades.items() if isinstance(part, list)} == {ADA: 2, BEN: 1}
    assert [(request.method, request.url.params["page"]) for request in sent] == [("POST", "1"), ("POST", "2")]
    assert json.loads(sent[1].content) == {
        "students": ["7", "8"],
        "text": "7,8",
        "year": 2027,
        "from": "2026-07-01",
        "range": {"kind": "year 2027", "fixed": 7, "closed": True},
    }
    assert all(request.extensions["repeatable"] for request in sent)


IDS = """
vendor = "Lakeside SIS"
check = "/status"

[records.SectionEnrollment]
vendor_id = ["id", "element"]
student_id = "element"
section_id = "id"

[first.pupil]
get = "/pupils"
value = "id"
matches = "no"

[first.each_pupil]
get = "/pupils"
value = "id"
several = true

[lookups.section_enrollments_by_student]
get = "/pupils/{pupil}/classes"
elements = "members"
record = { student_id = "{key}" }

[lookups.section_enrollments_by_section]
get = "/classes/{key}"
elements = "members"

[lookups.section_enrollments_by_district]
get = "/pupils/{each_pupil}/classes"
elements = "members"
"""
PUPILS = [{"id": "a", "no": "7"}, {"id": "b", "no": "8"}, {"id": "c", "no": None}, {"id": None, "no": "9"}]
CLASSES = {
    "/api/pupils": PUPILS,
    "/api/pupils/a/classes": [{"id": "k1", "members": ["x"]}],
    "/api/pupils/b/classes": [{"id": "k2", "members": ["y", "z"]}],
    "/api/pupils/c/classes": [{"id": "k3", "members": None}, {"id": "k4", "members": "oops"}],
    "/api/classes/k2": [{"id": "k2", "members": ["y", "z"]}],
}


async def test_a_list_of_ids_is_read_once_for_all_keys(tmp_path: Path) -> None:
    """One request for the list, and one for each key that is in it."""
    adapter, sent = adapter_of(tmp_path, IDS, json_at(CLASSES))
    async with adapter.http:
        answers = await adapter.section_enrollments_by_student([ADA, BEN, StudentId("1")])

    assert {key: len(part) for key, part in answers.items() if isinstance(part, list)} == {ADA: 1, BEN: 2}
    assert sorted(request.url.path for request in sent) == [
        "/api/pupils", "/api/pupils/a/classes", "/api/pupils/b/classes",
    ]  # fmt: skip


async def test_two_ids_of_one_key_are_a_conflict(tmp_path: Path) -> None:
    """Whose records these are cannot be said, and the other keys are answered."""
    twice = {**CLASSES, "/api/pupils": [*PUPILS, {"id": "d", "no": "7"}]}
    adapter, _ = adapter_of(tmp_path, IDS, json_at(twice))
    async with adapter.http:
        answers = await adapter.section_enrollments_by_student([ADA, BEN])

    assert isinstance(answers[ADA], IdentityError)
    assert isinstance(answers[BEN], list)


async def test_a_row_counts_once_for_every_element(tmp_path: Path) -> None:
    """The element is there as `element`."""
    adapter, _ = adapter_of(tmp_path, IDS, json_at(CLASSES))
    section = SectionId("k2")
    async with adapter.http:
        answers: Any = await adapter.section_enrollments_by_section([section])

    assert [(record.student_id, record.vendor_id) for record in answers[section]] == [("y", "k2:y"), ("z", "k2:z")]


async def test_an_id_of_the_vendor_leads_back_to_the_key(tmp_path: Path) -> None:
    """An id without a key, and one of a key with two ids, leave the row out: whose record it is cannot be said."""
    text = IDS.replace('student_id = "element"', 'student_id = { path = "element", key_of = "pupil" }')
    pupils = [*PUPILS, {"id": "d", "no": "9"}, {"id": "e", "no": "9"}]
    classes = {"/api/pupils": pupils, "/api/classes/k1": [{"id": "k1", "members": ["b", "a", "c", "x", "d"]}]}
    adapter, _ = adapter_of(tmp_path, text, json_at(classes))
    section = SectionId("k1")
    async with adapter.http:
        with collecting_unreadable_rows() as unreadable:
            answers: Any = await adapter.section_enrollments_by_section([section])

    assert sorted(record.student_id for record in answers[section]) == ["7", "8"]
    assert len(unreadable.errors) == 4  # one in the list of ids itself


SCHOOLS = """
vendor = "Lakeside SIS"
check = "/status"

[records.School]
vendor_id = "no"
school_id = "no"
name = "no"
grade_levels = { first = "low", last = "high", codes = { -1 = "PRESCHOOL", 0 = "KINDERGARTEN", 5 = "FIFTH" } }

[lookups.schools_by_district]
get = "/schools"
"""


async def test_a_range_of_codes_is_all_from_one_to_another(tmp_path: Path) -> None:
    """In the order of the codes; one end alone is itself, and a code without a meaning is no range."""
    rows = [
        {"no": "1", "low": -1, "high": 5},
        {"no": "2", "low": 0, "high": None},
        {"no": "3", "low": 0, "high": 9},
    ]
    adapter, _ = adapter_of(tmp_path, SCHOOLS, json_at({"/api/schools": rows}))
    district = DistrictId("d")
    async with adapter.http:
        schools: Any = (await adapter.schools_by_district([district]))[district]

    assert [[level.name for level in school.grade_levels] for school in schools] == [
        ["PRESCHOOL", "KINDERGARTEN", "FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH"], ["KINDERGARTEN"],
        ["KINDERGARTEN", "UNMAPPED"],
    ]  # fmt: skip


async def test_a_lookup_of_the_district_is_sent_for_every_id(tmp_path: Path) -> None:
    """A row whose list is missing counts not at all, and one with something else in its place is left out."""
    adapter, sent = adapter_of(tmp_path, IDS, json_at(CLASSES))
    district = DistrictId("d")
    async with adapter.http:
        answers: Any = await adapter.section_enrollments_by_district([district])

    assert [record.student_id for record in answers[district]] == ["x", "y", "z"]
    assert len(sent) == 4


MISTAKES = {
    "a POST that may change something": (POSTS.replace("posts_only_read = true", ""),
        "posts_only_read = true. They are sent again after a failure"),
    "a body of a GET": (POSTS.replace('post = "', 'get = "').replace("/grades", "/grades?s={keys}"),
        "only a POST request has a body; write `post`"),
    "an unknown placeholder in a body": (POSTS.replace("{school_year_first_day}", "{school_day}"),
        "there is no placeholder {school_day}; did you mean"),
    "a POST without a key": (POSTS.replace('["{keys}"]', "[]").replace('text = "{keys}"', ""),
        "does not name the key; use {keys}"),
    "a POST by links": (POSTS.replace('{ kind = "page", size = "size", rows = 2, total = "count" }',
        '{ kind = "link", size = "size" }'), "is read at once or by numbers of pages"),
    "two ways": (POSTS.replace("post = ", 'get = "/x/{keys}"\npost = '), "give one of: `get`, `post`, or `split`"),
    "a deep body": (POSTS.replace("fixed = 7", "fixed = [[[[[1]]]]]"), "a body has at most 5 levels"),
    "a list of ids without keys": (
        IDS.replace('{ student_id = "{key}" }', '{ student_id = { path = "x", key_of = "each_pupil" } }'),
        "`key_of` needs the list of all ids: add `matches`"),
    "a list of ids that is none": (
        IDS.replace('{ student_id = "{key}" }', '{ student_id = { path = "x", key_of = "pupl" } }'),
        "there is no table [first.pupl]; there are: [first.pupil], [first.each_pupil]"),
    "a key in a lookup of the district": (IDS.replace("{each_pupil}", "{pupil}"),
        "[first.pupil] `matches` the key, and a lookup of the district has none"),
    "a setting beside split": (
        IDS.replace('get = "/pupils/{pupil}/classes"\n', 'split = "section_enrollments_by_district"\n')
        .replace('record = { student_id = "{key}" }\n', ""),
        "section_enrollments_by_student.elements: has no effect beside `split`"),
    "a value that no lookup needs": (IDS.replace("{each_pupil}", "all"), "no lookup uses each_pupil"),
    "only a value that is the same for all keys": (IDS.replace("{pupil}", "{each_pupil}"),
        "the request does not name the key; use {key}"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake is an error with file, line and fix."""
    file = tmp_path / "lakeside.toml"
    file.write_text(text)

    with pytest.raises(DeclarationError) as error:
        declared(file)

    assert message in str(error.value)
    assert f"{file.name}:" in str(error.value)


async def test_elements_that_share_an_id_are_all_there(tmp_path: Path) -> None:
    """The same id may be that of the row or of the element: a record is repeated only if all of it is the same."""
    text = IDS.replace('vendor_id = ["id", "element"]', 'vendor_id = "element"')
    classes = {"/api/pupils": PUPILS[:1], "/api/pupils/a/classes": [
        {"id": "k1", "members": ["x", "x"]}, {"id": "k2", "members": ["x"]},
    ]}  # fmt: skip
    adapter, _ = adapter_of(tmp_path, text.replace("several = true", ""), json_at(classes))
    district = DistrictId("d")
    async with adapter.http:
        answers: Any = await adapter.section_enrollments_by_district([district])

    assert [(record.student_id, record.section_id) for record in answers[district]] == [("x", "k1"), ("x", "k2")]


async def test_one_response_may_have_two_lists_to_read_first(tmp_path: Path) -> None:
    """Each `[first]` reads its own rows of it, also if they are at different paths."""
    text = IDS.replace(
        'get = "/pupils"\nvalue = "id"\nseveral', 'get = "/pupils"\nrows = "others"\nvalue = "id"\nseveral'
    )
    text = text.replace('get = "/pupils"\nvalue', 'get = "/pupils"\nrows = "own"\nvalue')
    text = text.replace("/pupils/{pupil}/classes", "/pupils/{pupil}/classes?with={each_pupil}")
    answers = {
        "/api/pupils": {"own": PUPILS[:1], "others": PUPILS[1:2]},
        "/api/pupils/a/classes?with=b": [{"id": "k1", "members": ["x"]}],
    }
    adapter, _ = adapter_of(tmp_path, text, json_at(answers))
    async with adapter.http:
        enrollments: Any = await adapter.section_enrollments_by_student([ADA])

    assert [record.section_id for record in enrollments[ADA]] == ["k1"]


async def test_rows_about_other_students_are_an_error(tmp_path: Path) -> None:
    """They answer another request. A server that sends more than it was asked for has the students, too."""
    rows = [{"id": 1, "no": "8", "year": 2027}]
    adapter, _ = adapter_of(
        tmp_path, POSTS, lambda _: httpx.Response(200, json={"rows": rows, "count": len(rows)})
    )
    async with adapter.http:
        [other] = (await adapter.course_grades_by_student([ADA], school_year=2027)).values()
        rows.append({"id": 2, "no": "7", "year": 2027})
        [own] = (await adapter.course_grades_by_student([ADA], school_year=2027)).values()
    assert isinstance(other, PayloadError)
    assert other.reason == WRONG_KEY_REASON
    assert isinstance(own, list)
    assert [grade.student_id for grade in own] == [ADA]
