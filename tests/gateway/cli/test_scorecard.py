"""What `student-graph scorecard` measures at sources with known properties, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.cli.main import main
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox
from tests.gateway.cli.test_check import DISTRICT_SETTINGS

FACTS = make_district(12)
SECRETS = ("client_secret", "token")
ADA = {"id": "1", "studentUniqueId": "1", "firstName": "Ada", "lastSurname": "Woods"}
UNREADABLE = [{"id": str(number), "studentUniqueId": str(number), "firstName": "Bo"} for number in range(2, 5)]
"""Students without the required `lastSurname`."""
QUINTA = "uri://maple.example/GradeLevelDescriptor#Quinta"
ENROLLMENT = {
    "id": "e1",
    "studentReference": {"studentUniqueId": "1"},
    "schoolReference": {"schoolId": 7},
    "entryDate": "2026-08-20",
    "entryGradeLevelDescriptor": QUINTA,
}
"""An enrollment with a grade level that no enum has."""


def settings_file(folder: Path, monkeypatch: pytest.MonkeyPatch, sources: Mapping[str, Sandbox]) -> Path:
    """A settings file with one district, whose sources are sandboxes; the secrets are in the environment."""
    blocks = []
    for name, sandbox in sources.items():
        values = {"name": name, "kind": sandbox.kind, **sandbox.source_settings()}
        for secret in SECRETS:
            if secret in values:
                monkeypatch.setenv(f"SECRET_{name}", values.pop(secret))
                values[f"{secret}_env"] = f"SECRET_{name}"
        blocks.append("\n".join(["[[districts.sources]]", *(f"{k} = {json.dumps(v)}" for k, v in values.items())]))
    path = folder / "settings.toml"
    path.write_text(DISTRICT_SETTINGS + "\n\n".join(blocks), "utf-8")
    return path


class Measured:
    """The result of the command: exit status, output, and the findings of each source."""

    def __init__(self, status: int, output: str) -> None:
        self.status, self.output = status, output
        self.document: Any = json.loads(output)

    def text(self, source: str, measure: str) -> str:
        """What was found about a source."""
        return str(self.finding(source, measure)["text"])

    def finding(self, source: str, measure: str) -> Any:
        """The finding of a measure about a source."""
        [entry] = [entry for entry in self.document["districts"][0]["sources"] if entry["name"] == source]
        return next(f for row in entry["scorecard"]["rows"] for f in row["findings"] if f["measure"] == measure)


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A function that serves sandboxes and measures them."""

    def run(*options: str, **sources: Sandbox) -> Measured:
        with served(*sources.values()):
            path = settings_file(tmp_path, monkeypatch, sources)
            status = exit_status("scorecard", "--config", str(path), "--json", *options)
        return Measured(status, capsys.readouterr().out)

    return run


def exit_status(*arguments: str) -> int:
    """The exit status of the command line."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return int(exit_.value.code or 0)


def test_an_ed_fi_api_states_its_version_and_sends_changes(measure: Any) -> None:
    """The version is the server's own, and the tokens are those of OAuth 2.0."""
    measured = measure(sis=EdFiSandbox(FACTS))

    assert measured.status == 0, measured.output
    assert measured.text("sis", "STANDARD").startswith(
        "Ed-Fi Data Standard 5.1.0, a published standard (as the server"
    )
    assert measured.text("sis", "AUTHENTICATION").startswith("OAuth 2.0")
    assert measured.text("sis", "CHANGES").startswith("sent: ")
    assert measured.text("sis", "IDENTITY_MATCH").startswith("not needed: ")
    assert measured.finding("sis", "ERRORS")["numerator"] == 0
    assert measured.finding("sis", "READABLE_ROWS")["numerator"] > 100


def test_a_refusal_of_change_queries_is_reported(measure: Any) -> None:
    """The server publishes a version of its data, and refuses to send what changed."""
    sis = EdFiSandbox(FACTS)
    sis.refuses_changes = True

    assert measure(sis=sis).text("sis", "CHANGES") == "refused: long lists are read in full each time"


def test_a_server_without_change_queries_is_reported(measure: Any) -> None:
    """It publishes no version, so that nothing can be asked."""
    measured = measure(sis=ScriptedSandbox({"students": [ADA]}))

    assert measured.text("sis", "CHANGES").startswith("the server publishes no version of its data")


@pytest.mark.parametrize(("auth", "version"), [("oauth1", "1.1"), ("oauth2", "1.2")])
def test_signatures_and_tokens_differ(measure: Any, auth: Any, version: Any) -> None:
    """OneRoster 1.1 with signatures and 1.2 with tokens are different findings."""
    sis = OneRosterSandbox(FACTS, version=version, quirks=Quirks(auth=auth))
    measured = measure(sis=sis)

    assert measured.status == 0, measured.output
    assert measured.text("sis", "AUTHENTICATION").startswith(f"OAuth {auth[-1]}.0")
    assert measured.text("sis", "STANDARD").startswith(f"OneRoster {version}, a published standard (as configured")
    assert measured.text("sis", "CHANGES") == (
        "not measured: the adapter 'oneroster' does not ask for changes; lists are read in full"
    )


def test_codes_without_a_meaning_and_rows_without_a_required_property_are_counted(measure: Any) -> None:
    """Each is counted with its reason, and no value of a row is in the output."""
    rows = {"students": [ADA, *UNREADABLE], "studentSchoolAssociations": [ENROLLMENT]}
    measured = measure(sis=ScriptedSandbox(rows))

    unreadable = measured.finding("sis", "READABLE_ROWS")
    assert "3 rows left out as unreadable" in unreadable["text"], measured.output
    assert [detail for detail in unreadable["details"] if "lastSurname" in detail]
    codes = measured.finding("sis", "MAPPED_CODES")
    assert [detail for detail in codes["details"] if "Quinta" in detail], codes
    assert "Woods" not in measured.output


def test_links_are_counted(measure: Any) -> None:
    """The demo's accounts include crossed ones, so that not all are linked."""
    measured = measure(sis=EdFiSandbox(FACTS), lms=CanvasSandbox(FACTS))

    match = measured.finding("lms", "IDENTITY_MATCH")
    assert 0 < match["numerator"] <= match["denominator"] <= 20
    assert measured.text("lms", "STUDENT_IDS").startswith("ids of the source's own, linked by sis_user_id")


def test_a_source_that_is_down_costs_its_own_findings(measure: Any) -> None:
    """The exit status is 1, the other source is measured, and nothing of the dead one looks good."""
    lms = CanvasSandbox(FACTS)
    lms.switches.down = True
    measured = measure(sis=ScriptedSandbox({"students": [ADA]}), lms=lms)

    assert measured.status == 1
    assert measured.text("lms", "AVAILABILITY") == "the source did not answer (SOURCE_UNAVAILABLE)"
    unmeasured = ("AUTHENTICATION", "IDENTITY_MATCH", "READABLE_ROWS", "MAPPED_CODES", "ERRORS", "THROTTLING")
    assert all(not measured.finding("lms", measure)["measured"] for measure in unmeasured)
    assert measured.finding("sis", "READABLE_ROWS")["measured"]


def test_the_table_has_a_row_for_every_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with what it does not say, and over how many requests it was measured."""
    sis = ScriptedSandbox({"students": [ADA]})
    with served(sis):
        path = settings_file(tmp_path, monkeypatch, {"sis": sis})
        status = exit_status("scorecard", "--config", str(path), "--html", str(tmp_path / "page.html"))
    lines = capsys.readouterr().out.splitlines()

    assert (status, lines[0].split()) == (0, ["DISTRICT", "SOURCE", "ROW", "MEASURE", "FOUND"])
    assert len([line for line in lines if line.startswith("maple ")]) == 14 + 4 + 6
    assert lines[-3].startswith("No level is claimed: ")
    assert lines[-2].startswith("maple: measured by ")
    assert lines[-1] == f"page: {tmp_path / 'page.html'}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--district", "oak"], "--district: {path} has no district 'oak'; it has maple"),
        (["--html", "{folder}/none/page.html"], "--html: there is no folder {folder}/none"),
        (["--html", "{folder}"], "--html: {folder} is a folder"),
    ],
)
def test_a_wrong_option_says_what_to_change(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """The exit status is 2, and nothing is printed but one line."""
    sis = ScriptedSandbox({"students": [ADA]})
    with served(sis):
        path = settings_file(tmp_path, monkeypatch, {"sis": sis})
        names = {"path": path, "folder": tmp_path}
        status = exit_status("scorecard", "--config", str(path), *(option.format(**names) for option in options))
    printed = capsys.readouterr()

    assert (status, printed.out) == (2, "")
    assert printed.err == f"student-graph: {message.format(**names)}\n"
    assert not sis.requests


def test_wrong_settings_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A source whose secret is not in the environment is named."""
    path = tmp_path / "settings.toml"
    path.write_text(
        f'{DISTRICT_SETTINGS}[[districts.sources]]\nname = "sis"\nkind = "edfi"\nclient_secret_env = "NO"\n'
    )

    assert exit_status("scorecard", "--config", str(path)) == 2
    assert "the environment variable of client_secret_env is not set" in capsys.readouterr().err
