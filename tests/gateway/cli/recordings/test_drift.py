"""`adapters record` writes a recording of a source, `adapters drift` says how the source differs from it now."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.recording import Recording
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.gateway.servers import run_here

FACTS = make_district(10, 3)
LOOKUPS = [
    "students_by_district",
    "schools_by_district",
    "sections_by_school",
    "section_staff_by_section",
    "staff_by_id",
]
"""Enough to see all kinds of people, and few requests."""


@contextmanager
def edfi(folder: Path, standard: str) -> Iterator[tuple[SettingsFiles, EdFiSandbox]]:
    """A running Ed-Fi API of a Data Standard, and settings for it."""
    sandbox = EdFiSandbox(FACTS, data_standard=standard)  # type: ignore[arg-type] # a literal
    with served(sandbox):
        files = SettingsFiles(folder, [sandbox])
        files.source_lines["edfi"] = f"lookups = {json.dumps(LOOKUPS)}"
        files.write()
        yield files, sandbox


def command(files: SettingsFiles, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `adapters` for the source of the settings."""
    lines = files.environment_file.read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines)
    options = ["--config", str(files.path), "--source", "hill/edfi", *arguments[1:]]
    return run_here("adapters", arguments[0], *options, environ=environ)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of Data Standard 5."""
    folder = tmp_path_factory.mktemp("recording")
    with edfi(folder, "5.1") as (files, _):
        result = command(files, "record", "--output", str(folder / "recorded"))

    assert result.returncode == 0, result.stderr
    return folder / "recorded" / "edfi.jsonl"


def test_a_recording_is_readable_by_its_owner_only(recording: Path) -> None:
    """The file is a recording of the source's kind, and nobody else can read it."""
    assert Recording.read(recording).about.kind == "edfi"
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600


def test_a_source_that_is_the_same_has_no_difference(recording: Path, tmp_path: Path) -> None:
    """Other made-up values, ids and dates of the same shapes are no difference."""
    with edfi(tmp_path, "5.1") as (files, _):
        result = command(files, "drift", "--recording", str(recording))

    assert (result.returncode, result.stderr) == (0, "")
    assert "no difference since" in result.stdout


def test_another_data_standard_is_reported(recording: Path, tmp_path: Path) -> None:
    """Data Standard 6 has no mail addresses in `staffs`: the report names the property, and no value."""
    with edfi(tmp_path, "6.0") as (files, _):
        result = command(files, "drift", "--recording", str(recording), "--json")
    report = json.loads(result.stdout)
    changes = {(row["change"], row["path"].rpartition(".")[2].removesuffix("[]")) for row in report["differences"]}

    assert result.returncode == 1
    assert ("missing", "electronicMails") in changes
    assert all(person.last not in result.stdout for person in FACTS.students)


def test_a_source_that_does_not_answer_is_not_a_difference(recording: Path, tmp_path: Path) -> None:
    """The exit status 2 says that nothing was compared."""
    with edfi(tmp_path, "5.1") as (files, sandbox):
        sandbox.switches.down = True
        result = command(files, "drift", "--recording", str(recording))

    assert result.returncode == 2
    assert "did not answer" in result.stdout


def test_a_file_that_is_not_a_recording_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with edfi(tmp_path, "5.1") as (files, _):
        result = command(files, "drift", "--recording", str(files.path))

    assert result.returncode == 2
    assert result.stderr == f"student-graph: --recording: {files.path}: not a recording of student-graph\n"
