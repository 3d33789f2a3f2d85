"""Ways in which a declared lookup is answered: credentials, changes, ids of the vendor's own, and pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.changes import EarlierAnswer, earlier_answers
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, BadKeyError, IdentityError, PayloadError
from student_graph.adapters.model import DistrictId, StudentId, Subject
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.rest.scripted import adapter_of, json_at
from tests.adapters.rest.test_lakeside import WideLakesideSandbox
from tests.adapters.rest.vendors import LAKESIDE_IN_ALL_WAYS

STUDENT = """
[records.Student]
vendor_id = "id"
student_id = "no"
name = { first_name = "first", last_name = "last" }
"""
ADA = {"id": 1, "no": "7", "first": "Ada", "last": "Lee"}
BEN = {"id": 2, "no": "8", "first": "Ben", "last": "Low"}


async def test_only_what_has_changed_is_read() -> None:
    """With an earlier answer, the vendor is asked for changes since its version; removed rows disappear."""
    sandbox = WideLakesideSandbox(make_district(12))
    district = [DistrictId("hill")]
    async with open_adapter(sandbox, kind=declared(LAKESIDE_IN_ALL_WAYS)) as adapter:
        version = await adapter.version()
        assert version == "1"
        roster = (await adapter.roster_by_district(district))[district[0]]
        assert isinstance(roster, list)
        sandbox.removed = {roster[4].student_id}
        sandbox.requests.clear()
        with earlier_answers({district[0]: EarlierAnswer(roster, version)}):
            updated = (await adapter.roster_by_district(district))[district[0]]

    assert updated == [student for student in roster if student.student_id not in sandbox.removed]
    assert sandbox.requests == ["GET /api/learners?changed_since=1&per_page=50&page=1"]


async def test_several_credentials_are_sent_together() -> None:
    """A key in a header of its own beside a token, as some vendors want it, and a constant header."""
    sandbox = WideLakesideSandbox(make_district(10))
    async with open_adapter(sandbox, kind=declared(LAKESIDE_IN_ALL_WAYS)) as adapter:
        await adapter.check()
        request = adapter.http._transport.sent[0]  # type: ignore[attr-defined] # a recording transport

    assert request.headers["x-lakeside-key"] == sandbox.settings()["api_key"]
    assert request.headers["authorization"] == "Bearer lakeside-plain-token"
    assert request.headers["x-client"] == "student-graph"


@pytest.mark.parametrize(("auth", "settings", "header"), [
    ('{ kind = "basic" }', {"user": "ada", "password": "p"}, "Basic YWRhOnA="),
    ('{ kind = "bearer" }', {"token": "t"}, "Bearer t"),
    ('{ kind = "api_key", header = "Authorization", prefix = "Key " }', {"api_key": "k"}, "Key k"),
    ('{ kind = "oauth1" }', {"consumer_key": "c", "consumer_secret": "s"}, 'OAuth oauth_consumer_key="c"'),
    ('{ kind = "oauth2" }', {"client_id": "c", "client_secret": "s"}, "Bearer from-endpoint"),
    ('[{ kind = "api_key", header = "X-A" }, { kind = "oauth2" }]',
     {"api_key": "k", "client_id": "c", "client_secret": "s"}, "Bearer from-endpoint"),
])  # fmt: skip
async def test_every_kind_of_authentication_sends_its_header(
    tmp_path: Path, auth: str, settings: dict[str, str], header: str
) -> None:
    """Each kind takes its settings from the source and sends its header."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/oauth/token":
            assert request.headers["authorization"].startswith("Basic ")
            return httpx.Response(200, json={"access_token": "from-endpoint", "expires_in": 600})
        return httpx.Response(200, json={})

    lookup = '[lookups.students_by_id]\nget = "/students/{key}"'
    text = f'vendor = "Hill"\ncheck = "/me"\nauth = {auth}\n{STUDENT}\n{lookup}'
    adapter, sent = adapter_of(tmp_path, text, answer, **settings)
    async with adapter.http:
        await adapter.check()

    assert sent[-1].headers["authorization"].startswith(header)
    assert ("x-a" in sent[-1].headers) is ("X-A" in auth)


LINKED = f"""
vendor = "Hill LMS"
check = "/me"
identity = {{ students = [{{ field = "sis" }}, {{ field = "mail", system = "Email" }}], confirm = ["birth_date"] }}
{STUDENT.replace('student_id = "no"', 'subject = { ids = { sis = "sis", mail = "mail" }, birth_date = "born" }')}
[lookups.students_by_id.get]
sis = "/users/sis-{{key}}"
mail = "/users?mail={{key}}"
"""


async def test_a_vendor_with_ids_of_its_own_says_who_a_record_is_about(tmp_path: Path) -> None:
    """A key names the field and the value; each field has a request, and the record has a subject."""
    ada = ADA | {"sis": "604822", "mail": "ada@hill.example", "born": "2010-02-03"}
    answers = {"/api/users/sis-604822": ada, "/api/users?mail=ada%40hill.example": [ada]}
    adapter, sent = adapter_of(tmp_path, LINKED, json_at(answers))
    keys = [StudentId(key) for key in ("sis:604822", "mail:ada@hill.example", "sis:9", "phone:1")]
    async with adapter.http:
        batch = await adapter.students_by_id(keys)

    record = batch[keys[0]]
    assert not isinstance(record, AdapterError)
    assert record.subject == Subject(
        ids=(("sis", "604822"), ("mail", "ada@hill.example")), birth_date=record.subject.birth_date
    )
    assert str(record.subject.birth_date) == "2010-02-03"
    assert batch[keys[1]] == record
    assert keys[2] not in batch
    assert isinstance(batch[keys[3]], BadKeyError)
    assert len(sent) == 3
    assert type(adapter).identity is not None


async def test_two_ids_of_one_number_are_a_conflict(tmp_path: Path) -> None:
    """A request that finds two of the vendor's ids for one key answers with an error, not with one of them."""
    text = f"""
vendor = "Hill"
check = "/me"
[first.own]
get = "/find?number={{key}}"
value = "id"
matches = "no"
{STUDENT}
[lookups.students_by_id]
get = "/students/{{own}}"
"""
    answers = {
        "/api/find?number=7": [ADA, ADA | {"id": 3}],
        "/api/find?number=8": [BEN, ADA],
        "/api/students/2": BEN,
        "/api/find?number=9": [],
    }
    adapter, _ = adapter_of(tmp_path, text, json_at(answers))
    async with adapter.http:
        batch = await adapter.students_by_id([StudentId("7"), StudentId("8"), StudentId("9")])

    assert isinstance(batch[StudentId("7")], IdentityError)
    assert getattr(batch[StudentId("8")], "vendor_id", None) == "2"
    assert StudentId("9") not in batch


@pytest.mark.parametrize(("paging", "answers"), [
    ('{ kind = "offset", rows = 1, total = "n" }',
     {"?limit=1&offset=0": {"items": [ADA], "n": 2}, "?limit=1&offset=1": {"items": [BEN], "n": 2}}),
    ('{ kind = "page", rows = 1, size = "s", pages = "pages", first = 0 }',
     {"?s=1&page=0": {"items": [ADA], "pages": 2}, "?s=1&page=1": {"items": [BEN], "pages": 2}}),
    ('{ kind = "cursor", parameter = "after", next = "next" }',
     {"": {"items": [ADA], "next": "x"}, "?after=x": {"items": [BEN]}}),
    ('{ kind = "cursor", parameter = "after", row = "id" }',
     {"": {"items": [ADA]}, "?after=1": {"items": [BEN]}, "?after=2": {"items": []}}),
    ('{ kind = "link", next = "links.next" }',
     {"": {"items": [ADA], "links": {"next": "/api/students?p=2"}}, "?p=2": {"items": [BEN], "links": {}}}),
])  # fmt: skip
async def test_every_kind_of_paging_reads_all_pages(tmp_path: Path, paging: str, answers: dict[str, Any]) -> None:
    """Each kind leads to the second page, and ends."""
    text = f"""
vendor = "Hill"
check = "/me"
paging = {paging}
{STUDENT}
[lookups.roster_by_district]
get = "/students"
rows = "items"
"""
    adapter, _ = adapter_of(tmp_path, text, json_at({f"/api/students{query}": x for query, x in answers.items()}))
    async with adapter.http:
        batch = await adapter.roster_by_district([DistrictId("hill")])

    roster = batch[DistrictId("hill")]
    assert isinstance(roster, list), roster
    assert [student.name.first_name for student in roster] == ["Ada", "Ben"]


@pytest.mark.parametrize(("paging", "page"), [
    ('{ kind = "cursor", parameter = "after", next = "next" }', {"items": [ADA], "next": "x"}),
    ('{ kind = "link", next = "next" }', {"items": [ADA], "next": "/api/students?p=2"}),
    ('{ kind = "page" }', {"items": [ADA]}),
])  # fmt: skip
async def test_a_loop_of_pages_ends_in_an_error(tmp_path: Path, paging: str, page: dict[str, Any]) -> None:
    """A vendor that sends the same page for ever is a failure, and never a list."""
    lookup = '[lookups.roster_by_district]\nget = "/students"\nrows = "items"'
    text = f'vendor = "Hill"\ncheck = "/me"\npaging = {paging}\n{STUDENT}\n{lookup}'
    adapter, sent = adapter_of(tmp_path, text, lambda _: httpx.Response(200, json=page))
    async with adapter.http:
        batch = await adapter.roster_by_district([DistrictId("hill")])

    assert isinstance(batch[DistrictId("hill")], PayloadError)
    assert len(sent) < 10


def test_an_access_path_leads_through_the_coarser_lookup() -> None:
    """The gateway knows the other way, and what it costs."""
    paths = declared(LAKESIDE_IN_ALL_WAYS).paths[Adapter.students_by_id]

    assert [path.coarse_lookup for path in paths] == [Adapter.roster_by_district]


async def test_a_vendor_that_sends_all_years_loses_the_others(tmp_path: Path) -> None:
    """Records of other school years are left out; a year may be named by the one in which it begins."""
    grade = {"id": 1, "no": "7", "kind": "Final", "points": "80"}
    text = """
vendor = "Hill"
check = "/me"
[records.CourseGrade]
vendor_id = "id"
student_id = "no"
source.value = "SIS"
grade_type = "kind"
school_year = { path = "year", add = 1 }
numeric = { path = "points", scale = 0.5 }
[lookups.course_grades_by_student]
get = "/grades/{key}?year={school_year_start}"
"""
    rows = [{**grade, "year": 2025}, {**grade, "id": 2, "year": "2026"}]
    adapter, _ = adapter_of(tmp_path, text, json_at({"/api/grades/7?year=2026": rows}))
    async with adapter.http:
        batch = await adapter.course_grades_by_student([StudentId("7")], school_year=2027)

    grades = batch[StudentId("7")]
    assert isinstance(grades, list)
    assert [(record.vendor_id, record.school_year, record.numeric) for record in grades] == [("2", 2027, 40.0)]


def test_a_path_of_a_linked_vendor_takes_the_first_kind_of_key(tmp_path: Path) -> None:
    """A list finds students by the first field of the rules; keys of other fields are read one by one."""
    file = tmp_path / "lms.toml"
    roster = '[lookups.roster_by_district]\nget = "/users"'
    lookup = """[lookups.students_by_id]
coarse = ["roster_by_district"]
[lookups.students_by_id.get]"""
    file.write_text(LINKED.replace("[lookups.students_by_id.get]", lookup) + roster)
    [path] = declared(file).paths[Adapter.students_by_id]

    assert path.accepts is not None
    assert path.accepts("sis:604822")
    assert not path.accepts("mail:ada@hill.example")
