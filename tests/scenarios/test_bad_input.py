"""What a vendor may not say and what a client may not ask: a clear error each, and nothing asked that was not meant."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from adapters.canvas.sandbox import CanvasSandbox
from adapters.edfi.sandbox import EdFiSandbox
from adapters.model import DistrictId
from adapters.sandbox.district import make_district
from adapters.sandbox.serving import served
from adapters.sandbox.showcase import showcase
from resolvers.errors import MESSAGES
from resolvers.ids import GlobalId, encode
from tests.gateway.doors import started
from tests.scenarios import impostors
from tests.scenarios.impostors import CANARY, Impostor, Lie, discovery, next_page, token

BAD, SCHEMA = "SOURCE_BAD_RESPONSE", "SOURCE_SCHEMA"
ATTENDANCE, TOKEN_ENDPOINT, ROOT = "/studentSchoolAttendanceEvents", "/oauth/token", "/"
ENROLLMENTS = "/enrollments"
VIEWER_TOKEN = "0123456789abcdef0123456789abcdef"
SECRETS = {"client_secret": "CLIENT_SECRET", "token": "CANVAS_TOKEN"}
"""Variables that hold the settings which are secret."""
FACTS = make_district(60)
STUDENT = showcase(FACTS)


class Case(NamedTuple):
    """One lie of one vendor, and the error that it becomes."""

    vendor: str
    ending: str
    lie: Lie
    code: str


LISTS: Mapping[str, tuple[Lie, str]] = {
    "login": (impostors.login_page, BAD),
    "login-as-json": (impostors.login_page_called_json, BAD),
    "error-inside": (impostors.error_inside, BAD),
    "object-for-list": (impostors.an_object, SCHEMA),
    "other-rows": (impostors.other_rows, SCHEMA),
    "truncated": (impostors.truncated, BAD),
    "not-unicode": (impostors.not_unicode, BAD),
    "endless": (impostors.endless, BAD),
    "redirect": (impostors.redirect, BAD),
}
"""Lies that any list can tell."""
OBJECTS: Mapping[str, tuple[Lie, str]] = {
    "login": (impostors.login_page, BAD),
    "error-inside": (impostors.error_inside, BAD),
    "list-for-object": (impostors.a_list, SCHEMA),
    "other-object": (impostors.an_object, SCHEMA),
    "truncated": (impostors.truncated, BAD),
    "endless": (impostors.endless, BAD),
    "redirect": (impostors.redirect, BAD),
}
"""Lies that any object can tell."""
ADDRESSES = {
    "tokens": ("ELSEWHERE/oauth/token", "HERE/data/v3/"),
    "data": ("HERE/oauth/token", "ELSEWHERE/data/v3/"),
    "all": ("ELSEWHERE/oauth/token", "ELSEWHERE/data/v3/"),
    "scheme": ("//HOST/oauth/token", "HERE/data/v3/"),
    "userinfo": ("http://OWN@HOST/oauth/token", "HERE/data/v3/"),
    "credentials": ("http://a:b@OWN/oauth/token", "HERE/data/v3/"),
    "unreadable": ("http://[::1/oauth/token", "HERE/data/v3/"),
}
"""Discovery documents that point away from their origin."""

BROKEN_FIELD = {
    **{f"sis-list-{name}": Case("edfi", ATTENDANCE, *lie) for name, lie in LISTS.items()},
    **{f"lms-list-{name}": Case("canvas", ENROLLMENTS, *lie) for name, lie in LISTS.items()},
    "lms-next-page": Case("canvas", ENROLLMENTS, next_page("ELSEWHERE/api/v1/users?page=2"), BAD),
    "lms-next-page-scheme": Case("canvas", ENROLLMENTS, next_page("//HOST/api/v1/users?page=2"), BAD),
}
"""Lies that cost a field; by the district in whose vendor they are told."""
BROKEN_SOURCE = {
    **{f"discovery-{name}": Case("edfi", ROOT, *lie) for name, lie in OBJECTS.items()},
    **{f"token-{name}": Case("edfi", TOKEN_ENDPOINT, *lie) for name, lie in OBJECTS.items()},
    **{f"elsewhere-{name}": Case("edfi", ROOT, discovery(*urls), BAD) for name, urls in ADDRESSES.items()},
    "token-of-two-lines": Case("edfi", TOKEN_ENDPOINT, token(f"{CANARY}\r\nX-Admin: 1"), BAD),
}
"""Lies that cost a whole source."""

FIELDS = f"""{{
    name {{ lastName }} courseGrades {{ numeric }} assignments {{ title }}
    attendanceEvents(from: "{FACTS.year - 1}-08-01", to: "{FACTS.year}-06-30") {{ totalCount }}
}}"""
QUERY = f"""query($n: String!, $d: ID!) {{
    told: student(studentUniqueId: $n, district: $d) {FIELDS}
    honest: student(studentUniqueId: $n, district: "honest") {FIELDS}
}}"""
BROKEN = {"edfi": "attendanceEvents", "canvas": "assignments"}
"""The field that a lie in a list costs."""


@dataclass
class Gateway:
    """A gateway over many districts: one whose vendors are honest, and one for each lie."""

    process: subprocess.Popen[str]
    url: str
    honest: list[Impostor]
    elsewhere: list[Impostor]
    """What no request may reach."""

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer, in which no vendor is quoted; nor does the process say anything."""
        answer = httpx.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {VIEWER_TOKEN}"},
            timeout=30,
            trust_env=False,
        )
        found: dict[str, Any] = answer.json()
        assert CANARY not in answer.text
        assert self.said() == ""
        assert [request for other in self.elsewhere for request in other.requests] == []
        return found

    def requests(self) -> list[int]:
        """How many requests each honest vendor has had."""
        return [len(vendor.requests) for vendor in self.honest]

    def said(self) -> str:
        """What the process has written to its standard error since the last time."""
        assert self.process.stderr is not None
        written = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.process.stderr.fileno(), 65536):
                written += part
        return written.decode()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """All districts behind one gateway, whose first answer has come."""
    vendors = {"edfi": EdFiSandbox(FACTS), "canvas": CanvasSandbox(FACTS)}
    honest = {name: Impostor(vendor) for name, vendor in vendors.items()}
    elsewhere = [Impostor(vendor) for vendor in vendors.values()]
    with served(*honest.values(), *elsewhere):
        other = {impostor.vendor: impostor.url for impostor in elsewhere}
        lying = {
            name: Impostor(vendors[case.vendor], case.ending, case.lie, other[case.vendor])
            for name, case in (BROKEN_FIELD | BROKEN_SOURCE).items()
        }
        with served(*lying.values()):
            districts = {name: {**honest, liar.vendor: liar} for name, liar in lying.items()}
            path = tmp_path_factory.mktemp("gateway") / "gateway.toml"
            path.write_text(settings({"honest": honest, **districts}))
            secrets = {
                SECRETS[k]: v for each in honest.values() for k, v in each.settings().items() if k in SECRETS
            }
            with started(["serve", "--config", str(path)], {"ADA": VIEWER_TOKEN, **secrets}) as process:
                assert process.stdout is not None
                assert process.stderr is not None
                url = process.stdout.readline().removeprefix("student-graph answers at ").strip()
                os.set_blocking(process.stderr.fileno(), False)
                made = Gateway(process, url, list(honest.values()), elsewhere)
                assert "errors" not in made.ask(QUERY, n=STUDENT, d="honest")
                yield made


def settings(districts: Mapping[str, Mapping[str, Impostor]]) -> str:
    """The settings file; secrets are named by their variables."""
    lines = ["[server]", "port = 0"]
    for name, sources in districts.items():
        lines += ["[[districts]]", f'id = "{name}"', f'name = "{name}"', 'time_zone = "America/Chicago"']
        for kind, source in sources.items():
            given = {"name": kind, "kind": kind, **source.settings()}
            told = {f"{key}_env" if key in SECRETS else key: SECRETS.get(key, text) for key, text in given.items()}
            lines += ["[[districts.sources]]", *(f'{key} = "{text}"' for key, text in told.items())]
    lines += ["[[viewers]]", 'subject = "ada"', 'role = "superintendent"', 'token_env = "ADA"']
    return "\n".join([*lines, f"districts = {list(districts)}"])


@pytest.mark.parametrize("name", BROKEN_FIELD)
def test_a_lie_in_a_list_costs_its_field(gateway: Gateway, name: str) -> None:
    """The field is null with the code of what happened; the rest of the student and other districts answer."""
    case = BROKEN_FIELD[name]
    answer = gateway.ask(QUERY, n=STUDENT, d=name)
    told, honest, broken = answer["data"]["told"], answer["data"]["honest"], BROKEN[case.vendor]
    whole = [field for field in honest if field not in (broken, "courseGrades")]

    assert errors(answer) == [(["told", broken], case.code, case.vendor)]
    assert told[broken] is None
    assert {field: told[field] for field in whole} == {field: honest[field] for field in whole}
    assert all(honest.values())


@pytest.mark.parametrize("name", [name for name, case in BROKEN_FIELD.items() if case.vendor == "canvas"])
def test_a_lie_of_one_of_two_sources_is_told_beside_the_other(gateway: Gateway, name: str) -> None:
    """Posted grades answer without the computed ones, and the answer says what is missing."""
    answer = gateway.ask(QUERY, n=STUDENT, d=name)
    missing = [(part["path"], part["source"], part["code"]) for part in answer["extensions"]["degraded"]]

    assert missing == [(["told", "courseGrades"], "canvas", BROKEN_FIELD[name].code)]
    assert 0 < len(answer["data"]["told"]["courseGrades"]) < len(answer["data"]["honest"]["courseGrades"])


@pytest.mark.parametrize("name", BROKEN_SOURCE)
def test_a_lie_at_the_door_costs_the_source(gateway: Gateway, name: str) -> None:
    """A discovery document or token that is none, or leads elsewhere; other districts answer all the same."""
    answer = gateway.ask(QUERY, n=STUDENT, d=name)

    assert errors(answer) == [(["told"], BROKEN_SOURCE[name].code, "edfi")]
    assert answer["data"]["told"] is None
    assert all(answer["data"]["honest"].values())


@pytest.mark.parametrize("name", [*BROKEN_FIELD, *BROKEN_SOURCE])
def test_a_lie_is_no_bug_of_ours(name: str) -> None:
    """What a vendor may do wrong has a code that says so, with a sentence of our own."""
    assert (BROKEN_FIELD | BROKEN_SOURCE)[name].code in MESSAGES


HOSTILE = {
    "parent": "../x",
    "encoded parent": "..%2f..%2foauth",
    "fragment": "a#b",
    "query": "a?limit=1",
    "quote": "o'brien",
    "double quote": '"',
    "NUL": "a\0b",
    "line": "a\nb",
    "header": "a\r\nX-Admin: 1",
    "long": "9" * 300,
    "right to left": "\u202e604822",
    "blank": " ",
    "wildcard": "*",
    "colon": "sis_user_id:1",
}
BY_TEXT = """query($n: String!, $id: ID!) {
    student(studentUniqueId: $n, district: "honest") { id }
    students(filter: { district: "honest", ids: [$n] }) { totalCount }
    byId: student(id: $id) { id }
    elsewhere: student(studentUniqueId: "1", district: $id) { id }
    inSchool: students(filter: { district: "honest", school: $id }) { totalCount }
    after: students(filter: { district: "honest" }, after: $n) { totalCount }
    node(id: $id) { id }
    section(id: $id) { id }
    school(id: $id) { id }
    district(id: $id) { id }
}"""
BY_KEY = "query($id: ID!) { node(id: $id) { id } }"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_that_is_no_id_asks_nothing(gateway: Gateway, text: str) -> None:
    """BAD_ID at every door, in words of our own, before any vendor hears of it."""
    before = gateway.requests()
    answer = gateway.ask(BY_TEXT, n=text, id=text)

    assert {error["message"] for error in answer["errors"]} == {MESSAGES["BAD_ID"]}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_ID"}
    assert set(answer["data"].values()) == {None}
    assert len(answer["errors"]) == len(answer["data"])
    assert gateway.requests() == before


@pytest.mark.parametrize("kind", ["Student", "School", "Section", "Session", "Staff", "LocalEducationAgency"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_id_made_of_such_text_asks_nothing(gateway: Gateway, kind: str, text: str) -> None:
    """An id of the right form is no permission: what it holds is checked as strictly."""
    before = gateway.requests()
    answer = gateway.ask(BY_KEY, id=encode(GlobalId(kind, DistrictId("honest"), text)))

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]
    assert gateway.requests() == before


def errors(answer: Mapping[str, Any]) -> list[tuple[list[str | int], str, str]]:
    """Path, code and source of each error."""
    return [
        (error["path"], error["extensions"]["code"], error["extensions"]["source"])
        for error in answer.get("errors", [])
    ]
