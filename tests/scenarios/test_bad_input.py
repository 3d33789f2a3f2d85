"""Vendors that answer something else than they promise: a clear error, at no cost to anybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sandbox.demo_student import demo_student
from tests.gateway.servers import run_command
from tests.scenarios.helpers import impostors
from tests.scenarios.helpers.gateways import Gateway, serving
from tests.scenarios.helpers.impostors import CANARY, Impostor, Lie, discovery, next_page, token

BAD, SCHEMA = "SOURCE_BAD_RESPONSE", "SOURCE_SCHEMA"
ATTENDANCE, TOKEN_ENDPOINT, ROOT = "/studentSchoolAttendanceEvents", "/oauth/token", "/"
ENROLLMENTS = "/enrollments"
FACTS = make_district(60)
STUDENT = demo_student(FACTS)


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
class World:
    """A gateway over many districts: one whose vendors are honest, and one for each lie."""

    gateway: Gateway
    elsewhere: list[Impostor]

    def ask(self, district: str) -> dict[str, Any]:
        """The answer about the student in that district and in the honest one; no request went astray."""
        answer = self.gateway.ask(QUERY, n=STUDENT, d=district)
        assert self.strayed() == []
        return answer

    def strayed(self) -> list[str]:
        """Requests that arrived where none may."""
        return [request for other in self.elsewhere for request in other.requests]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All districts behind one gateway."""
    vendors = {"edfi": EdFiSandbox(FACTS), "canvas": CanvasSandbox(FACTS)}
    honest = {name: Impostor(vendor) for name, vendor in vendors.items()}
    elsewhere = {name: Impostor(vendor) for name, vendor in vendors.items()}
    with served(*honest.values(), *elsewhere.values()):
        lying = {
            name: Impostor(vendors[case.vendor], case.ending, case.lie, elsewhere[case.vendor].url)
            for name, case in (BROKEN_FIELD | BROKEN_SOURCE).items()
        }
        with served(*lying.values()):
            districts = {name: {**honest, liar.vendor: liar} for name, liar in lying.items()}
            folder = tmp_path_factory.mktemp("gateway")
            with serving(folder, {"honest": honest, **districts}) as gateway:
                yield World(gateway, list(elsewhere.values()))


@pytest.mark.parametrize("name", BROKEN_FIELD)
def test_a_lie_in_a_list_costs_its_field(world: World, name: str) -> None:
    """The field is null with the code of what happened; the rest of the student and other districts answer."""
    case = BROKEN_FIELD[name]
    answer = world.ask(name)
    told, honest, broken = answer["data"]["told"], answer["data"]["honest"], BROKEN[case.vendor]
    whole = [field for field in honest if field not in (broken, "courseGrades")]

    assert errors(answer) == [(["told", broken], case.code, case.vendor)]
    assert told[broken] is None
    assert {field: told[field] for field in whole} == {field: honest[field] for field in whole}
    assert all(honest.values())


@pytest.mark.parametrize("name", [name for name, case in BROKEN_FIELD.items() if case.vendor == "canvas"])
def test_a_lie_of_one_of_two_sources_is_told_beside_the_other(world: World, name: str) -> None:
    """Posted grades answer without the computed ones, and the answer says what is missing."""
    answer = world.ask(name)
    missing = [(part["path"], part["source"], part["code"]) for part in answer["extensions"]["degraded"]]

    assert missing == [(["told", "courseGrades"], "canvas", BROKEN_FIELD[name].code)]
    assert 0 < len(answer["data"]["told"]["courseGrades"]) < len(answer["data"]["honest"]["courseGrades"])


@pytest.mark.parametrize("name", BROKEN_SOURCE)
def test_a_lie_at_the_door_costs_the_source(world: World, name: str) -> None:
    """A discovery document or token that is none, or leads elsewhere; other districts answer all the same."""
    answer = world.ask(name)

    assert errors(answer) == [(["told"], BROKEN_SOURCE[name].code, "edfi")]
    assert answer["data"]["told"] is None
    assert all(answer["data"]["honest"].values())


def test_check_names_every_lie_at_the_door(world: World) -> None:
    """One row for each source with the code of what is wrong; no vendor is quoted, and nobody else is asked."""
    ended = run_command("check", "--config", str(world.gateway.settings), environ=world.gateway.environ)
    rows = [line.split(maxsplit=5) for line in ended.stdout.splitlines()[1:]]
    failed = {row[0]: row[5].partition(":")[0] for row in rows if row[4] == "failed"}

    assert (ended.returncode, ended.stderr) == (1, "")
    assert failed == {name: case.code for name, case in BROKEN_SOURCE.items()}
    assert CANARY not in ended.stdout
    assert world.strayed() == []


def errors(answer: Mapping[str, Any]) -> list[tuple[list[str | int], str, str]]:
    """Path, code and source of each error."""
    return [
        (error["path"], error["extensions"]["code"], error["extensions"]["source"])
        for error in answer.get("errors", [])
    ]
