"""Vendors that send bad responses: each becomes a clear error and affects nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from tests.gateway.servers import run_here, table_rows
from tests.long_runs import size
from tests.scenarios.helpers import bad_responses
from tests.scenarios.helpers.bad_responses import (
    CANARY,
    BadResponse,
    FaultySandbox,
    discovery,
    next_page,
    token,
)
from tests.scenarios.helpers.gateway_process import GatewayProcess, gateway_process, settings_text

BAD, SCHEMA = "SOURCE_BAD_RESPONSE", "SOURCE_SCHEMA"
ATTENDANCE, TOKEN_ENDPOINT, ROOT = "/studentSchoolAttendanceEvents", "/oauth/token", "/"
ENROLLMENTS = "/enrollments"
FACTS = make_district(60)
STUDENT = demo_student(FACTS)


class Case(NamedTuple):
    """A bad response of a vendor to requests whose path ends in `ending`, and the code of the error."""

    vendor: str
    ending: str
    bad_response: BadResponse
    code: str


BAD_LISTS: Mapping[str, tuple[BadResponse, str]] = {
    "login": (bad_responses.login_page, BAD),
    "login-as-json": (bad_responses.login_page_labeled_json, BAD),
    "error-inside": (bad_responses.error_with_status_200, BAD),
    "object-for-list": (bad_responses.object_around_list, SCHEMA),
    "truncated": (bad_responses.truncated, BAD),
    "not-unicode": (bad_responses.not_unicode, BAD),
    "endless": (bad_responses.endless, BAD),
    "redirect": (bad_responses.redirect, BAD),
}
"""Bad responses where a list is expected, and the code of the error."""
BAD_OBJECTS: Mapping[str, tuple[BadResponse, str]] = {
    "login": (bad_responses.login_page, BAD),
    "error-inside": (bad_responses.error_with_status_200, BAD),
    "list-for-object": (bad_responses.list_around_object, SCHEMA),
    "other-object": (bad_responses.object_around_list, SCHEMA),
    "truncated": (bad_responses.truncated, BAD),
    "endless": (bad_responses.endless, BAD),
    "redirect": (bad_responses.redirect, BAD),
}
"""Bad responses where an object is expected, and the code of the error."""
ADDRESSES = {
    "tokens": ("FOREIGN/oauth/token", "OWN/data/v3/"),
    "data": ("OWN/oauth/token", "FOREIGN/data/v3/"),
    "all": ("FOREIGN/oauth/token", "FOREIGN/data/v3/"),
    "scheme": ("//FOREIGN_HOST/oauth/token", "OWN/data/v3/"),
    "userinfo": ("http://OWN_HOST@FOREIGN_HOST/oauth/token", "OWN/data/v3/"),
    "credentials": ("http://a:b@OWN_HOST/oauth/token", "OWN/data/v3/"),
    "unreadable": ("http://[::1/oauth/token", "OWN/data/v3/"),
}
"""Addresses for tokens and for data in discovery documents that point away from their origin."""

BROKEN_FIELD = {
    **{f"sis-list-{name}": Case("edfi", ATTENDANCE, *bad_list) for name, bad_list in BAD_LISTS.items()},
    **{f"lms-list-{name}": Case("canvas", ENROLLMENTS, *bad_list) for name, bad_list in BAD_LISTS.items()},
    "lms-next-page": Case("canvas", ENROLLMENTS, next_page("FOREIGN/api/v1/users?page=2"), BAD),
    "lms-next-page-scheme": Case("canvas", ENROLLMENTS, next_page("//FOREIGN_HOST/api/v1/users?page=2"), BAD),
}
"""Cases that break one field, by name of the district whose vendor sends the bad response."""
BROKEN_SOURCE = {
    **{f"discovery-{name}": Case("edfi", ROOT, *bad_object) for name, bad_object in BAD_OBJECTS.items()},
    **{f"token-{name}": Case("edfi", TOKEN_ENDPOINT, *bad_object) for name, bad_object in BAD_OBJECTS.items()},
    **{f"elsewhere-{name}": Case("edfi", ROOT, discovery(*urls), BAD) for name, urls in ADDRESSES.items()},
    "token-of-two-lines": Case("edfi", TOKEN_ENDPOINT, token(f"{CANARY}\r\nX-Admin: 1"), BAD),
}
"""Cases that break a whole source, by name of the district."""

FIELDS = f"""{{
    name {{ lastName }} courseGrades {{ numeric }} assignments {{ title }}
    attendanceEvents(from: "{FACTS.year - 1}-08-01", to: "{FACTS.year}-06-30") {{ totalCount }}
}}"""
QUERY = f"""query($n: String!, $d: ID!) {{
    faulty: student(studentUniqueId: $n, district: $d) {FIELDS}
    correct: student(studentUniqueId: $n, district: "correct") {FIELDS}
}}"""
CHECKED = list(BROKEN_FIELD | BROKEN_SOURCE)[:: size(20, 1)]
"""Districts whose sources `check` asks."""
BROKEN_FIELD_NAMES = {"edfi": "attendanceEvents", "canvas": "assignments"}
"""The field that a bad list breaks, by vendor."""


@dataclass
class Stage:
    """A gateway over many districts: one whose vendors are correct, and one for each case."""

    gateway: GatewayProcess
    districts: Mapping[str, Mapping[str, Sandbox]]
    foreign_servers: list[FaultySandbox]

    def post(self, district: str) -> dict[str, Any]:
        """Query the student of a district and of the correct one. Fails if a foreign server gets a request."""
        response = self.gateway.post(QUERY, n=STUDENT, d=district)
        assert self.foreign_requests() == []
        return response

    def foreign_requests(self) -> list[str]:
        """Return the requests that foreign servers got; there must be none."""
        return [request for server in self.foreign_servers for request in server.requests]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """All districts on one gateway."""
    vendors = {"edfi": EdFiSandbox(FACTS), "canvas": CanvasSandbox(FACTS)}
    correct = {name: FaultySandbox(vendor) for name, vendor in vendors.items()}
    foreign = {name: FaultySandbox(vendor) for name, vendor in vendors.items()}
    with served(*correct.values(), *foreign.values()):
        faulty = {
            name: FaultySandbox(vendors[case.vendor], case.ending, case.bad_response, foreign[case.vendor].url)
            for name, case in (BROKEN_FIELD | BROKEN_SOURCE).items()
        }
        with served(*faulty.values()):
            districts = {name: {**correct, sandbox.vendor: sandbox} for name, sandbox in faulty.items()}
            folder = tmp_path_factory.mktemp("gateway")
            with gateway_process(folder, {"correct": correct, **districts}) as gateway:
                yield Stage(gateway, {"correct": correct, **districts}, list(foreign.values()))


@pytest.mark.parametrize("name", BROKEN_FIELD)
def test_a_bad_list_breaks_only_its_field(stage: Stage, name: str) -> None:
    """The field is null with the code of the error; the other fields and the other district are complete."""
    case = BROKEN_FIELD[name]
    response = stage.post(name)
    faulty, correct = response["data"]["faulty"], response["data"]["correct"]
    broken = BROKEN_FIELD_NAMES[case.vendor]
    unaffected = [field for field in correct if field not in (broken, "courseGrades")]

    assert errors(response) == [(["faulty", broken], case.code, case.vendor)]
    assert faulty[broken] is None
    assert {field: faulty[field] for field in unaffected} == {field: correct[field] for field in unaffected}
    assert all(correct.values())


@pytest.mark.parametrize("name", [name for name, case in BROKEN_FIELD.items() if case.vendor == "canvas"])
def test_a_field_of_two_sources_is_degraded_if_one_sends_a_bad_list(stage: Stage, name: str) -> None:
    """The grades posted in the SIS are returned without those computed by the LMS, and `degraded` says so."""
    response = stage.post(name)
    degraded = [(part["path"], part["source"], part["code"]) for part in response["extensions"]["degraded"]]

    assert degraded == [(["faulty", "courseGrades"], "canvas", BROKEN_FIELD[name].code)]
    assert 0 < len(response["data"]["faulty"]["courseGrades"]) < len(response["data"]["correct"]["courseGrades"])


@pytest.mark.parametrize("name", BROKEN_SOURCE)
def test_a_bad_discovery_document_or_token_breaks_only_its_source(stage: Stage, name: str) -> None:
    """The student of the source is null with one error; the other district is complete."""
    response = stage.post(name)

    assert errors(response) == [(["faulty"], BROKEN_SOURCE[name].code, "edfi")]
    assert response["data"]["faulty"] is None
    assert all(response["data"]["correct"].values())


@pytest.mark.long_run
def test_check_names_every_source_that_sends_something_bad(stage: Stage, tmp_path: Path) -> None:
    """Each is a row with the code of its error. No vendor is quoted; no foreign server is called."""
    file = tmp_path / "gateway.toml"
    districts = settings_text({name: stage.districts[name] for name in ("correct", *CHECKED)})
    file.write_text(f"{districts}\n[disclosure]\nkey_env = 'RECORD'\n")
    result = run_here("check", "--config", str(file), environ=stage.gateway.environ)
    rows = table_rows(result.stdout)[1:]
    failed = {row[0].split()[0]: re.findall("SOURCE_[A-Z_]+", row[5])[0] for row in rows if row[4] == "failed"}

    assert (result.returncode, result.stderr) == (1, "")
    assert failed == {name: (BROKEN_FIELD | BROKEN_SOURCE)[name].code for name in CHECKED}
    assert CANARY not in result.stdout
    assert stage.foreign_requests() == []


def errors(response: Mapping[str, Any]) -> list[tuple[list[str | int], str, str]]:
    """Return the path, code and source of each error."""
    return [
        (error["path"], error["extensions"]["code"], error["extensions"]["source"])
        for error in response.get("errors", [])
    ]
