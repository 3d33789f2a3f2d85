"""What `student-graph check` says about a source."""

from __future__ import annotations

import argparse
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cli import check
from tests.adapters.edfi.client.test_addresses import YearSandbox
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox as EdFiScriptedSandbox
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, user_row


def test_check_says_that_tokens_come_from_another_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client's secret goes there, so the operator sees it."""
    sis = ScriptedSandbox({"students": {"users": [user_row("a", "1")]}})
    login = ScriptedSandbox({})
    monkeypatch.setenv("SIS_SECRET", "s" * 40)
    with served(sis, login):
        path = tmp_path / "settings.toml"
        path.write_text(SETTINGS.format(sis=sis.url, login=login.url), "utf-8")
        status = check.run(argparse.Namespace(config=path, env_file=None, json=False, workers=None))
    output = capsys.readouterr().out

    assert status == 0, output
    assert f"tokens from {login.url}" in output
    assert [line for line in sis.requests if "token" in line] == []
    assert login.requests == ["POST /oauth/token"]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of the SIS, the token of a viewer and the key of the record in the environment."""
    monkeypatch.setenv("SIS_SECRET", "s" * 40)
    monkeypatch.setenv("DASHBOARD_TOKEN", "t" * 40)
    monkeypatch.setenv("RECORD_KEY", b64encode(b"k" * 32).decode())


def checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *sources: tuple[str, str, Mapping[str, Any]]
) -> tuple[int, dict[str, str]]:
    """The exit status of a check, and the line of each source. A source is a name, a kind and its settings."""
    blocks = []
    for name, kind, settings in sources:
        values = {"name": name, "kind": kind, "networks": ["127.0.0.0/8"], **settings}
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        blocks.append("\n".join(["[[districts.sources]]", *lines]))
    path = tmp_path / "settings.toml"
    path.write_text(DISTRICT_SETTINGS + "\n\n".join(blocks), "utf-8")
    status = check.run(argparse.Namespace(config=path, env_file=None, json=False, workers=None))
    lines = capsys.readouterr().out.splitlines()
    return status, {name: next(line for line in lines if f" {name} " in line) for name, _, _ in sources}


def edfi_settings(sandbox: EdFiSandbox | EdFiScriptedSandbox, **settings: Any) -> tuple[str, str, dict[str, Any]]:
    """An Ed-Fi source."""
    values = {name: value for name, value in sandbox.settings().items() if name != "client_secret"}
    return "sis", "edfi", values | {"client_secret_env": "SIS_SECRET"} | settings


def student_rows() -> dict[str, list[dict[str, Any]]]:
    """One student, as Ed-Fi rows."""
    return {"students": [{"id": "1", "studentUniqueId": "1", "firstName": "Ada", "lastSurname": "Woods"}]}


def test_check_reads_some_records_of_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A SIS and an LMS of the same students pass, the district is named, and what is empty is listed."""
    facts = make_district(20)
    sis, lms = EdFiSandbox(facts), CanvasSandbox(facts)
    monkeypatch.setenv("SIS_SECRET", sis.settings()["client_secret"])
    monkeypatch.setenv("LMS_TOKEN", lms.settings()["token"])
    with served(sis, lms):
        lms_source = "lms", "canvas", {"base_url": lms.url, "token_env": "LMS_TOKEN"}
        status, lines = checked(tmp_path, capsys, edfi_settings(sis), lms_source)

    assert status == 0, lines
    assert all(line.startswith("maple (Maple Valley)") for line in lines.values())
    assert "empty: " in lines["sis"]
    assert [line for line in sis.requests if "studentContactAssociations" in line]
    assert len(lms.requests) > 1  # more than the owner of the token


def test_check_fails_if_no_student_has_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The credentials of the LMS work, and its accounts are those of another district."""
    sis, lms = EdFiScriptedSandbox(student_rows()), CanvasSandbox(make_district(20))
    monkeypatch.setenv("LMS_TOKEN", lms.settings()["token"])
    with served(sis, lms):
        lms_source = "lms", "canvas", {"base_url": lms.url, "token_env": "LMS_TOKEN"}
        status, lines = checked(tmp_path, capsys, edfi_settings(sis), lms_source)

    assert status == 1
    assert " ok " in lines["sis"]
    assert "failed" in lines["lms"]
    assert "correct the identity rules" in lines["lms"]


@pytest.mark.parametrize(
    ("rows", "settings", "text"),
    [
        ({"students": []}, {}, "the list of students is empty: let the credentials see the students"),
        (
            student_rows() | {"grades": 403},
            {},
            "course_grades_by_student failed (SOURCE_FORBIDDEN: ",
        ),
        (student_rows() | {"grades": 400}, {}, "lower `page_size`"),
        (
            student_rows() | {"grades": 500},
            {},
            "course_grades_by_student failed (SOURCE_UNAVAILABLE: ",
        ),
        (student_rows() | {"grades": 403}, {"lookups": ["students_by_district", "students_by_id"]}, None),
        (student_rows(), {}, None),
    ],
)
def test_check_says_what_to_change(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: Mapping[str, Any],
    settings: Mapping[str, Any],
    text: str | None,
) -> None:
    """A source that shows nobody, or refuses a kind of record that the settings use, has failed."""
    sandbox = RefusingSandbox(rows)
    with served(sandbox):
        status, lines = checked(tmp_path, capsys, edfi_settings(sandbox, **settings))

    assert (status, text is None or text in lines["sis"]) == (int(text is not None), True), lines


@pytest.mark.parametrize(("year", "is_right"), [(None, True), (1999, False)])
def test_check_compares_the_school_year_with_that_of_the_district(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    year: int | None,
    is_right: bool,
) -> None:
    """The data of another year are never served without a word."""
    years = range(1999, 2101)
    sandbox = YearSandbox({number: student_rows() for number in years}, calendar_year=1999)
    with served(sandbox):
        settings = {} if year is None else {"school_year": year}
        status, lines = checked(tmp_path, capsys, edfi_settings(sandbox, **settings))

    assert (status == 0) is is_right
    assert ("school year " if is_right else "`school_year` is 1999, but the district is in ") in lines["sis"]


class RefusingSandbox(EdFiScriptedSandbox):
    """Serves rows, or a status instead of the rows of a resource."""

    async def _list(self, request: Request) -> Response:
        status = self.rows.get(request.path_params["resource"])
        return Response("refused", status) if isinstance(status, int) else await super()._list(request)


DISTRICT_SETTINGS = """
[disclosure]
directory = "disclosures"
key_env = "RECORD_KEY"

[[viewers]]
subject = "dashboard"
role = "service"
districts = ["maple"]
token_env = "DASHBOARD_TOKEN"

[[districts]]
id = "maple"
name = "Maple Valley"
time_zone = "America/Chicago"

"""
SETTINGS = (
    DISTRICT_SETTINGS
    + """
[[districts.sources]]
name = "sis"
kind = "oneroster"
base_url = "{sis}"
token_url = "{login}/oauth/token"
networks = ["127.0.0.0/8"]
client_id = "k"
client_secret_env = "SIS_SECRET"
"""
)
