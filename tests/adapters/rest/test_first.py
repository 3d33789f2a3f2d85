"""What a declared vendor reads before a request: the schools of a student, tables of codes, and one value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import WRONG_KEY_REASON, BadKeyError, IdentityError, PayloadError
from student_graph.adapters.lookup import Window
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration.errors import DeclarationError

DECLARATION = """
vendor = "Manyfold"
check = "/me"
base_url = "https://api.example.org"

[first.school]
get = "/stays?student={key}"
matches = "student"
value = "school"
several = true

[first.kinds]
get = "/schools/{school}/kinds"
code = "letter"
value = "kind"

[first.every_school]
get = "/schools"
value = "no"
several = true

[first.year]
get = "/system"
value = "year"

[records.Student]
vendor_id = "id"
student_id = "id"
name = { first_name = "first", last_name = "last" }

[records.AttendanceEvent]
vendor_id = ["id", "{school}", "element.day"]
student_id = "id"
school_id = "{school}"
date = "element.day"
scope.value = "SCHOOL"
category = { path = "element.letter", table = "kinds", codes = { 2 = "EXCUSED_ABSENCE" } }
school_year = "{year}"
session_name.value = "Y"

[lookups]
students_by_id = { get = "/schools/{school}/students/{key}" }
roster_by_district = { get = "/schools/{every_school}/students" }
attendance_events_by_student = { get = "/schools/{school}/days/{key}", elements = "days" }
"""
ADA = {"id": "1", "first": "Ada", "last": "Bell"}
RESPONSES: dict[str, Any] = {
    "/stays?student=1": [{"student": 1, "school": 7}, {"student": "1", "school": 9}, {"student": 1, "school": 7},
                         {"student": 2, "school": 8}],
    "/stays?student=2": [],
    "/stays?student=3": [{"student": 3, "school": 9}, {"student": 3}],
    "/schools": [{"no": 7}, {"no": 9}],
    "/schools/7/students": [ADA], "/schools/9/students": [ADA, {**ADA, "id": "3"}],
    "/schools/7/students/1": [ADA], "/schools/9/students/3": [{**ADA, "id": "3"}],
    "/schools/7/kinds": [{"letter": "E", "kind": 2}], "/schools/9/kinds": [{"letter": "e", "kind": 5}],
    "/schools/7/days/1": [{"id": 1, "days": [{"day": "2026-09-01", "letter": "e "}, {"day": "2026-09-02"}]}],
    "/schools/9/days/1": [{"id": 1, "days": [{"day": "2026-09-01", "letter": "E"}]}],
    "/schools/9/days/3": [{"id": 3, "days": None}],
    "/system": {"year": "2026-2027"},
}  # fmt: skip


def vendor(folder: Path, responses: dict[str, Any] = RESPONSES, text: str = DECLARATION) -> tuple[Any, list[str]]:
    """The adapter of a vendor that answers some requests, and the requests that it sends."""
    file, requests = folder / "manyfold.toml", list[str]()
    file.write_text(text)

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        requests.append(path)
        return httpx.Response(200, json=responses[path]) if path in responses else httpx.Response(404)

    kind = declared(file)
    http = httpx.AsyncClient(base_url="https://api.example.org", transport=httpx.MockTransport(answer))
    return kind("sis", kind.settings_type()(), http), requests


async def test_a_student_is_read_at_all_their_schools(tmp_path: Path) -> None:
    """A school that has no record of a student any more is none of them, and a student of two is one student."""
    adapter, requests = vendor(tmp_path)

    answers = await adapter.students_by_id(["1", "2", "3"])

    assert {key: answer.vendor_id for key, answer in answers.items()} == {"1": "1", "3": "3"}
    assert sorted(requests) == sorted([
        "/stays?student=1", "/stays?student=2", "/stays?student=3",
        "/schools/7/students/1", "/schools/9/students/1", "/schools/9/students/3",
    ])  # fmt: skip


async def test_codes_mean_what_their_school_says(tmp_path: Path) -> None:
    """The same letter stands for another absence at another school; what several keys need is read once."""
    adapter, requests = vendor(tmp_path)

    answers = await adapter.attendance_events_by_student(["1", "3"], school_year=2027)

    assert [(event.school_id, event.category.name, event.school_year) for event in answers["1"]] == [
        ("7", "EXCUSED_ABSENCE", 2027), ("9", "UNMAPPED", 2027),
    ]  # fmt: skip
    assert answers["3"] == []
    assert requests.count("/schools/9/kinds") == requests.count("/system") == 1


async def test_a_list_of_the_district_is_read_at_all_schools(tmp_path: Path) -> None:
    """Each student once; a school without a list is an error and not a shorter list."""
    adapter, _ = vendor(tmp_path)
    broken, _ = vendor(tmp_path, {name: rows for name, rows in RESPONSES.items() if name != "/schools/9/students"})

    answers = await adapter.roster_by_district(["d"])

    assert [student.student_id for student in answers["d"]] == ["1", "3"]
    assert isinstance((await broken.roster_by_district(["d"]))["d"], Exception)


async def test_a_paged_list_has_every_student_on_one_page(tmp_path: Path) -> None:
    """Also one of two schools; the cursor is the id of the last student, and no other text."""
    both_lists = 'students_by_district = { get = "/schools/{every_school}/students" }\nroster_by_district'
    adapter, _ = vendor(tmp_path, text=DECLARATION.replace("roster_by_district", both_lists))

    first = (await adapter.students_by_district(["d"], window=Window(1)))["d"]
    second = (await adapter.students_by_district(["d"], window=Window(1, first.after)))["d"]
    wrong = adapter.students_by_district(["d"], window=Window(1, "\0"))

    assert [[student.student_id for student in page.items] for page in (first, second)] == [["1"], ["3"]]
    assert (first.total, second.after) == (2, None)
    with pytest.raises(BadKeyError):
        await wrong


async def test_a_row_without_a_value_is_left_out_and_reported(tmp_path: Path) -> None:
    """The other schools of the student are still read."""
    adapter, _ = vendor(tmp_path)
    with collecting_unreadable_rows() as unreadable:
        answers = await adapter.students_by_id(["3"])

    assert answers["3"].student_id == "3"
    assert len(unreadable) == 1


async def test_two_values_where_one_can_be_are_an_error(tmp_path: Path) -> None:
    """Unless the declaration says `several`."""
    adapter, _ = vendor(tmp_path, {**RESPONSES, "/system": [{"year": "2026-2027"}, {"year": "2025-2026"}]})

    answers = await adapter.attendance_events_by_student(["1"], school_year=2027)

    assert isinstance(answers["1"], IdentityError)


async def test_a_response_of_another_shape_is_an_error(tmp_path: Path) -> None:
    """It does not make a student unknown."""
    adapter, _ = vendor(tmp_path, {**RESPONSES, "/stays?student=1": "none"})

    assert isinstance((await adapter.students_by_id(["1"]))["1"], PayloadError)


@pytest.mark.parametrize(("old", "new", "problem"), [
    ('get = "/stays?student={key}"', 'get = "/stays?student={key}&of={kinds}"',
     "first.school.get: nothing can be read first: school needs kinds needs school"),
    ('get = "/schools"', 'get = "/schools?of={key}"', "[first.every_school] uses {key}"),
    ('get = "/schools/{school}/kinds"', 'get = "/schools/{shcool}/kinds"', "did you mean {school}?"),
    ('code = "letter"', 'code = "letter"\nseveral = true', "first.kinds.several: a table of codes is one value"),
    ('table = "kinds"', 'table = "kindz"', "uses {kindz}, which this lookup does not have"),
    ('value = "no"', 'value = "no"\nmatches = "id"', "roster_by_district: [first.every_school] `matches` the key"),
    ('code = "letter"', 'code = "letter"\nmatches = "no"', "first.kinds.matches: a table of codes is one value"),
    ('value = "year"', 'value = "year"\nmatch = "no"', "there is no setting match; did you mean matches?"),
    ('/schools/{every_school}/students"', '/schools/{every_school}/students", repeats = { school = "at" }',
     "roster_by_district.repeats.school: the request does not have {school}"),
    ('elements = "days"', 'elements = ["days", "[["]', "attendance_events_by_student.elements: not a JMESPath"),
    ('get = "/schools/{school}/students/{key}"', 'get = "/schools/{school}/students?ids={keys}", keys = 9',
     "is read for one key at a time, and before complete lists"),
])  # fmt: skip
def test_a_mistake_has_its_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """And what to change."""
    file = tmp_path / "manyfold.toml"
    file.write_text(DECLARATION.replace(old, new, 1))

    with pytest.raises(DeclarationError) as caught:
        declared(file)

    assert problem in str(caught.value)
    assert caught.value.line > 1


@pytest.mark.parametrize(
    ("text", "address", "response"),
    [
        (DECLARATION.replace("/stays?student={key}", "/stays/{key}"), "/stays/1", [{"student": 2, "school": 9}]),
        (DECLARATION, "/stays?student=1", [{"student": 2, "school": 9}]),
        (DECLARATION, "/schools/9/days/1", [{"id": 2, "days": [{"day": "2026-09-01", "letter": "E"}]}]),
    ],
)
async def test_an_answer_about_another_student_is_an_error(
    tmp_path: Path, text: str, address: str, response: list[Any]
) -> None:
    """Of a `[first]` as of a lookup, at one school of two: neither an empty list nor that of the other school."""
    responses = {**RESPONSES, "/stays/1": RESPONSES["/stays?student=1"], address: response}
    adapter, _ = vendor(tmp_path, responses, text)
    [answer] = (await adapter.attendance_events_by_student(["1"], school_year=2027)).values()
    assert isinstance(answer, PayloadError)
    assert answer.reason == WRONG_KEY_REASON


@pytest.mark.parametrize(("schools", "is_wrong"), [([7, 7], True), ([9, 9], False), ([9, 7], False), ([], False)])
async def test_rows_that_repeat_another_school_are_an_error(
    tmp_path: Path, schools: list[int], is_wrong: bool
) -> None:
    """Where the declaration says that they repeat it; one row of the school is enough, and so is none."""
    declared_list = 'get = "/schools/{every_school}/students"'
    text = DECLARATION.replace(declared_list, f'{declared_list}, repeats = {{ every_school = "at" }}')
    rows = [{**ADA, "id": str(number), "at": at} for number, at in enumerate(schools)]
    adapter, _ = vendor(tmp_path, {**RESPONSES, "/schools/9/students": rows}, text)
    [answer] = (await adapter.roster_by_district(["d"])).values()
    assert isinstance(answer, PayloadError) is is_wrong
    if is_wrong:
        assert answer.reason == WRONG_KEY_REASON
