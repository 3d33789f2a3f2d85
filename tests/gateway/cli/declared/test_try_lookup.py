"""`student-graph adapters try` shows an author what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.adapters.powerschool import adapter as powerschool
from student_graph.adapters.powerschool.sandbox import PowerSchoolSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.cli.main import main
from tests.adapters.rest.lakeside import LakesideSandbox
from tests.adapters.rest.vendors import LAKESIDE

POWERSCHOOL = Path(powerschool.__file__).with_name("powerschool.toml")


def tried(sandbox: Sandbox, file: Path, *options: str) -> int:
    """Run the command against a sandbox that is served, and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        main(["adapters", "try", str(file), "--setting", f"base_url={sandbox.url}", *options])
    return int(caught.value.code or 0)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> LakesideSandbox:
    """A small Lakeside, whose key is in the environment."""
    sandbox = LakesideSandbox(make_district(12))
    monkeypatch.setenv("API_KEY", sandbox.settings()["api_key"])
    return sandbox


def test_requests_rows_and_records_are_shown(sandbox: LakesideSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """An author sees the request, the row as the vendor sent it, and the record; and which key is unknown."""
    number = sandbox.known_keys("student")[2]
    with served(sandbox):
        status = tried(sandbox, LAKESIDE, "--lookup", "students_by_id", "--key", number, "--key", "none")
    output = capsys.readouterr().out

    assert status == 0
    assert f"GET /api/learners?number={number}&per_page=50&page=1 -> 200," in output
    assert '{"id": 4002, "numbers": {"local": "' in output
    assert f"  student_id = {number}" in output
    assert "none: the vendor does not know it" in output


def test_rows_of_a_post_that_reads_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As those of a GET; the request for a token is named and its response is not shown."""
    sandbox = PowerSchoolSandbox(make_district(12))
    credentials = sandbox.settings()
    monkeypatch.setenv("CLIENT_SECRET", credentials["client_secret"])
    number = sandbox.known_keys("student")[2]
    with served(sandbox):
        options = ("--setting", f"client_id={credentials['client_id']}", "--lookup", "students_by_id")
        status = tried(sandbox, POWERSCHOOL, *options, "--key", number)
    output = capsys.readouterr().out

    assert status == 0
    assert "POST /ws/schema/query/org.studentgraph.gateway.people.students_by_number?count=true" in output
    assert f'"student_number": "{number}"' in output
    assert 'access_token"' not in output


def test_a_path_that_finds_nothing_is_named(
    sandbox: LakesideSandbox, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The author sees which path it is, and that the row was left out."""
    file = tmp_path / "lakeside.toml"
    file.write_text(LAKESIDE.read_text().replace('"name.given"', '"name.givn"'))
    with served(sandbox):
        status = tried(sandbox, file, "--lookup", "students_by_id", "--key", sandbox.known_keys("student")[0])
    output = capsys.readouterr().out

    assert status == 1
    assert "name.first_name: the path name.givn finds nothing in these rows" in output
    assert "a row was left out: unexpected shape (no name)" in output


def test_a_code_without_a_meaning_is_named(
    sandbox: LakesideSandbox, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A code that the table does not have is unmapped and counted, never a default."""
    file = tmp_path / "lakeside.toml"
    file.write_text(LAKESIDE.read_text().replace('term = "GRADING_PERIOD", ', ""))
    number = sandbox.known_keys("student")[8]
    with served(sandbox):
        tried(sandbox, file, "--lookup", "course_grades_by_student", "--key", number, "--school-year", "2027")

    assert "grade_type term" in capsys.readouterr().out


def test_no_secret_is_shown(sandbox: LakesideSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A vendor that repeats the key in its answer does not bring it to the terminal."""
    key = sandbox.settings()["api_key"]
    sandbox.repeat_key_as_name()
    with served(sandbox):
        tried(sandbox, LAKESIDE, "--lookup", "students_by_id", "--key", sandbox.known_keys("student")[0])
    output = capsys.readouterr().out

    assert "first_name (secret)" in output
    assert key not in output


@pytest.mark.parametrize(("options", "problem"), [
    (["--lookup", "students"], "declares no students; it has course_grades_by_student"),
    (["--lookup", "students_by_id"], "--key: students_by_id needs the id of a student"),
    (["--lookup", "students_by_id", "--key", "1", "--setting", "base_url"], "--setting: base_url has no value"),
    (["--lookup", "students_by_id", "--key", "1", "--setting", "colour=red"], "there is no setting colour"),
])  # fmt: skip
def test_a_wrong_option_is_named(
    sandbox: LakesideSandbox, capsys: pytest.CaptureFixture[str], options: list[str], problem: str
) -> None:
    """The command ends with status 2 and one line."""
    sandbox.url = "http://127.0.0.1:9"

    assert tried(sandbox, LAKESIDE, *options) == 2
    assert problem in capsys.readouterr().err
